"""How a file is to be read, where its content alone does not say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import InvalidValue
from ..validation.rules import HOST_RULES
from ..validation.values import did_you_mean, fold, quoted

# A column of which nothing is kept.
IGNORE = "ignore"
VARIABLE = "var."

Columns = Mapping[str, tuple[str, ...]]
Values = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class ReadOptions:
    """What somebody chose; the rest is recognised.

    ``columns`` is field → headers, the field also ``var.NAME`` or ``ignore``; a name
    of several columns is joined. ``values`` is field → folded text → what it means.
    ``header_row`` is a line, or 0 for a table without header, whose columns are then
    called 1, 2, 3 and so on.
    """

    format: str = "auto"
    encoding: str = ""
    delimiter: str = ""
    header_row: int | None = None
    sheet: str = ""
    columns: Columns = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    keep_placeholders: bool = False
    bare_names: bool = False
    all_hosts: bool = False


def column_choices(choices: Iterable[str]) -> Columns:
    """Return what ``FIELD=HEADER`` says, each field with its headers in order.

    Raises ``InvalidValue``.
    """
    found: dict[str, tuple[str, ...]] = {}
    for choice in choices:
        name, separator, header = choice.partition("=")
        name = name.strip()
        if not separator or not header.strip():
            raise InvalidValue(f"{quoted(choice)} is not FIELD=HEADER.")
        if not name.startswith(VARIABLE) or name == VARIABLE:
            _check_field(name, (*HOST_RULES, IGNORE))
        found[name] = (*found.get(name, ()), header.strip())
    return found


def value_choices(choices: Iterable[str]) -> Values:
    """Return what ``FIELD:TEXT=VALUE`` says. Raises ``InvalidValue``."""
    found: dict[str, dict[str, str]] = {}
    for choice in choices:
        name, colon, rest = choice.partition(":")
        text, separator, value = rest.rpartition("=")
        if not colon or not separator or not text.strip():
            raise InvalidValue(f"{quoted(choice)} is not FIELD:TEXT=VALUE.")
        name = name.strip()
        _check_field(name, HOST_RULES)
        found.setdefault(name, {})[fold(text.strip())] = value.strip()
    return found


def _check_field(name: str, known: Iterable[str]) -> None:
    names = tuple(known)
    if name not in names:
        hint = did_you_mean(name, names) or f"Known: {', '.join(names)}, var.NAME."
        raise InvalidValue(f"{quoted(name)} is not a field. {hint}")


def read_delimiter(text: str) -> str:
    """Return the one sign that somebody means. Raises ``InvalidValue``."""
    sign = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if len(sign) > 1 or sign in ("\n", "\r", '"'):
        raise InvalidValue("--delimiter must be one character, or tab.")
    return sign
