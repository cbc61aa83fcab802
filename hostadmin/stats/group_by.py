"""From dimensions to SQL and back: how many hosts have which keys."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnElement

from ..db.engines import engine_of
from ..models import COUNTED_COLUMNS, Host
from ..query import ast
from ..query.ast import Node
from ..query.sql.compiler import Clause, compile_node
from .dimensions import CountSource, Dimension, plain

Key: TypeAlias = Any
Keys: TypeAlias = tuple[Key, ...]

# Selects of one statement; SQLite takes 500.
_TOGETHER = 100


@dataclass(frozen=True)
class Tally:
    """Hosts by key, the most frequent first. ``rest`` are further keys, not told.

    ``counted`` is the sum over all keys, told or not, and those without any.
    """

    counts: list[tuple[Key, int]]
    unset: int = 0
    rest: int = 0
    counted: int = 0


def tally_all(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    limit: int | None = None,
) -> Counter[Keys] | None:
    """Return the hosts by their keys; None if there are more of these than the limit.

    A key that is None stands for hosts without a value.
    """
    where = compile_node(session, node)
    counts: Counter[Keys] = Counter()
    found = 0
    for statement in _statements(session, where, dimensions):
        limited = statement if limit is None else statement.limit(limit + 1)
        for *keys, number in session.execute(limited):
            found += 1
            if number:
                counts[_folded(keys, dimensions)] += int(number)
        if limit is not None and found > limit:
            return None
    return counts


def tally(
    session: orm.Session,
    dimension: Dimension,
    node: Node = ast.EVERYTHING,
    top: int | None = None,
    *,
    by_key: bool = False,
) -> Tally:
    """Return the hosts by key, of the ``top`` most frequent or first keys."""
    if top is None or dimension.fold or dimension.is_told_by_text:
        counts = tally_all(session, [dimension], node) or Counter()
        return as_tally(dimension, {key: n for (key,), n in counts.items()}, by_key)
    where = compile_node(session, node)
    grouped = next(_statements(session, where, [dimension])).subquery("grouped")
    if len(dimension.ways) > 1:
        key, number = grouped.c
        total = sa.func.sum(number).label("hosts")
        grouped = sa.select(key, total).group_by(key).subquery("summed")
    key, number = grouped.c
    unset_first = sa.case((key.is_(None), 0), else_=1)
    order = [unset_first, key] if by_key else [unset_first, number.desc(), key]
    rows = session.execute(
        sa.select(key, number, sa.func.count().over(), sa.func.sum(number).over())
        .order_by(*order)
        .limit(top + 1)
    ).all()
    has_unset = bool(rows) and rows[0][0] is None
    told = [(row[0], int(row[1])) for row in rows[has_unset:][:top]]
    return Tally(
        told,
        int(rows[0][1]) if has_unset else 0,
        (rows[0][2] - has_unset if rows else 0) - len(told),
        int(rows[0][3]) if rows else 0,
    )


def count_any(
    session: orm.Session, dimension: Dimension, keys: Sequence[Key], node: Node
) -> int | None:
    """Return how many hosts have any of the keys, where there is a cheap way to."""
    if dimension.way_to_any is None:
        return None
    statement = _statement(compile_node(session, node), [dimension.way_to_any(keys)])
    return int(session.execute(statement).one()[1])


def as_tally(
    dimension: Dimension, counts: dict[Key, int], by_key: bool = False
) -> Tally:
    """Return counts in the order that they are told in."""

    def rank(item: tuple[Key, int]) -> tuple[Any, ...]:
        key, number = item
        name = dimension.text(key) if dimension.is_told_by_text else plain(key)
        return (name,) if by_key else (-number, name)

    told = sorted(((k, n) for k, n in counts.items() if k is not None), key=rank)
    return Tally(told, counts.get(None, 0), 0, sum(counts.values()))


def tally_columns(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    own: Sequence[Node] = (),
) -> list[Tally]:
    """Return the hosts by each of several columns, all read in one pass.

    ``own`` are further conditions, one on each of the columns: a column is counted
    under those of all others, not under its own.
    """
    where = compile_node(session, node)
    cube = _cube(where, [d.column for d in dimensions if d.column is not None]).cte()
    clauses = [_on_cube(cube, compile_node(session, each)) for each in own]
    parts: list[Any] = []
    for place, dimension in enumerate(dimensions):
        key = cube.c[_column(dimension).name]
        others = [c for at, c in enumerate(clauses) if at != place and c is not None]
        parts.append(
            sa.select(
                sa.literal_column(str(place)).label("place"),
                sa.cast(key, sa.String(255)).label("key"),
                sa.func.sum(cube.c.hosts).label("hosts"),
            )
            .where(*others)
            .group_by(key)
        )
    counts: list[dict[Key, int]] = [{} for _ in dimensions]
    for place, key, number in session.execute(sa.union_all(*parts)):
        is_number = isinstance(_column(dimensions[place]).type, sa.Integer)
        counts[place][int(key) if key is not None and is_number else key] = int(number)
    return [
        as_tally(dimension, found)
        for dimension, found in zip(dimensions, counts, strict=True)
    ]


def _folded(keys: Sequence[Key], dimensions: Sequence[Dimension]) -> Keys:
    return tuple(
        key if key is None or dimension.fold is None else dimension.fold(key)
        for key, dimension in zip(keys, dimensions, strict=True)
    )


# ---- statements


def _statements(
    session: orm.Session, where: Clause | None, dimensions: Sequence[Dimension]
) -> Iterator[sa.Select[Any]]:
    """Yield selects of keys and the number of hosts; few, whatever the data are.

    The ways of one dimension exclude each other, so the numbers add up.
    """
    columns = [d.column for d in dimensions if d.column is not None]
    if len(columns) == len(dimensions) and _is_indexed_together(
        session, where, columns
    ):
        cube = _cube(where, columns).subquery()
        keys = [cube.c[column.name] for column in columns]
        yield sa.select(*keys, sa.func.sum(cube.c.hosts).label("hosts")).group_by(*keys)
        return
    each = itertools.product(*(dimension.ways for dimension in dimensions))
    selects = [_statement(where, ways) for ways in each]
    for start in range(0, len(selects), _TOGETHER):
        some = selects[start : start + _TOGETHER]
        if len(some) == 1:
            yield some[0]
        else:
            # Each has its own index to walk; together they are one question.
            yield sa.select(sa.union_all(*some).subquery("ways"))


def _statement(where: Clause | None, ways: Sequence[CountSource]) -> sa.Select[Any]:
    if where is None and len(ways) == 1 and ways[0].whole is not None:
        key = sa.null() if ways[0].key is None else ways[0].key
        return sa.select(key.label("key_0"), ways[0].whole.label("hosts"))
    own_id = ways[0].host_id if where is None and len(ways) == 1 else None
    alone = own_id is not None
    count: ColumnElement[int] = sa.func.count()
    if any(way.is_repeated for way in ways):
        count = sa.func.count(sa.distinct(Host.id if own_id is None else own_id))
    keys = [way.key for way in ways if way.key is not None and not way.is_constant]
    shown = [
        (sa.null() if way.key is None else way.key).label(f"key_{place}")
        for place, way in enumerate(ways)
    ]
    statement = sa.select(*shown, count.label("hosts")).group_by(*keys)
    if not alone:
        statement = statement.select_from(Host)
    for way in ways:
        statement = way.added_to(statement, alone=alone)
    return statement if where is None else statement.where(where)


# ---- the cube


def _is_indexed_together(
    session: orm.Session, where: Clause | None, columns: Sequence[Any]
) -> bool:
    """Whether to count by way of the one index that holds all short columns.

    Where there is none, engines keep a table of counts meanwhile. One column without a
    condition has its own index.
    """
    if not engine_of(session).counts_by_index:
        return False
    is_alone = where is None and len(columns) == 1
    return not is_alone and all(c.name in COUNTED_COLUMNS for c in columns)


def _cube(where: Clause | None, columns: Sequence[Any]) -> sa.Select[Any]:
    """Count by every combination of the columns, and of those ahead in the index."""
    names = {column.name: None for column in columns}
    places = [at for at, name in enumerate(COUNTED_COLUMNS) if name in names]
    ahead = dict.fromkeys(COUNTED_COLUMNS[: max(places, default=-1) + 1])
    keys = [getattr(Host, name) for name in ahead | names]
    cube = sa.select(*keys, sa.func.count().label("hosts")).group_by(*keys)
    return cube if where is None else cube.where(where)


def _on_cube(cube: sa.CTE, clause: Clause | None) -> Clause | None:
    """Return a condition on columns of hosts as one on those of the cube."""

    def replaced(element: Any, **_: Any) -> Any:
        is_ours = isinstance(element, sa.Column) and element.table is Host.__table__
        return cube.c[element.name] if is_ours else None

    if clause is None:
        return None
    moved: Clause = visitors.replacement_traverse(clause, {}, replaced)
    return moved


def _column(dimension: Dimension) -> Any:
    if dimension.column is None:
        raise LookupError(dimension.name)
    return dimension.column
