"""Rows read along the index of their order, until a page is full.

Each statement is one range of that index. Engines left alone would collect all matches
by another index and sort them, or read all rows of one key to find a place among them.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnElement,
    Null,
)
from sqlalchemy.sql.functions import FunctionElement

from ..db.engines import Engine
from .cursors import Cursor, Sort

Clause = ColumnElement[bool]


def walk(
    engine: Engine,
    select: sa.Select[Any],
    where: Clause | None,
    sort: Sort,
    place: Cursor | None,
    backward: bool,
) -> Iterator[sa.Select[Any]]:
    """Yield a statement for each stretch of the index that the page may touch.

    To ``select`` they add the key of the order and the id.
    """
    down = sort.descending != backward
    key: Any = sort.column
    rows = select.add_columns(key, sort.id_column)
    shared = None if where is None else _shared(where, sort)
    has_one_key = False
    if where is not None:
        hides = engine.hides_conditions
        rows = rows.where(*(_unsought(where, sort, shared) if hides else [where]))
        implied = _implied(where, sort)
        rows = rows.where(*implied)
        has_one_key = any(_column_of(clause) is not None for clause in implied)
    if index := _index_of(sort, shared):
        rows = engine.along_index(rows, sort.column.class_.__table__, index)
    for stretch in _stretches(sort, place, backward):
        columns = _order(engine, sort, shared, stretch.one_key or has_one_key)
        conditions = stretch.conditions(sort, key, sort.id_column, down)
        yield rows.where(*conditions).order_by(
            *(column.desc() if down else column.asc() for column in columns)
        )


def _order(
    engine: Engine, sort: Sort, shared: Clause | None, has_one_key: bool
) -> list[Any]:
    """Return the columns to order by, as the engine finds the index by them."""
    columns = [sort.column] if sort.unique else [sort.column, sort.id_column]
    if not engine.orders_by_constants:
        return columns[1:] if has_one_key else columns
    return columns if shared is None else [_column_of(shared), *columns]


# ---- indexes


def _shared(where: Clause, sort: Sort) -> Clause | None:
    """Return a condition that all rows of the page share one value of a column.

    Where an index has that column and then the order, the rows need not be looked
    for. Of several, the column that is defined last tells most hosts apart.
    """
    place = list(sort.column.class_.__table__.columns.keys()).index
    found = [
        (place(column.key), part)
        for part in _joined(where)
        if _index_of(sort, part) and (column := _column_of(part)) is not None
    ]
    return max(found, key=itemgetter(0))[1] if found else None


def _index_of(sort: Sort, shared: Clause | None = None) -> str | None:
    """Return the name of the index that has this order, among the rows of a value."""
    table = sort.column.class_.__table__
    wanted = [sort.column.key]
    if not sort.unique:
        wanted.append(sort.id_column.key)
    if shared is not None:
        column = _column_of(shared)
        if column is None or column.table.name != table.name:
            return None
        wanted.insert(0, column.key)
    for index in table.indexes:
        if [column.key for column in index.columns] == wanted:
            return str(index.name)
    return None


def _column_of(part: Clause) -> sa.Column[Any] | None:
    """Return the column of which the condition states the one value, or that none."""
    bare = _bare(part)
    if not isinstance(bare, BinaryExpression):
        return None
    is_one = bare.operator is operators.eq and isinstance(bare.right, BindParameter)
    is_none = bare.operator is operators.is_ and isinstance(bare.right, Null)
    column = bare.left
    return column if (is_one or is_none) and isinstance(column, sa.Column) else None


def _unsought(where: Clause, sort: Sort, shared: Clause | None) -> list[Clause]:
    """Keep the engine from collecting all matches by their index and sorting them.

    What narrows the walk stays: what is said about the sort column itself, and the
    condition that all rows share.
    """
    own = str(sort.column.expression)
    narrow: list[Clause] = []
    others: list[Clause] = []
    for part in _joined(where):
        stays = part is shared or _columns(part) == {own}
        (narrow if stays else others).append(part)
    unsought = sa.case((sa.and_(sa.true(), *others), 1)) == 1
    return [*map(_bare, narrow), unsought]


# ---- conditions


def _implied(where: Clause, sort: Sort) -> list[Clause]:
    """Return what the condition says about the sort column by way of another one."""
    if sort.implied is None:
        return []
    found = (sort.implied(_bare(part)) for part in _joined(where))
    return [clause for clause in found if clause is not None]


def _joined(where: Clause) -> list[Clause]:
    """Return the conditions that "and" joins at the top."""
    if isinstance(where, BooleanClauseList) and where.operator is operators.and_:
        return list(where.clauses)
    return [where]


def _bare(part: Clause) -> Clause:
    """Return the condition without the hint of how likely it is."""
    if isinstance(part, FunctionElement) and part.name == "likelihood":
        first: Clause = next(iter(part.clauses))
        return first
    return part


def _columns(clause: Clause) -> set[str]:
    return {
        str(part) for part in visitors.iterate(clause) if isinstance(part, sa.Column)
    }


# ---- stretches


class _Part(enum.Enum):
    """What a stretch of the list holds, seen from a place in it."""

    SAME_KEY = "rows with the key of the place, beyond its id"
    OTHER_KEYS = "rows with a key beyond that of the place"
    VALUES = "all rows with a key"
    EMPTY = "all rows without one"
    REST_OF_EMPTY = "rows without a key, beyond the id of the place"


@dataclass(frozen=True)
class _Stretch:
    """A part of the list that is one range of an index on (key, id).

    A condition such as ``k >= v AND (k > v OR id > i)`` would do with less of them,
    but walks through all rows of one key to find the place among them.
    """

    part: _Part
    place: Cursor | None = None

    @property
    def one_key(self) -> bool:
        return self.part not in (_Part.OTHER_KEYS, _Part.VALUES)

    def conditions(self, sort: Sort, key: Any, row_id: Any, down: bool) -> list[Clause]:
        if self.place is None:
            if self.part is _Part.EMPTY:
                return [key.is_(None)]
            return [key.is_not(None)] if sort.nullable else []
        place = self.place
        if self.part is _Part.OTHER_KEYS:
            return [key < place.key if down else key > place.key]
        same = key.is_(None) if place.key is None else key == place.key
        return [same, row_id < place.id if down else row_id > place.id]


def _stretches(sort: Sort, place: Cursor | None, backward: bool) -> list[_Stretch]:
    """Return the stretches that lie ahead, in their order."""
    values, empty = _Stretch(_Part.VALUES), _Stretch(_Part.EMPTY)
    if place is None:
        ahead = [values, empty] if sort.nullable else [values]
        return ahead[::-1] if backward else ahead
    if place.key is None:
        rest = [_Stretch(_Part.REST_OF_EMPTY, place)]
        return [*rest, values] if backward else rest
    ahead = [_Stretch(_Part.OTHER_KEYS, place)]
    if not sort.unique:
        ahead.insert(0, _Stretch(_Part.SAME_KEY, place))
    return [*ahead, empty] if sort.nullable and not backward else ahead
