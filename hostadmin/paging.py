"""Pages of any table in any order, each read from where the last one ended.

No OFFSET and no uncapped count: the cost of a page follows its size. Empty values
come last in both directions; they are a range of their own, so that an index on
(column, id) serves both.
"""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BooleanClauseList, ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from .cursors import Cursor, Sort, read_cursor, write_cursor
from .sorting import beyond, order_of

T = TypeVar("T")

CAP = 10_000
# More rows than there can be.
EVERY = 2**31 - 1


@dataclass(frozen=True)
class Count:
    """A number of rows; ``capped`` means there are more than that."""

    value: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.value:,}+" if self.capped else f"{self.value:,}"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, in the order that they are in.

    ``start`` counts from 1 and is good for showing only.
    """

    rows: list[T]
    next_cursor: str | None
    previous_cursor: str | None
    start: int
    sort: Sort


# ---- counts


def capped_count(
    session: orm.Session, ids: sa.Select[Any], cap: int | None = CAP
) -> Count:
    """Return how many ids the select finds, stopping at the cap."""
    limited = ids.order_by(None)
    if cap is not None:
        limited = limited.limit(cap + 1)
    found = session.scalar(
        sa.select(sa.func.count()).select_from(limited.subquery("matches"))
    )
    number = found or 0
    if cap is not None and number > cap:
        return Count(cap, capped=True)
    return Count(number)


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
    sorts all matches though they are many: where the walk is long, since they all stand
    at the end of it, that is the shorter way.
    """
    is_bounded = count is not None and not count.capped
    if sort.then and not is_bounded:
        sort = sort.alone
    few = is_bounded and (where is not None or bool(sort.then))
    most = CAP + 1 if few else EVERY
    reader = _Reader(session, rows, where, sort, size, few or collect, most)
    if cursor:
        place = read_cursor(sort, cursor)
        page = reader.before(place) if place.backward else reader.after(place)
        if page is not None:
            return page
    return reader.first()


class _Found(Generic[T]):
    """Rows with their keys, in the order of the list, and whether more follow."""

    def __init__(self, found: Sequence[sa.Row[Any]], size: int) -> None:
        self.more = len(found) > size
        self._found = list(found[:size])

    def reverse(self) -> None:
        self._found.reverse()

    def __len__(self) -> int:
        return len(self._found)

    @property
    def rows(self) -> list[T]:
        return [row[0] for row in self._found]

    def edge(self, index: int, position: int, *, backward: bool) -> Cursor:
        row: Any = self._found[index]
        return Cursor(row[1], row[2], position, backward, tuple(row[3:]))


