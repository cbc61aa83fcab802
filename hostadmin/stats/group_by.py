"""From dimensions to SQL and back: how many hosts have which keys."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..db.engines import engine_of
from ..inventory.kept_counts import kept_numbers, moved
from ..limits import limits
from ..models import COUNTED_COLUMNS, Host
from ..query import ast
from ..query.ast import Node
from ..query.sql.compiler import Clause, compile_node
from .dimensions import CountSource, Dimension

Key: TypeAlias = Any
Keys: TypeAlias = tuple[Key, ...]

# Selects of one statement; SQLite takes 500.
_TOGETHER = 100


@dataclass(frozen=True)
class KeyCounts:
    """Hosts by key, the most frequent first. ``rest`` are further keys, not shown.

    ``counted`` is the sum over all keys, shown or not, and those without any.
    """

    counts: list[tuple[Key, int]]
    unset: int = 0
    rest: int = 0
    counted: int = 0


def count_all_keys(
    session: orm.Session,
    dimensions: Sequence[Dimension],
    node: Node = ast.EVERYTHING,
    limit: int | None = None,
) -> Counter[Keys] | None:
    """Return the hosts by their keys; None if there are more of these than the limit.

    A key that is None stands for hosts without a value.
    """
    counts: Counter[Keys] = Counter()
    found = 0
    for statement in _statements(session, node, dimensions):
        limited = statement if limit is None else statement.limit(limit + 1)
        for *keys, number in session.execute(limited):
            found += 1
            if number:
                counts[_folded(keys, dimensions)] += int(number)
        if limit is not None and found > limit:
            return None
    return counts


def count_keys(
    session: orm.Session,
    dimension: Dimension,
    node: Node = ast.EVERYTHING,
    top: int | None = None,
    *,
    by_key: bool = False,
) -> KeyCounts:
    """Return the hosts by key, of the ``top`` most frequent or first keys and one."""
    if top is None or dimension.fold or dimension.is_shown_by_text:
        counts = count_all_keys(session, [dimension], node) or Counter()
        return _key_counts(dimension, counts, by_key)
    if dimension.order is not None:
        # Few values have an order of their own. If they are more than can be held,
        # the database sorts them as it does all others.
        some = count_all_keys(session, [dimension], node, limits.counted_rows)
        if some is not None:
            return _key_counts(dimension, some, by_key)
    return _top_key_counts(session, dimension, node, top, by_key)


def _top_key_counts(
    session: orm.Session, dimension: Dimension, node: Node, top: int, by_key: bool
) -> KeyCounts:
    """Let the database sort, and read no more than is shown."""
    grouped = next(_statements(session, node, [dimension])).subquery("grouped")
    if len(dimension.sources) > 1:
        key, number = grouped.c
        total = sa.func.sum(number).label("hosts")
        grouped = sa.select(key, total).group_by(key).subquery("summed")
    key, number = grouped.c
    unset_first = sa.case((key.is_(None), 0), else_=1)
    order = [unset_first, key] if by_key else [unset_first, number.desc(), key]
    rows = session.execute(
        sa.select(key, number, sa.func.count().over(), sa.func.sum(number).over())
        .order_by(*order)
        .limit(top + 2)
    ).all()
    if not rows:
        return KeyCounts([])
    has_unset = rows[0][0] is None
    # With one more, which is shown by its name if it is the last.
    shown = [(row[0], int(row[1])) for row in rows[has_unset:][: top + 1]]
    return KeyCounts(
        shown,
        int(rows[0][1]) if has_unset else 0,
        rows[0][2] - has_unset - len(shown),
        int(rows[0][3]),
    )


def _key_counts(dimension: Dimension, counts: Counter[Keys], by_key: bool) -> KeyCounts:
    return as_key_counts(dimension, {key: n for (key,), n in counts.items()}, by_key)


def count_any(
    session: orm.Session, dimension: Dimension, keys: Sequence[Key], node: Node
) -> int | None:
    """Return how many hosts have any of the keys, where there is a cheap way to."""
    if dimension.source_of_any is None:
        return None
    statement = _statement(compile_node(session, node), [dimension.source_of_any(keys)])
    return int(session.execute(statement).one()[1])


def as_key_counts(
    dimension: Dimension, counts: dict[Key, int], by_key: bool = False
) -> KeyCounts:
    """Return counts in the order that they are shown in."""

    def rank(item: tuple[Key, int]) -> tuple[Any, ...]:
        key, number = item
        name = dimension.rank(key)
        return (name,) if by_key else (-number, name)

    shown = sorted(((k, n) for k, n in counts.items() if k is not None), key=rank)
    return KeyCounts(shown, counts.get(None, 0), 0, sum(counts.values()))


def _folded(keys: Sequence[Key], dimensions: Sequence[Dimension]) -> Keys:
    return tuple(
        key if key is None or dimension.fold is None else dimension.fold(key)
        for key, dimension in zip(keys, dimensions, strict=True)
    )


# ---- statements


def _statements(
    session: orm.Session, node: Node, dimensions: Sequence[Dimension]
) -> Iterator[sa.Select[Any]]:
    """Yield selects of keys and the number of hosts; few, whatever the data are.

    The ways of one dimension exclude each other, so the numbers add up.
    """
    where = compile_node(session, node)
    columns = [d.column for d in dimensions if d.column is not None]
    if len(columns) == len(dimensions):
        kept = kept_numbers(session, node, [column.key for column in columns])
        if kept is not None:
            yield _of_kept(kept, where, columns)
            return
        if _is_indexed_together(session, where, columns):
            yield _of_cube(where, columns)
            return
    yield from _of_sources(where, dimensions)


def _of_kept(
    kept: sa.FromClause, where: Clause | None, columns: Sequence[Any]
) -> sa.Select[Any]:
    keys = [kept.c[column.key] for column in columns]
    number = sa.func.sum(kept.c.hosts)
    statement = sa.select(*keys, number.label("hosts")).where(*moved(where, kept.c))
    return statement.group_by(*keys).having(number != 0)


def _of_cube(where: Clause | None, columns: Sequence[Any]) -> sa.Select[Any]:
    cube = cube_of(where, columns).subquery()
    keys = [cube.c[column.name] for column in columns]
    return sa.select(*keys, sa.func.sum(cube.c.hosts).label("hosts")).group_by(*keys)


def _of_sources(
    where: Clause | None, dimensions: Sequence[Dimension]
) -> Iterator[sa.Select[Any]]:
    each = itertools.product(*(dimension.sources for dimension in dimensions))
    selects = [_statement(where, sources) for sources in each]
    for start in range(0, len(selects), _TOGETHER):
        some = selects[start : start + _TOGETHER]
        if len(some) == 1:
            yield some[0]
        else:
            # Each has its own index to walk; together they are one question.
            yield sa.select(sa.union_all(*some).subquery("ways"))


def _statement(where: Clause | None, sources: Sequence[CountSource]) -> sa.Select[Any]:
    alone = sources[0] if where is None and len(sources) == 1 else None
    if alone is not None and alone.whole is not None:
        return sa.select(_key(alone).label("key_0"), alone.whole.label("hosts"))
    own_id = None if alone is None else alone.host_id
    keys = [_key(source).label(f"key_{at}") for at, source in enumerate(sources)]
    shown = (*keys, _number(sources, own_id).label("hosts"))
    statement: sa.Select[Any] = sa.select(*shown).group_by(*_grouped(sources))
    if own_id is None:
        statement = statement.select_from(Host)
    for source in sources:
        statement = source.added_to(statement, alone=own_id is not None)
    return statement if where is None else statement.where(where)


def _key(source: CountSource) -> ColumnElement[Any]:
    return sa.null() if source.key is None else source.key


def _grouped(sources: Sequence[CountSource]) -> list[ColumnElement[Any]]:
    return [s.key for s in sources if s.key is not None and not s.is_constant]


def _number(sources: Sequence[CountSource], own_id: Any) -> ColumnElement[int]:
    if any(source.is_repeated for source in sources):
        return sa.func.count(sa.distinct(Host.id if own_id is None else own_id))
    return sa.func.count()


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


def cube_of(where: Clause | None, columns: Sequence[Any]) -> sa.Select[Any]:
    """Count by every combination of the columns, and of those ahead in the index."""
    names = {column.name: None for column in columns}
    places = [at for at, name in enumerate(COUNTED_COLUMNS) if name in names]
    ahead = dict.fromkeys(COUNTED_COLUMNS[: max(places, default=-1) + 1])
    keys = [getattr(Host, name) for name in ahead | names]
    cube = sa.select(*keys, sa.func.count().label("hosts")).group_by(*keys)
    return cube if where is None else cube.where(where)
