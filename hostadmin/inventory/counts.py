"""How many hosts: in all, by one field, by several.

Every number comes with the filter that finds exactly the hosts behind it. A host in
two groups, or with addresses in two networks, counts in both, and once in each.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..errors import QueryError
from ..models import Host
from ..query import tree
from ..query.compile import Clause, compile_node, select_ids
from ..query.filters import filter_arg, parse_filters
from ..query.tree import Node, all_of
from ..values import quoted
from .dimensions import Dimension, Way, plain
from .dimensions import find_dimension as find_dimension
from .dimensions import groupable_names as groupable_names

NOT_SET = "(not set)"
STALE_DAYS = 180

FilterArgs: TypeAlias = tuple[tuple[str, str], ...]
_Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Bucket:
    """The hosts that share a value; ``value`` is None for those that have none.

    ``share`` is the part of all hosts counted, from 0 to 1.
    """

    value: str | None
    label: str
    count: int
    share: float
    filter_args: FilterArgs


@dataclass(frozen=True)
class Cell:
    """The hosts that share a value in each of several fields."""

    values: tuple[str | None, ...]
    labels: tuple[str, ...]
    count: int
    filter_args: FilterArgs


@dataclass(frozen=True)
class Fact:
    """A number worth a look, such as the hosts without an owner."""

    name: str
    label: str
    count: int
    filter_args: FilterArgs


@dataclass(frozen=True)
class Summary:
    total: int
    facts: tuple[Fact, ...]


def count_hosts(session: orm.Session, node: Node = tree.EVERYTHING) -> int:
    """Return how many hosts the query means, exactly."""
    ids = select_ids(session, node)
    counted = ids.with_only_columns(sa.func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0


def count_by(
    session: orm.Session, node: Node = tree.EVERYTHING, by: str = "status"
) -> list[Bucket]:
    """Return the counts by one field, the highest first; see ``find_dimension``."""
    dimension = find_dimension(session, by)
    counts = _counted(session, node, [dimension])
    total = sum(counts.values())
    if len(dimension.ways) > 1:
        total = count_hosts(session, node)
    return [
        Bucket(
            value, _label(value), count, count / total, (dimension.filter_arg(value),)
        )
        for (value,), count in _told(counts, [dimension])
    ]


def count_by_many(
    session: orm.Session, node: Node = tree.EVERYTHING, by: Sequence[str] = ()
) -> list[Cell]:
    """Return the counts by several fields at once, without combinations of no host."""
    dimensions = [find_dimension(session, name) for name in by]
    for number, dimension in enumerate(dimensions):
        if dimension.name in [other.name for other in dimensions[:number]]:
            raise QueryError(f"Hosts are counted by {quoted(dimension.name)} twice.")
    counts = _counted(session, node, dimensions)
    return [
        Cell(
            values,
            tuple(map(_label, values)),
            count,
            tuple(d.filter_arg(v) for d, v in zip(dimensions, values, strict=True)),
        )
        for values, count in _told(counts, dimensions)
    ]


def _label(value: str | None) -> str:
    return NOT_SET if value is None else value


def summary(session: orm.Session, node: Node = tree.EVERYTHING) -> Summary:
    """Return the totals that stand on top of the statistics."""
    facts = tuple(
        Fact(name, label, _count_filtered(session, node, arg), (arg,))
        for name, label, arg in _FACTS
    )
    return Summary(count_hosts(session, node), facts)


_FACTS = (
    ("active", "active", filter_arg("status", "equals", "active")),
    ("without_owner", "without an owner", filter_arg("owner", "empty", "1")),
    ("without_address", "without an address", filter_arg("ip", "empty", "1")),
    (
        "unconfirmed",
        f"not confirmed in {STALE_DAYS} days",
        filter_arg("confirmed", "not_equal", f"-{STALE_DAYS}d..now"),
    ),
    ("offline", "offline", filter_arg("status", "equals", "offline")),
)


def _count_filtered(session: orm.Session, node: Node, arg: tuple[str, str]) -> int:
    return count_hosts(session, all_of(node, parse_filters([arg])))


# ---- counting


def _counted(
    session: orm.Session, node: Node, dimensions: Sequence[Dimension]
) -> Counter[_Key]:
    where = compile_node(session, node)
    counts: Counter[_Key] = Counter()
    # The ways of one dimension exclude each other, so the counts add up.
    for ways in itertools.product(*(dimension.ways for dimension in dimensions)):
        for *keys, count in session.execute(_statement(where, ways)):
            if count:
                counts[tuple(keys)] += count
    return counts


def _told(
    counts: Counter[_Key], dimensions: Sequence[Dimension]
) -> Iterator[tuple[tuple[str | None, ...], int]]:
    """Yield the counts, highest first, then by value; what is not set comes last."""

    def rank(item: tuple[_Key, int]) -> tuple[Any, ...]:
        keys, count = item
        return (-count, *((key is None, plain(key) or "") for key in keys))

    for keys, count in sorted(counts.items(), key=rank):
        yield tuple(d.value(k) for d, k in zip(dimensions, keys, strict=True)), count


def _statement(where: Clause | None, ways: Sequence[Way]) -> sa.Select[Any]:
    own_id = ways[0].host_id if where is None and len(ways) == 1 else None
    alone = own_id is not None
    count: ColumnElement[int] = sa.func.count()
    if any(way.is_repeated for way in ways):
        count = sa.func.count(sa.distinct(Host.id if own_id is None else own_id))
    keys = [way.key for way in ways if way.key is not None]
    shown = [sa.null() if way.key is None else way.key for way in ways]
    statement = sa.select(*shown, count).group_by(*keys)
    if not alone:
        statement = statement.select_from(Host)
    for way in ways:
        statement = way.added_to(statement, alone=alone)
    return statement if where is None else statement.where(where)
