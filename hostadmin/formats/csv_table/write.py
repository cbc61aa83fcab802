"""Writes CSV that a spreadsheet opens and that reads back to the same hosts."""

import csv
import io
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...db.bulk_insert import batched
from ..document import Source, some
from ..rows import ADDED_TO, COLUMNS
from .cells import cell_text, literals

# Lines that are written at once; one by one they take twice the time.
LINES = 200
# Columns whose values are no texts, and where they stand.
_NO_TEXT = [(COLUMNS.index(name), name) for name in ("port", *ADDED_TO)]
_VARS = COLUMNS.index("vars")


def write(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield the header and the hosts. ``notes`` gets, at the end, what is not there."""
    yield _text([COLUMNS])
    named: set[str] = set()
    for batch in batched(content.host_texts, LINES):
        for row in batch:
            named.update(row["groups"])
        yield _text(map(_cells, batch))
    notes += _left_out(content, named)


def _left_out(content: Source, named: Container[str]) -> Iterator[str]:
    groups = [
        group["name"]
        for group in content.groups
        if group["description"]
        or group["vars"]
        or group["children"]
        or group["name"] not in named
    ]
    if groups:
        yield (
            "CSV has no place for variables, descriptions and nesting of groups, nor "
            f"for groups without hosts: {some(groups)}. JSON holds them."
        )
    if content.vars:
        yield (
            "CSV has no place for variables of all hosts, of which there "
            f"{'is' if len(content.vars) == 1 else 'are'} {len(content.vars):,}. "
            "JSON holds them."
        )


def _cells(row: Mapping[str, Any]) -> list[str]:
    cells = [row[name] or "" for name in COLUMNS]
    for index, name in _NO_TEXT:
        if cells[index]:
            cells[index] = cell_text(name, cells[index])
    if cells[_VARS] == "{}":
        cells[_VARS] = ""
    return literals(cells)


def _text(lines: Iterable[Sequence[str]]) -> str:
    cells = list(lines)
    text = _lines(cells, "\n")
    if "\r" not in text:
        return text
    # Before Python 3.13, only what the line end has in it is put in quotes.
    return "".join(_lines([line], "\r\n").removesuffix("\r\n") + "\n" for line in cells)


def _lines(cells: Iterable[Sequence[str]], end: str) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end).writerows(cells)
    return buffer.getvalue()
