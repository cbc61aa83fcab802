"""Single cells: text to what a field takes, and back."""

import ipaddress
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import InvalidValue
from ...validation.addresses import parse_address
from ...validation.json_values import json_text
from ...validation.values import quoted
from ...validation.yaml_vars import read_vars
from ..rows import ADDED_TO, plain_text
from .placeholders import PLACEHOLDERS, is_placeholder
from .remarks import Remarks

BLANKS = " \t\u00a0\u3000"

# A spreadsheet would run such a cell as a formula (CWE-1236): East Asian ones take wide
# signs, too, and some skip what cannot be seen.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n\0"
_FORMULA = frozenset(_SIGNS.replace("\\", ""))
# In countries with a decimal comma a spreadsheet begins a cell at each semicolon, and
# does not know our quotation marks then.
_ENDS = ";\t\r\n"
_INSIDE = re.compile(rf"(?<=[{_ENDS}])(?=['\"]*[{_SIGNS}])")
_GUARDED_INSIDE = re.compile(rf"(?<=[{_ENDS}])'(?=['\"]*[{_SIGNS}])")
# An import would take such a cell for nothing, or for a header.
_WORDS = PLACEHOLDERS | {"hostname"}
# What cells begin with that could be misread, with an apostrophe in front or not.
RISKY = frozenset({"'", "#", *_FORMULA, *BLANKS}) | {word[0] for word in _WORDS}
RISKY |= {sign.upper() for sign in RISKY}


