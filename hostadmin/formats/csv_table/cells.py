"""Single cells: text to what a field takes, and back."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import InvalidValue
from ...validation.json_values import json_text
from ...validation.yaml_vars import read_vars
from ..rows import ADDED_TO

BLANKS = " \t\u00a0\u3000"

# What such cells begin with, guarded or not.
RISKY = frozenset("'=+-@\t\r\0")
# A spreadsheet would run such a cell as a formula (CWE-1236).
_RISKY = re.compile(r"'*[=+\-@\t\r\0]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\0]")


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front where it could be a formula."""
    return f"'{text}" if _RISKY.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that ``guarded`` was given."""
    return text[1:] if _GUARDED.match(text) else text


# ---- reading


def as_it_is(text: str) -> object:
    return text


_MASK = re.compile(r"(.+?)/\d{1,3}\s*")


def _without_mask(text: str) -> str:
    found = _MASK.fullmatch(text)
    return found[1] if found else text


def _split_list(text: str) -> list[str]:
    """Return the items of ``a, b`` or of a JSON list, for those with commas."""
    if text.lstrip().startswith("["):
        try:
            items = json.loads(text)
        except (ValueError, RecursionError):
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    return [item for part in text.split(",") if (item := part.strip(BLANKS))]


def _read_addresses(text: str) -> object:
    return [_without_mask(item) for item in _split_list(text)]


def _read_vars(text: str) -> object:
    try:
        return read_vars(text)
    except ValueError:
        # A number of thousands of digits.
        raise InvalidValue("are neither YAML nor JSON.") from None


READ: dict[str, Callable[[str], object]] = {
    "ip_addr": _without_mask,
    "aliases": _split_list,
    "addresses": _read_addresses,
    "groups": _split_list,
    "vars": _read_vars,
}


# ---- writing


def cell_text(field: str, value: Any) -> str:
    if not value:
        return ""
    if field in ADDED_TO:
        return _list_text(value)
    return str(value)


def _list_text(items: Sequence[str]) -> str:
    text = ",".join(items)
    if text.count(",") >= len(items) or text.startswith("["):
        return json_text(items)
    return text
