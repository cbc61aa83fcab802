"""Pages of any table in any order, each read from where the last one ended.

No OFFSET and no uncapped count: the cost of a page follows its size. Empty values
come last in both directions; they are a range of their own, so that an index on
(column, id) serves both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..db.engines import Engine, engine_of
from ..limits import limits
from .cursors import Cursor, Sort, read_cursor, write_cursor
from .index_scan import walk
from .order_by import beyond, order_of

T = TypeVar("T")

# More rows than there can be.
EVERY = 2**31 - 1


@dataclass(frozen=True)
class Count:
    """A number of rows; ``capped`` means there are more than that.

    Where it is known how many, though they were not counted, that is ``exact``.
    """

    value: int
    capped: bool = False
    exact: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.exact is not None:
            return f"{self.exact:,}"
        return f"{self.value:,}+" if self.capped else f"{self.value:,}"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, in the order that they are in.

    ``start`` counts from 1 and is good for showing only. ``stopped`` is the place where
    the search gave up before the page was full.
    """

    rows: list[T]
    next_cursor: str | None
    previous_cursor: str | None
    start: int
    sort: Sort
    stopped: Cursor | None = None


# ---- counts


def capped_count(
    session: orm.Session, ids: sa.Select[Any], cap: int | None = None
) -> Count:
    """Return how many ids the select finds, stopping at the cap, else at the limit."""
    most = limits.counted_rows if cap is None else cap
    limited = ids.order_by(None).limit(most + 1).subquery("matches")
    number = session.scalar(sa.select(sa.func.count()).select_from(limited)) or 0
    return Count(min(number, most), capped=number > most)


def known_count(number: int) -> Count:
    """Return a number that did not have to be counted, capped like one that had."""
    most = limits.counted_rows
    return Count(min(number, most), capped=number > most, exact=number)


# ---- pages


def fetch_page(
    session: orm.Session,
    rows: sa.Select[T],
    where: ColumnElement[bool] | None,
    sort: Sort,
    cursor: str | None = None,
    size: int = 50,
    *,
    count: Count | None = None,
    collect: bool = False,
) -> Page[T]:
    """Return one page of the rows for which ``where`` holds.

    ``rows`` selects one entity, with its loader options, and no condition or order.
    ``count`` is the capped count of the same condition. Where it says that there are
    few matches, these are collected and sorted; otherwise the index of the sort
    column is walked until the page is full. Either way the cost is bounded. Only a few
    are sorted by further columns; of many, the page tells by its ``sort``. ``collect``
    sorts all matches though they are many: where the walk is long, since they all are
    at the end of it, that is the shorter way.
    """
    is_bounded = count is not None and not count.capped
    if sort.then and not is_bounded:
        sort = sort.alone
    few = is_bounded and (where is not None or bool(sort.then))
    limit = limits.counted_rows + 1 if few else EVERY
    reader = _Reader(session, rows, where, sort, size, few or collect, limit)
    return turn_page(sort, reader.read, cursor)


def rows_beside(
    session: orm.Session,
    rows: sa.Select[T],
    where: ColumnElement[bool] | None,
    sort: Sort,
    place: Cursor,
    count: Count,
) -> tuple[T | None, T | None]:
    """Return the rows before and after a place in the list that ``fetch_page`` reads.

    The sort must be one that such a list can have, see there.
    """
    few = not count.capped
    limit = limits.counted_rows + 1 if few else EVERY
    reader = _Reader(session, rows, where, sort, 1, few, limit)
    before, after = (reader.read(place, backward).rows for backward in (True, False))
    return before[0] if before else None, after[0] if after else None


class Found(Generic[T]):
    """Rows as a search reads them: what is listed, its key, its id, and further keys.

    ``stopped`` is the row where the search gave up, though there may be more beyond.
    """

    def __init__(self, rows: Sequence[Any], size: int, stopped: Any = None) -> None:
        self._rows = list(rows[:size])
        self.stopped = _place_of(stopped)
        self.more = len(rows) > size or stopped is not None

    def reverse(self) -> None:
        self._rows.reverse()

    @property
    def rows(self) -> list[T]:
        return [row[0] for row in self._rows]

    @property
    def first(self) -> Cursor | None:
        return _place_of(self._rows[0]) if self._rows else None

    @property
    def last(self) -> Cursor | None:
        return _place_of(self._rows[-1]) if self._rows else None


def _place_of(row: Any) -> Cursor | None:
    return None if row is None else Cursor(row[1], row[2], 0, then=tuple(row[3:]))


