"""Hosts by each of several columns at once: from what is kept, else in one pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..inventory.kept_counts import (
    Kept,
    asked_columns,
    has_written,
    kept_names,
    kept_numbers,
    moved,
    places_of,
    what_is_kept,
)
from ..models import host_counts
from ..query import ast
from ..query.ast import Node
from ..query.sql.compiler import Clause, compile_node
from .dimensions import Dimension
from .group_by import Key, KeyCounts, as_key_counts, cube_of


@dataclass(frozen=True)
class _Condition:
    node: Node
    clause: Clause | None


@dataclass(frozen=True)
class _Part:
    """A select of name, key and hosts, and which column is meant by each name."""

    select: sa.Select[Any]
    columns: dict[str | None, str] = field(default_factory=dict)


def count_each_column(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    own: Sequence[Node] = (),
) -> list[KeyCounts]:
    """Return the hosts by each of several columns, all read in one statement.

    ``own`` are further conditions, one on each of the columns: a column is counted
    under those of all others, not under its own.
    """
    columns = {_column(d).key: _column(d) for d in dimensions}
    conditions = [
        _Condition(each, compile_node(session, each)) for each in (node, *own)
    ]
    under = {
        name: conditions[: place + 1] + conditions[place + 2 :]
        for place, name in enumerate(columns)
    }
    parts: list[_Part] = []
    if not has_written(session):
        parts += _kept_parts(what_is_kept(session), under)
    known = {name for part in parts for name in part.columns.values()}
    rest = [name for name in columns if name not in known]
    if rest:
        parts += _counted_parts(conditions[0].clause, columns, rest, under)
    counts = _read(session, parts, columns)
    return [
        as_key_counts(dimension, found)
        for dimension, found in zip(dimensions, counts.values(), strict=True)
    ]


def _read(
    session: orm.Session, parts: Sequence[_Part], columns: dict[str, Any]
) -> dict[str, dict[Key, int]]:
    counts: dict[str, dict[Key, int]] = {name: {} for name in columns}
    numbers = {n for n, c in columns.items() if isinstance(c.type, sa.Integer)}
    for place, what, key, number in session.execute(_together(parts)):
        name = parts[place].columns[what]
        is_number = name in numbers and key is not None
        counts[name][int(key) if is_number else key] = int(number)
    return counts


def can_be_kept(kept: Kept, column: str, node: Node) -> bool:
    """Whether hosts by a column, under a condition, need not be counted."""
    asked = asked_columns(node)
    return asked is not None and kept_names(kept, asked.union((column,))) is not None


def is_kept(session: orm.Session, dimensions: Sequence[Dimension], node: Node) -> bool:
    """Whether hosts by these, under a condition, need not be counted."""
    columns = [d.column.key for d in dimensions if d.column is not None]
    if len(columns) < len(dimensions):
        return False
    return kept_numbers(session, node, columns) is not None


def _together(parts: Sequence[_Part]) -> sa.CompoundSelect[Any] | sa.Select[Any]:
    selects = [
        part.select.with_only_columns(
            sa.literal_column(str(place)).label("place"), *part.select.selected_columns
        )
        for place, part in enumerate(parts)
    ]
    return selects[0] if len(selects) == 1 else sa.union_all(*selects)


def _kept_parts(kept: Kept, under: dict[str, list[_Condition]]) -> Iterator[_Part]:
    """Yield selects of what is kept: of all columns that are found alike, one."""
    alike: dict[Any, dict[str | None, str]] = {}
    for column, conditions in under.items():
        asked = asked_columns(ast.all_of(*(c.node for c in conditions)))
        if asked is None:
            continue
        names = kept_names(kept, asked.union((column,)))
        if names is None:
            continue
        # Where the key is, and where the columns that conditions ask for.
        at = tuple((name, names.index(name)) for name in sorted(asked))
        which = tuple(id(c) for c in conditions if c.clause is not None)
        alike.setdefault((names.index(column), at, which), {})[",".join(names)] = column
    for (place, _, _), columns in alike.items():
        fields, column = next(iter(columns.items()))
        places = places_of(str(fields).split(","))
        key = (host_counts.c.first, host_counts.c.second)[place]
        where = [m for c in under[column] for m in moved(c.clause, places)]
        select = _summed(host_counts.c.fields, key, host_counts.c.hosts)
        yield _Part(
            select.where(host_counts.c.fields.in_(list(columns)), *where), columns
        )


def _counted_parts(
    where: Clause | None,
    columns: dict[str, Any],
    wanted: Sequence[str],
    under: dict[str, list[_Condition]],
) -> Iterator[_Part]:
    """Yield selects from one pass over the hosts, by every combination of columns."""
    cube = cube_of(where, list(columns.values())).cte()
    for column in wanted:
        # The first condition is that of the pass.
        others = [m for c in under[column][1:] for m in moved(c.clause, cube.c)]
        key = sa.cast(cube.c[column], sa.String(255))
        nothing = sa.cast(sa.null(), sa.String(255))
        yield _Part(_summed(nothing, key, cube.c.hosts).where(*others), {None: column})


def _summed(name: Any, key: Any, hosts: Any) -> sa.Select[Any]:
    number = sa.func.sum(hosts)
    grouped = (key,) if isinstance(name, sa.Cast) else (name, key)
    return (
        sa.select(name.label("name"), key.label("key"), number.label("hosts"))
        .group_by(*grouped)
        .having(number != 0)
    )


def _column(dimension: Dimension) -> Any:
    if dimension.column is None:
        raise LookupError(dimension.name)
    return dimension.column
