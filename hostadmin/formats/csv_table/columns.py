"""Which column of a table is which field, under all the names that are in use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InvalidFile, InvalidValue
from ...validation.host_fields import HOST_FIELDS
from ...validation.json_values import clean_vars
from ...validation.rules import HOST_RULES
from ...validation.values import quoted
from ..rows import COLUMNS

MAX_COLUMNS = 500
_RARELY = ("aliases", "addresses", "notes", "vars")
EXAMPLE = ",".join(name for name in COLUMNS if name not in _RARELY)


def reduced(header: str) -> str:
    """Return a header without case and without what is no letter or digit."""
    return re.sub(r"[\W_]+", "", header.casefold())


# Names of columns, reduced to letters and digits; the first that a table has is taken.
_ALIASES: dict[str, tuple[str, ...]] = {
    field.name: (reduced(field.name), *field.headers)
    for field in HOST_FIELDS
    if field.rule is not None
}
# Kept by the inventory itself; our own export has them for people to read.
_OURS = frozenset(
    reduced(name)
    for field in HOST_FIELDS
    if field.rule is None
    for name in (field.name, field.query)
)
_KNOWN = frozenset(alias for aliases in _ALIASES.values() for alias in aliases)
_NAMING = frozenset((*_ALIASES["hostname"], *_ALIASES["ip_addr"]))


@dataclass(frozen=True)
class Columns:
    """Which cell holds what: field → index, and variable → index."""

    headers: tuple[str, ...]
    fields: dict[str, int]
    variables: dict[str, int]
    nameless: tuple[int, ...]


def find_columns(headers: Sequence[str], notes: list[str]) -> Columns:
    """Tell what the columns are.

    Raises ``InvalidFile`` where that makes no sense; the caller knows the line.
    """
    _check_headers(headers)
    by_name: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        by_name.setdefault(reduced(header), []).append(index)
    fields = _claimed(headers, by_name)
    if "hostname" not in fields and "ip_addr" not in fields:
        raise InvalidFile(
            "there is no header with a column for names or addresses: "
            f"{_shown(headers)} is none. The first line must name the columns, "
            f"such as {EXAMPLE}"
        )
    taken = set(fields.values())
    variables: dict[str, int] = {}
    for index, header in enumerate(headers):
        name = _variable_name(header)
        if index in taken or not name:
            continue
        if reduced(header) in _OURS:
            notes.append(f"Column {quoted(header)} was not read: it is kept by itself.")
            continue
        _check_variable(header, name, index, variables)
        variables[name] = index
    nameless = tuple(i for i, header in enumerate(headers) if not header)
    return Columns(tuple(headers), fields, variables, nameless)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line looks like the header of another table."""
    names = [reduced(cell) for cell in cells if cell.strip()]
    return (
        len(names) > 1
        and all(name in _KNOWN for name in names)
        and not _NAMING.isdisjoint(names)
    )


def known_field(header: str) -> bool:
    return reduced(header) in _KNOWN


def _shown(headers: Sequence[str]) -> str:
    return quoted(",".join(headers), 80)


def _check_headers(headers: Sequence[str]) -> None:
    if len(headers) > MAX_COLUMNS:
        raise InvalidFile(
            f"the header has {len(headers):,} columns; at most {MAX_COLUMNS} are read."
        )
    seen: dict[str, int] = {}
    for number, header in enumerate(headers, start=1):
        name = reduced(header) if known_field(header) else header
        if name and name in seen:
            raise InvalidFile(
                f"columns {seen[name]} and {number} are both called {quoted(header)}; "
                "each name may stand there once."
            )
        seen[name] = number


def _claimed(headers: Sequence[str], by_name: dict[str, list[int]]) -> dict[str, int]:
    """Return field → index: each field takes the first of its names that is left."""
    # A column under our own name is that field, whatever else could claim it.
    fields = {
        header: index for index, header in enumerate(headers) if header in HOST_RULES
    }
    taken = set(fields.values())
    for field, aliases in _ALIASES.items():
        for index in [i for alias in aliases for i in by_name.get(alias, ())]:
            if field not in fields and index not in taken:
                fields[field] = index
                taken.add(index)
    return fields


def _variable_name(header: str) -> str:
    for prefix in ("vars.", "var."):
        if header.startswith(prefix):
            return header.removeprefix(prefix)
    return header


def _check_variable(header: str, name: str, index: int, known: dict[str, int]) -> None:
    try:
        clean_vars({name: ""})
    except InvalidValue as error:
        raise InvalidFile(
            f"column {quoted(header)} has no usable name: {error}"
        ) from None
    if name in known:
        raise InvalidFile(
            f"columns {known[name] + 1} and {index + 1} both hold the variable "
            f"{quoted(name)}; keep one of them."
        )