def turn_page(
    sort: Sort,
    read: Callable[[Cursor | None, bool], Found[T]],
    cursor: str | None,
    *,
    may_be_empty: bool = False,
) -> Page[T]:
    """Return the page at the cursor, of what ``read`` finds beyond a place.

    Its flag is for backwards. Where a page must not be empty, the last one stands for
    what is beyond the end. Raises ``QueryError`` for a cursor of another order.
    """
    pager = _Pager(sort, read)
    place = read_cursor(sort, cursor) if cursor else None
    page = None
    if place and place.backward:
        page = pager.until(place, place.position)
    elif place:
        page = pager.after(place, place.position)
        if not (page.rows or may_be_empty):
            # The rows that stood here are gone.
            page = pager.until(None, place.position)
    return page or pager.after(None, 1)


@dataclass(frozen=True)
class _Pager(Generic[T]):
    sort: Sort
    read: Callable[[Cursor | None, bool], Found[T]]

    def after(self, place: Cursor | None, start: int) -> Page[T]:
        found = self.read(place, False)
        following = found.stopped or found.last if found.more else None
        before = (found.first or place) if place else None
        return self._page(found, start, following, before)

    def until(self, place: Cursor | None, position: int) -> Page[T] | None:
        """Return the page that ends there, or None where it is the first one."""
        found = self.read(place, True)
        if not found.more:
            return None
        found.reverse()
        start = max(1, position - len(found.rows))
        following = (found.last or place) if place else None
        return self._page(found, start, following, found.stopped or found.first)

    def _page(
        self, found: Found[T], start: int, after: Cursor | None, before: Cursor | None
    ) -> Page[T]:
        end = start + len(found.rows)
        return Page(
            found.rows,
            self._cursor(after, end, backward=False),
            self._cursor(before, start, backward=True),
            start,
            self.sort,
            found.stopped,
        )

    def _cursor(
        self, place: Cursor | None, position: int, *, backward: bool
    ) -> str | None:
        if place is None:
            return None
        place = replace(place, position=position, backward=backward)
        return write_cursor(self.sort, place)


@dataclass(frozen=True)
class _Reader(Generic[T]):
    session: orm.Session
    select: sa.Select[T]
    where: ColumnElement[bool] | None
    sort: Sort
    size: int
    few: bool
    limit: int

    @property
    def engine(self) -> Engine:
        return engine_of(self.session)

    def read(self, place: Cursor | None, backward: bool) -> Found[T]:
        if self.few:
            statements = iter([self._sorted(place, backward)])
        else:
            statements = walk(
                self.engine, self.select, self.where, self.sort, place, backward
            )
        found: list[sa.Row[Any]] = []
        for statement in statements:
            wanted = self.size + 1 - len(found)
            found += self.session.execute(statement.limit(wanted)).all()
            if len(found) > self.size:
                break
        return Found(found, self.size)

    def _sorted(self, place: Cursor | None, backward: bool) -> sa.Select[Any]:
        """Return the statement that collects the matches and sorts them.

        The page is cut out of a narrow table first; wide rows are read for it alone.
        """
        sort = self.sort
        columns = [part.column for part in sort.parts]
        names = [f"key_{number}" for number in range(len(columns))]
        keys = [c.label(name) for c, name in zip(columns, names, strict=True)]
        collected = sa.select(sort.id_column.label("id"), *keys)
        # A limit keeps the database from walking the order after all.
        if self.where is None:
            collected = collected.limit(self.limit)
        elif self.engine.finds_ids_first and self.limit < EVERY:
            found_ids = sa.select(sort.id_column.label("id")).where(self.where)
            ids = found_ids.limit(self.limit).subquery("ids")
            collected = collected.join(ids, ids.c.id == sort.id_column)
        else:
            collected = collected.where(self.where).limit(self.limit)
        matches = collected.subquery("matches")
        found = [matches.c[name] for name in names]
        page = sa.select(matches.c.id, *found)
        if place is not None:
            page = page.where(beyond(sort, found, matches.c.id, place, backward))
        order = order_of(sort, found, matches.c.id, backward)
        cut = page.order_by(*order).limit(self.size + 1).subquery("page")
        order = order_of(sort, [cut.c[name] for name in names], cut.c.id, backward)
        return (
            self.select.join(cut, cut.c.id == sort.id_column)
            .add_columns(columns[0], sort.id_column, *columns[1:])
            .order_by(*order)
        )
