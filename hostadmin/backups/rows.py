"""Rows of any table, in the order of its key, as the values that JSON has."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from ..db.bulk_insert import insert_rows
from ..limits import limits
from .shapes import Shape, last_id

Row: TypeAlias = list[Any]
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Begin:
    """A table begins; ``last_id`` is the highest id that it ever gave."""

    shape: Shape
    last_id: int | None = None


# All that is kept: a table begins, some of its rows, more of them, the next table.
Part: TypeAlias = Begin | list[Row]
Parts: TypeAlias = Iterator[Part]


class Digest:
    """A checksum over rows, the same wherever and however they are kept."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self.rows = 0

    def begin(self, table: str) -> None:
        self._sum.update(f"{table}\n".encode())

    def add(self, line: bytes) -> None:
        """Add some lines with a row each."""
        self._sum.update(line)
        self.rows += line.count(b"\n")

    def text(self) -> str:
        return self._sum.hexdigest()


def line_of(value: Any) -> str:
    return f"{_encode(value)}\n"


def lines_of(rows: Iterable[Row]) -> bytes:
    return "".join([line_of(row) for row in rows]).encode()


def digest_of(parts: Parts) -> Digest:
    digest = Digest()
    for part in parts:
        if isinstance(part, Begin):
            digest.begin(part.shape.name)
        else:
            digest.add(lines_of(part))
    return digest


# ---- reading


def read_parts(connection: sa.Connection, shapes: Iterable[Shape]) -> Parts:
    """Yield what tables hold, a bounded number of rows at a time."""
    for shape in shapes:
        yield Begin(shape, last_id(connection, shape))
        yield from _batches(connection, shape)


def _batches(connection: sa.Connection, shape: Shape) -> Iterator[list[Row]]:
    table = shape.table()
    columns = [
        sa.cast(table.c[name], table.c[name].type).label(name)
        if kind == "json"
        else table.c[name]
        for name, kind in shape.columns
    ]
    key = [table.c[name] for name in shape.key]
    places = [[name for name, _ in shape.columns].index(k) for k in shape.key]
    page = sa.select(*columns).order_by(*key).limit(limits.backup_batch)
    last: list[Any] = []
    level = 0
    while level >= 0:
        found = connection.execute(page.where(*_after(key, last, level))).all()
        if found:
            last = [found[-1][place] for place in places]
            yield _converted(shape, found, _WRITE)
        is_full = len(found) == limits.backup_batch
        level = len(key) - 1 if is_full else level - 1


def _after(
    key: Sequence[sa.Column[Any]], last: Sequence[Any], level: int
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of rows after the last, up to ``level`` as that one.

    Each level is one range of the index. Written as one condition, the range would
    begin at the first row with the same first value, which may be most of a table.
    """
    if not last:
        return []
    same = [column == v for column, v in zip(key[:level], last, strict=False)]
    return [*same, key[level] > last[level]]


# ---- writing


def write_rows(connection: sa.Connection, shape: Shape, rows: Iterable[Row]) -> None:
    names = [name for name, _ in shape.columns]
    given = _converted(shape, rows, _READ)
    insert_rows(
        connection,
        shape.table(),
        [dict(zip(names, row, strict=True)) for row in given],
    )


# What becomes of values that JSON does not have, and back.
_WRITE: dict[str, Callable[[Any], Any]] = {
    "time": datetime.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode(),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "time": datetime.fromisoformat,
    "bytes": base64.b64decode,
}


def _converted(
    shape: Shape, rows: Iterable[Any], converts: dict[str, Callable[[Any], Any]]
) -> list[Row]:
    work = [
        (place, convert)
        for kind, convert in converts.items()
        for place in shape.places(kind)
    ]
    lists = [list(row) for row in rows]
    for row in lists:
        for place, convert in work:
            if row[place] is not None:
                row[place] = convert(row[place])
    return lists