@dataclass(frozen=True)
class _Reader(Generic[T]):
    session: orm.Session
    select: sa.Select[T]
    where: ColumnElement[bool] | None
    sort: Sort
    size: int
    few: bool
    most: int

    def first(self) -> Page[T]:
        return self._page(self._read(None), 1, has_previous=False)

    def after(self, place: Cursor) -> Page[T] | None:
        found = self._read(place)
        if len(found):
            return self._page(found, place.position, has_previous=True)
        # The rows that stood here are gone: show the last page instead.
        return self._until(None, place.position)

    def before(self, place: Cursor) -> Page[T] | None:
        return self._until(place, place.position)

    def _until(self, place: Cursor | None, position: int) -> Page[T] | None:
        """Return the page that ends there, or None where it is the first one."""
        found = self._read(place, backward=True)
        if not found.more:
            return None
        found.reverse()
        start = max(1, position - len(found))
        return self._page(found, start, has_previous=True, has_next=place is not None)

    def _page(
        self,
        found: _Found[T],
        start: int,
        *,
        has_previous: bool,
        has_next: bool | None = None,
    ) -> Page[T]:
        following = previous = None
        if found.more if has_next is None else has_next:
            last = found.edge(-1, start + len(found), backward=False)
            following = write_cursor(self.sort, last)
        if has_previous:
            first = found.edge(0, start, backward=True)
            previous = write_cursor(self.sort, first)
        return Page(found.rows, following, previous, start, self.sort)

    def _read(self, place: Cursor | None, *, backward: bool = False) -> _Found[T]:
        if self.few:
            statements = iter([self._sorted(place, backward)])
        else:
            statements = self._walked(place, backward)
        found: list[sa.Row[Any]] = []
        for statement in statements:
            wanted = self.size + 1 - len(found)
            found += self.session.execute(statement.limit(wanted)).all()
            if len(found) > self.size:
                break
        return _Found(found, self.size)

    def _walked(self, place: Cursor | None, backward: bool) -> Iterator[sa.Select[Any]]:
        """Yield a statement for each stretch of the index that the page may touch."""
        sort, down = self.sort, self.sort.descending != backward
        key, row_id = sort.column, sort.id_column
        rows = self.select.add_columns(key, row_id)
        if self.where is not None:
            rows = rows.where(*self._unsought(self.where))
        rows = self._forced(rows)
        for stretch in _stretches(sort, place, backward):
            columns = [key] if sort.unique else [key, row_id]
            if stretch.one_key and self._dialect in _MYSQL:
                # Only so does MariaDB see that the index has this order; PostgreSQL
                # does not see it without the key, where that is NULL.
                columns = [row_id]
            yield rows.where(*stretch.conditions(sort, key, row_id, down)).order_by(
                *(column.desc() if down else column.asc() for column in columns)
            )

    @property
    def _dialect(self) -> str:
        return self.session.get_bind().dialect.name

    def _unsought(self, where: ColumnElement[bool]) -> list[ColumnElement[bool]]:
        """Keep SQLite from collecting all matches by their index and sorting them.

        What is said about the sort column itself stays: it narrows the walk.
        """
        if self._dialect != "sqlite":
            return [where]
        own = str(self.sort.column.expression)
        narrow = [_bare(part) for part in _joined(where) if _columns(part) == {own}]
        others = [part for part in _joined(where) if _columns(part) != {own}]
        return [*narrow, sa.case((sa.and_(sa.true(), *others), 1)) == 1]

    def _forced(self, rows: sa.Select[Any]) -> sa.Select[Any]:
        """Keep MariaDB from the same, and from reading all rows of one key."""
        index = _index_of(self.sort)
        if index is None:
            return rows
        table = self.sort.column.class_.__table__
        for dialect in _MYSQL:
            rows = rows.with_hint(table, f"FORCE INDEX ({index})", dialect)
        return rows

    def _sorted(self, place: Cursor | None, backward: bool) -> sa.Select[Any]:
        """Return the statement that collects the matches and sorts them.

        The page is cut out of a narrow table first; wide rows are read for it alone.
        """
        sort = self.sort
        columns = [part.column for part in sort.parts]
        names = [f"key_{number}" for number in range(len(columns))]
        keys = [c.label(name) for c, name in zip(columns, names, strict=True)]
        collected = sa.select(sort.id_column.label("id"), *keys)
        if self.where is not None:
            collected = collected.where(self.where)
        # A limit keeps the database from walking the order after all.
        matches = collected.limit(self.most).subquery("matches")
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


_MYSQL = ("mysql", "mariadb")


def _joined(where: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return the conditions that "and" joins at the top."""
    if isinstance(where, BooleanClauseList) and where.operator is operators.and_:
        return list(where.clauses)
    return [where]


def _bare(part: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition without the hint of how likely it is."""
    if isinstance(part, FunctionElement) and part.name == "likelihood":
        first: ColumnElement[bool] = next(iter(part.clauses))
        return first
    return part


def _columns(clause: ColumnElement[bool]) -> set[str]:
    return {
        str(part) for part in visitors.iterate(clause) if isinstance(part, sa.Column)
    }


def _index_of(sort: Sort) -> str | None:
    """Return the name of the index that has this order."""
    wanted = [sort.column.key, sort.id_column.key]
    table = sort.column.class_.__table__
    for index in table.indexes:
        if [column.key for column in index.columns] == wanted:
            return str(index.name)
    return None


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

    def conditions(
        self, sort: Sort, key: Any, row_id: Any, down: bool
    ) -> list[ColumnElement[bool]]:
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
