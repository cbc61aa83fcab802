"""Writes hosts(5): a line for each address, with the names of all that have it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from .document import Source
from .left_out import LeftOut
from .repeated import Repeated

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NUMBERS = re.compile(r"[0-9.]+")
_NO_ADDRESS = "Hosts without an address were left out"
_BAD_NAMES = "Names that are not valid in a hosts file were left out"
_SHARED = "Hosts with the same address are on one line"

Row = Mapping[str, Any]


def write(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield a line an address. ``notes`` gets, at the end, what is not there."""
    shared = Repeated(a for row in content.hosts for a in _addresses(row))
    together: dict[str, list[str]] = defaultdict(list)
    for row in content.hosts if shared else ():
        for address in _addresses(row):
            if address in shared:
                together[address] += _names(row)
    left_out = LeftOut()
    for row in content.hosts:
        for name in _unusable(row):
            left_out.add(_BAD_NAMES, name)
        if not _addresses(row):
            left_out.add(_NO_ADDRESS, row["hostname"])
        yield from _lines(row, shared, together, left_out)
    notes += left_out.notes()


def _lines(
    row: Row, shared: Repeated, together: dict[str, list[str]], left_out: LeftOut
) -> Iterator[str]:
    for address in _addresses(row):
        names = _names(row)
        if address in shared:
            # Written where the first of them is.
            found = together.pop(address, [])
            if len(found) > len(names):
                left_out.add(_SHARED, address)
            names = found
        if names:
            yield f"{address} {' '.join(dict.fromkeys(names))}\n"


def _addresses(row: Row) -> list[str]:
    found = (row["ip_addr"], *(row["addresses"] or ()))
    return list(dict.fromkeys(address for address in found if address))


def _given(row: Row) -> Iterator[str]:
    """Yield the names; an address that is the name is not worth a word."""
    for name in (row["hostname"], *(row["aliases"] or ())):
        if name not in _addresses(row):
            yield name


def _names(row: Row) -> list[str]:
    return [name.rstrip(".") for name in _given(row) if _is_name(name)]


def _unusable(row: Row) -> Iterator[str]:
    return (name for name in _given(row) if not _is_name(name))


def _is_name(name: str) -> bool:
    bare = name.rstrip(".")
    return bool(_NAME.fullmatch(bare)) and not _NUMBERS.fullmatch(bare)
