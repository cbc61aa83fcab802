"""How many hosts: in all, by one field, by two.

Every number comes with the condition that finds exactly the hosts behind it. A host in
two groups, or with addresses in two networks, counts in both, and once in each.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import QueryError
from ..inventory.kept_counts import kept_count
from ..limits import limits
from ..query import ast
from ..query.ast import Node, all_of
from ..query.sql.compiler import select_ids
from ..validation.values import quoted
from .axes import NOT_SET, Bucket, Kind, Order, make_axis
from .by_columns import count_each_column
from .data_quality import STALE_DAYS, unconfirmed
from .dimensions import Dimension
from .dimensions import find_dimension as find_dimension
from .dimensions import groupable_names as groupable_names
from .group_by import (
    Key,
    KeyCounts,
    Keys,
    as_key_counts,
    count_all_keys,
    count_any,
    count_keys,
)


@dataclass(frozen=True)
class Cell:
    """The hosts that share a value in each of several fields."""

    values: tuple[str | None, ...]
    labels: tuple[str, ...]
    count: int
    condition: Node


@dataclass(frozen=True)
class Table:
    """Hosts by one thing: a number for each slot of the axis.

    ``total`` counts each host once; where ``dimension.is_several``, the numbers may
    sum up to more.
    """

    dimension: Dimension
    buckets: Sequence[Bucket]
    counts: Sequence[int]
    total: int

    def share(self, place: int) -> float:
        return self.counts[place] / self.total if self.total else 0.0

    def places(self) -> Callable[[Key], int]:
        """Return where a key is, be it among others."""
        known = {
            bucket.key: place
            for place, bucket in enumerate(self.buckets)
            if not bucket.kind.is_rest
        }
        rest = {
            bucket.kind: place
            for place, bucket in enumerate(self.buckets)
            if bucket.kind.is_rest
        }
        start = next((s.key for s in self.buckets if s.kind is Kind.VALUE), None)

        def place_of(key: Key) -> int:
            if key in known:
                return known[key]
            if self.dimension.calendar is None:
                return rest[Kind.OTHER]
            return rest[Kind.EARLIER if key < start else Kind.LATER]

        return place_of


@dataclass(frozen=True)
class CrossTable:
    """Hosts by two things; the totals count each host once."""

    rows: Table
    columns: Table
    cells: Sequence[Sequence[int]]
    total: int


def count_hosts(session: orm.Session, node: Node = ast.EVERYTHING) -> int:
    """Return how many hosts the query means, exactly."""
    if (kept := kept_count(session, node)) is not None:
        return kept
    ids = select_ids(session, node)
    counted = ids.with_only_columns(sa.func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0


def find_dimensions(session: orm.Session, by: Sequence[str]) -> list[Dimension]:
    """Return what the texts count by. Raises ``QueryError``, also for one twice."""
    dimensions = [find_dimension(session, name) for name in by]
    for number, dimension in enumerate(dimensions):
        if dimension.name in [other.name for other in dimensions[:number]]:
            raise QueryError(
                f"{quoted(dimension.name)} is used twice. Use two different fields."
            )
    return dimensions


def count_by_many(
    session: orm.Session, node: Node = ast.EVERYTHING, by: Sequence[str] = ()
) -> list[Cell]:
    """Return the counts by some fields at once, without combinations of no host.

    The highest come first, then by value; what is not set comes last.
    """
    dimensions = find_dimensions(session, by)
    counts = _every(session, dimensions, node)

    def rank(item: tuple[tuple[Key, ...], int]) -> tuple[Any, ...]:
        keys, count = item
        ranks = (
            (key is None, "" if key is None else dimension.rank(key))
            for dimension, key in zip(dimensions, keys, strict=True)
        )
        return (-count, *ranks)

    return [_cell(dimensions, keys, n) for keys, n in sorted(counts.items(), key=rank)]


def _every(
    session: orm.Session, dimensions: Sequence[Dimension], node: Node
) -> Counter[tuple[Key, ...]]:
    """Return the hosts by all keys that there are; they are held in memory."""
    counts = count_all_keys(session, dimensions, node, limits.count_values)
    if counts is None:
        names = " and ".join(dimension.name for dimension in dimensions)
        raise QueryError(
            f"Counting by {names} gives more than {limits.count_values:,} values.",
            "Narrow the query, or export the hosts instead.",
        )
    return counts


def _cell(dimensions: Sequence[Dimension], keys: tuple[Key, ...], count: int) -> Cell:
    pairs = list(zip(dimensions, keys, strict=True))
    values = tuple(None if key is None else d.text(key) for d, key in pairs)
    conditions = [d.unset if key is None else d.condition(key) for d, key in pairs]
    return Cell(
        values,
        tuple(NOT_SET if value is None else value for value in values),
        count,
        all_of(*(node for node in conditions if node is not None)),
    )


# ---- one dimension


def count_table(
    session: orm.Session,
    dimension: Dimension,
    node: Node = ast.EVERYTHING,
    order: Order = Order(),  # noqa: B008 - frozen
) -> Table:
    """Return the hosts by one thing. Raises ``QueryError`` for too many values.

    That is where all of them are asked for, not the first so many.
    """
    if order.top is None:
        each = _every(session, [dimension], node)
        margin = {key: number for (key,), number in each.items()}
        found = as_key_counts(dimension, margin, order.by_key)
    else:
        top = None if order.zeros else order.top
        found = count_keys(session, dimension, node, top, by_key=order.by_key)
    return _table(session, dimension, found, node, order)


def count_columns(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    order: Order = Order(),  # noqa: B008 - frozen
) -> list[Table]:
    """Return a table for each of some plain columns, read in one pass."""
    return [
        _table(session, dimension, found, node, order)
        for dimension, found in zip(
            dimensions, count_each_column(session, dimensions, node), strict=True
        )
    ]


def _table(
    session: orm.Session,
    dimension: Dimension,
    found: KeyCounts,
    node: Node,
    order: Order,
) -> Table:
    axis = make_axis(dimension, found, order)
    total = found.counted
    if dimension.is_several:
        total = count_hosts(session, node)
    counts = list(axis.counts)
    for place, bucket in enumerate(axis.buckets):
        # What a host is in besides, it may be in more than once.
        if bucket.kind is Kind.OTHER and dimension.is_several:
            keys = [shown.key for shown in axis.buckets if shown.kind is Kind.VALUE]
            some = count_any(session, dimension, keys, node)
            if some is None:
                rest = count_hosts(session, all_of(node, bucket.condition))
            else:
                rest = total - found.unset - some
            counts[place] = rest
    return Table(dimension, axis.buckets, counts, total)


# ---- two dimensions


def cross_table(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    orders: Sequence[Order] = (Order(), Order()),
) -> CrossTable:
    """Return the hosts by two things, the first in rows."""
    counts = count_all_keys(session, dimensions, node, limits.count_cells)
    tables = []
    for place, (dimension, order) in enumerate(zip(dimensions, orders, strict=True)):
        if counts is None or dimensions[1 - place].is_several:
            tables.append(count_table(session, dimension, node, order))
        else:
            found = as_key_counts(dimension, _margin(counts, place), order.by_key)
            tables.append(_table(session, dimension, found, node, order))
    rows, columns = tables
    if counts is not None and not any(d.is_several for d in dimensions):
        cells = _cells(rows, columns, counts)
    else:
        cells = _cells_and_rest(session, node, rows, columns, counts)
    return CrossTable(rows, columns, cells, rows.total)


def _margin(counts: Counter[Keys], place: int) -> dict[Key, int]:
    """Sum the cells up: each host has one value of the other dimension."""
    margin: Counter[Key] = Counter()
    for keys, number in counts.items():
        margin[keys[place]] += number
    return margin


def _cells(rows: Table, columns: Table, counts: Counter[Keys]) -> list[list[int]]:
    cells = [[0] * len(columns.buckets) for _ in rows.buckets]
    row_of, column_of = rows.places(), columns.places()
    for (row, column), number in counts.items():
        cells[row_of(row)][column_of(column)] += number
    return cells


def _cells_and_rest(
    session: orm.Session,
    node: Node,
    rows: Table,
    columns: Table,
    counts: Counter[Keys] | None,
) -> list[list[int]]:
    """Return the cells where those of "other" are counted by themselves."""
    if counts is None:
        shown = all_of(node, _shown(rows), _shown(columns))
        dimensions = (rows.dimension, columns.dimension)
        counts = count_all_keys(session, dimensions, shown) or Counter()
    cells = _cells(rows, columns, counts)
    for at, row in enumerate(rows.buckets):
        for across, column in enumerate(columns.buckets):
            if row.kind.is_rest or column.kind.is_rest:
                cells[at][across] = 0
    for at, across, number in _rest(session, node, rows, columns):
        cells[at][across] = number
    return cells


def _shown(table: Table) -> Node:
    """Return the condition on hosts that are not only under "other"."""
    rest = [bucket.condition for bucket in table.buckets if bucket.kind.is_rest]
    return all_of(*(ast.negated(condition) for condition in rest))


def _rest(
    session: orm.Session, node: Node, rows: Table, columns: Table
) -> Iterator[tuple[int, int, int]]:
    """Count the cells of "other", which cannot be had from those that are shown."""
    for table, other, is_row in ((rows, columns, True), (columns, rows, False)):
        for place, bucket in enumerate(table.buckets):
            if not bucket.kind.is_rest:
                continue
            within = all_of(node, bucket.condition)
            shown = all_of(within, _shown(other))
            place_of = other.places()
            counts = count_all_keys(session, [other.dimension], shown) or Counter()
            for (key,), number in counts.items():
                across = place_of(key)
                if not other.buckets[across].kind.is_rest:
                    yield (place, across, number) if is_row else (across, place, number)
            for across, also in enumerate(other.buckets):
                if is_row and also.kind.is_rest:
                    both = all_of(within, also.condition)
                    yield place, across, count_hosts(session, both)


# ---- cards


@dataclass(frozen=True)
class Fact:
    """A number worth a look, such as the hosts without an owner."""

    name: str
    label: str
    condition: Node


FACTS = (
    Fact("active", "active", ast.Term("status", ast.EQUALS, ("active",))),
    Fact("without_owner", "without an owner", ast.Term("owner", ast.EMPTY)),
    Fact("without_address", "without an address", ast.Term("ip", ast.EMPTY)),
    Fact(
        "unconfirmed",
        f"not confirmed in {STALE_DAYS} days",
        unconfirmed(STALE_DAYS),
    ),
    Fact("offline", "offline", ast.Term("status", ast.EQUALS, ("offline",))),
)


def cells_of(table: CrossTable) -> Iterator[tuple[Bucket, Bucket, int]]:
    """Yield every cell with its row and column."""
    places = itertools.product(
        range(len(table.rows.buckets)), range(len(table.columns.buckets))
    )
    for row, column in places:
        yield (
            table.rows.buckets[row],
            table.columns.buckets[column],
            table.cells[row][column],
        )