def harmless(cell: str) -> str:
    """Return a cell of somebody's file so that it reads the same and is no formula."""
    is_formula = cell[:1] in _FORMULA and not is_placeholder(cell)
    return f"'{cell}" if is_formula else cell


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front of what could be a formula."""
    inside = _INSIDE.sub("'", text)
    is_formula = text.lstrip("'")[:1] in _FORMULA
    # An apostrophe that is there would be taken off, too.
    return f"'{inside}" if is_formula or is_literal(text) else inside


def literal(text: str) -> str:
    """Return the text with an apostrophe in front of what could be misread."""
    inside = _INSIDE.sub("'", text)
    return f"'{inside}" if _is_misread(text.lstrip("'")) else inside


def literals(cells: Sequence[str]) -> Sequence[str]:
    """Return cells as ``literal`` does; equal ones are looked at only once."""
    different = set(cells)
    text = "".join(different)
    has_ends = any(end in text for end in _ENDS)
    marked = {
        cell: literal(cell)
        for cell in different
        if has_ends or (cell[:1] in RISKY and _is_misread(cell.lstrip("'")))
    }
    return [marked.get(cell, cell) for cell in cells] if marked else cells


def in_quotes(cells: Sequence[str], delimiter: str) -> Sequence[str]:
    """Return cells of one column, of several, as they are in a line of CSV.

    The same as ``csv.writer`` writes, in half of the time.
    """
    signs = frozenset(f'{delimiter}"\r\n')
    text = "".join(cells)
    if not any(sign in text for sign in signs):
        return cells
    return [cell if signs.isdisjoint(cell) else _in_quotes(cell) for cell in cells]


def _in_quotes(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def is_literal(text: str) -> bool:
    """Whether an apostrophe says that the cell is what it reads."""
    return text[:1] == "'" and _is_misread(text.lstrip("'"))


def unguarded(text: str) -> str:
    """Return the text that ``literal`` was given."""
    if "'" not in text:
        return text
    return _GUARDED_INSIDE.sub("", text[1:] if is_literal(text) else text)


def _is_misread(text: str) -> bool:
    first = text[:1]
    return first in _FORMULA or first == "#" or text.strip().casefold() in _WORDS


# ---- reading

Read = Callable[[str, Remarks], object]


def as_it_is(text: str, remarks: Remarks) -> object:
    return text


_IPV4 = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3}){3})\s*(?:/\d{1,3}\s*)?")
_WITH_PORT = re.compile(r"\[(?P<v6>[^\[\]]+)\](?::\d{1,5})?|(?P<v4>[\d.]+):\d{1,5}")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;|]+(?:/\s+)?")


def _read_address(text: str, remarks: Remarks) -> object:
    """Return one address, or a list of several; a text that is none as it is."""
    if plain := _IPV4.fullmatch(text):
        return plain[1]
    if is_placeholder(text):
        word = text.strip()
        raise InvalidValue(
            f"{quoted(word)} is not a valid IP address; --value 'ip_addr:{word}=' "
            "reads it as empty."
        )
    found = _addresses_in(text, remarks)
    return text if not found else found[0] if len(found) == 1 else found


def _addresses_in(text: str, remarks: Remarks) -> list[str]:
    """Return the addresses of a cell that holds nothing else."""
    found: list[str] = []
    for word in _BETWEEN_ADDRESSES.split(text.strip(BLANKS + "\r\n,;|")):
        bare = _bare_addresses(word, remarks)
        if not bare:
            return []
        found += bare
    return found


def all_addresses(text: str) -> bool:
    """Whether a cell holds addresses, and not a mask."""
    found = _addresses_in(text, Remarks())
    return bool(found) and not all(item.startswith(("255.", "0.")) for item in found)


def _bare_addresses(word: str, remarks: Remarks) -> list[str]:
    """Return an address without zone, mask and port, or two with a slash between."""
    first, slash, second = word.partition("/")
    if slash and not _is_mask(second):
        pair = [address for part in (first, second) if (address := _bare(part))]
        return pair if len(pair) == 2 else []
    if port := _WITH_PORT.fullmatch(first):
        first = port["v6"] or port["v4"]
        remarks.add("port", word)
    address = _bare(first)
    return [address] if address else []


def _bare(text: str) -> str | None:
    address = text.partition("%")[0] if ":" in text else text
    try:
        parse_address(address)
    except InvalidValue:
        return None
    return address


_ANY_IPV4 = ipaddress.IPv4Address(0)


def _is_mask(text: str) -> bool:
    try:
        ipaddress.ip_network(f"{_ANY_IPV4 if '.' in text else '::'}/{text}")
    except ValueError:
        return False
    return True


def _json_list(text: str) -> list[str] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    fits = isinstance(items, list) and all(isinstance(item, str) for item in items)
    return items if fits else None


_SEPARATOR = re.compile(r"[;|\r\n]+|[ \t]+/[ \t]+")
_PERHAPS_NAME = re.compile(r"[\w.-]+(?: [\w.-]+){0,3}")


def split_list(text: str, remarks: Remarks) -> list[str]:
    """Return the items of ``a, b`` or of a JSON list, for those with commas.

    Other signs separate where names are on both sides of them.
    """
    items = _json_list(text)
    if items is not None:
        return items
    if not _SEPARATOR.search(text):
        return [item for part in text.split(",") if (item := part.strip(BLANKS))]
    found: list[str] = []
    for part in text.split(","):
        items = _names_in(part)
        if len(items) > 1:
            remarks.add("separator", part)
        found += items
    return found


def _names_in(part: str) -> list[str]:
    text = part.strip(BLANKS)
    items = [item.strip(BLANKS) for item in _SEPARATOR.split(text)]
    items = [item for item in items if item]
    if all(_PERHAPS_NAME.fullmatch(item) for item in items):
        return items
    return [text] if text else []


def _read_addresses(text: str, remarks: Remarks) -> object:
    found = []
    for item in _json_list(text) or [text]:
        found += _addresses_in(item, remarks) or split_list(item, remarks)
    return found


def _read_vars(text: str, remarks: Remarks) -> object:
    try:
        return read_vars(text)
    except ValueError:
        # A number of thousands of digits.
        raise InvalidValue("are neither YAML nor JSON.") from None


_WHOLE = re.compile(r"\s*(\d{1,5})\.0+\s*")


def _read_port(text: str, remarks: Remarks) -> object:
    """Read what pandas makes of a column with gaps, too: 22.0."""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


READ: dict[str, Read] = {
    "ip_addr": _read_address,
    "aliases": split_list,
    "addresses": _read_addresses,
    "groups": split_list,
    "port": _read_port,
    "vars": _read_vars,
}


# ---- writing


def cell_text(field: str, value: Any) -> str:
    if not value:
        return ""
    if field in ADDED_TO:
        return _list_text(value)
    return plain_text(value)


# What most lists are of; to search for separators takes longer than all else.
_PLAIN = re.compile(r"[\w.,-]*")


def _list_text(items: Sequence[str]) -> str:
    text = ",".join(items)
    is_plain = _PLAIN.fullmatch(text) or not (
        text.startswith("[") or _SEPARATOR.search(text)
    )
    return text if is_plain and text.count(",") < len(items) else json_text(items)
