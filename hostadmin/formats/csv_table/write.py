"""Writes CSV that a spreadsheet opens and that reads back to the same hosts."""

import csv
import io
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...db.bulk_insert import batched
from ...errors import QueryError
from ...validation.values import quoted
from ..document import Source, some
from ..rows import ADDED_TO, COLUMNS, Column, plain_text
from .cells import cell_text, in_quotes, literals

# Lines that are written at once; one by one they take twice the time.
LINES = 200


def read_excel(text: str) -> bool:
    """Return whether Excel shall open the file. Raises ``QueryError``."""
    if text not in ("0", "1"):
        raise QueryError(f"{quoted(text)} is not valid for excel.", "Use 1 or 0.")
    return text == "1"


def write(content: Source, notes: list[str], *, excel: bool = False) -> Iterator[str]:
    """Yield the header and the hosts. ``notes`` gets, at the end, what is not there.

    For Excel, a byte order mark says that it is UTF-8, and semicolons separate.
    """
    delimiter = ";" if excel else ","
    if excel:
        yield "\ufeff"
    if content.columns is None:
        yield from _whole(content, notes, delimiter)
    else:
        yield from _chosen(content.hosts, content.columns, delimiter)


def _chosen(
    hosts: Iterable[Mapping[str, Any]], columns: Sequence[Column], delimiter: str
) -> Iterator[str]:
    yield _text([[column.header for column in columns]], delimiter)
    for batch in batched(hosts, LINES):
        lines = (literals([_chosen_cell(c, row) for c in columns]) for row in batch)
        yield _text(lines, delimiter)


def _chosen_cell(column: Column, row: Mapping[str, Any]) -> str:
    value = column.value(row)
    [name, *below] = column.path
    return plain_text(value) if below else cell_text(name, value)


def _whole(content: Source, notes: list[str], delimiter: str) -> Iterator[str]:
    yield _text([COLUMNS], delimiter)
    named: set[str] = set()
    for columns in content.host_columns:
        named.update(*columns["groups"])
        cells = (_cells(name, columns[name]) for name in COLUMNS)
        written = (in_quotes(column, delimiter) for column in cells)
        lines = zip(*written, strict=True)
        yield "\n".join((*map(delimiter.join, lines), ""))
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
            "CSV cannot hold groups without hosts, nor variables, descriptions and "
            f"nesting of groups: {some(groups)}. JSON can."
        )
    if content.vars:
        yield (
            f"CSV cannot hold variables of all hosts ({len(content.vars):,}). JSON can."
        )


def _cells(name: str, values: Sequence[Any]) -> Sequence[str]:
    if name == "vars":
        return literals(["" if text == "{}" else text for text in values])
    if name == "port":
        return [str(value) if value else "" for value in values]
    if name in ADDED_TO:
        return literals([cell_text(name, value) if value else "" for value in values])
    return literals([text or "" for text in values])


def _text(lines: Iterable[Sequence[str]], delimiter: str) -> str:
    cells = list(lines)
    text = _lines(cells, "\n", delimiter)
    if "\r" not in text:
        return text
    # Before Python 3.13, only what the line end has in it is put in quotes.
    alone = (_lines([line], "\r\n", delimiter) for line in cells)
    return "".join(line.removesuffix("\r\n") + "\n" for line in alone)


def _lines(cells: Iterable[Sequence[str]], end: str, delimiter: str) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, delimiter=delimiter).writerows(cells)
    return buffer.getvalue()
