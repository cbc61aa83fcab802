"""Hosts in the order of variables: of few, whose keys are read and sorted here.

No index has that order, and engines would each sort the texts in their own way.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..errors import QueryError
from ..keyset.cursors import Cursor, Sort
from ..keyset.pages import Found, Page, turn_page
from ..limits import limits
from ..models import Host
from ..query.clauses import Clause
from ..query.sql.json_path import Variable
from ..validation.values import MAX_TEXT, natural_key, quoted, sort_key

T = TypeVar("T")


def has_variables(sort: Sort) -> bool:
    return any(part.path for part in sort.parts)


def without_variables(sort: Sort) -> Sort | None:
    """Return the order by what an index has, if that is anything."""
    return next((part.alone for part in sort.parts if not part.path), None)


def ordered_ids(session: orm.Session, where: Clause | None, sort: Sort) -> list[int]:
    """Return the ids of the matches in order. Raises ``QueryError`` for many."""
    columns = [_column(session, part) for part in sort.parts]
    select = sa.select(Host.id, *columns).limit(limits.counted_rows + 1)
    rows = session.execute(select if where is None else select.where(where)).all()
    if len(rows) > limits.counted_rows:
        name = next(part.name for part in sort.parts if part.path)
        raise QueryError(
            f"At most {limits.counted_rows:,} hosts can be sorted by a variable such "
            f"as {quoted(name)}.",
            "Narrow the query, or sort by another column.",
        )
    found = sorted(rows, key=lambda row: row[0], reverse=sort.descending)
    for place, part in reversed(list(enumerate(sort.parts, start=1))):
        found = _sorted(found, place, part)
    return [row[0] for row in found]


def _column(session: orm.Session, part: Sort) -> Any:
    if not part.path:
        return part.column
    text = Variable(engine_of(session), Host.vars, part.path).text
    return sa.func.substr(text, 1, MAX_TEXT)


def _sorted(rows: Sequence[Any], place: int, part: Sort) -> list[Any]:
    """Return the rows sorted by one column, the empty ones last either way."""
    keys = {row[0]: _key(row[place], part) for row in rows}
    filled = [row for row in rows if keys[row[0]] is not None]
    filled.sort(key=lambda row: keys[row[0]], reverse=part.descending)
    return [*filled, *(row for row in rows if keys[row[0]] is None)]


def _key(value: Any, part: Sort) -> Any:
    if part.path:
        return natural_key(sort_key(value)) if value else None
    return getattr(value, "value", value)


def page_of(
    session: orm.Session,
    hosts: sa.Select[T],
    where: Clause | None,
    sort: Sort,
    cursor: str | None,
    size: int,
) -> Page[T]:
    """Return one page; a place is the host there, or its number if that is gone."""
    ids = ordered_ids(session, where, sort)
    read = _reader(session, hosts, ids, size)
    return replace(turn_page(placed(sort), read, cursor), sort=sort)


def beside(
    session: orm.Session,
    hosts: sa.Select[Host],
    where: Clause | None,
    sort: Sort,
    host_id: int,
) -> tuple[Host | None, Host | None]:
    """Return the hosts before and after one in the order."""
    ids: list[int | None] = [None, *ordered_ids(session, where, sort), None]
    if host_id not in ids:
        return None, None
    here = ids.index(host_id)
    both = (ids[here - 1], ids[here + 1])
    found = {h.id: h for h in session.scalars(hosts.where(Host.id.in_(both)))}
    before, after = (None if id_ is None else found.get(id_) for id_ in both)
    return before, after


def placed(sort: Sort) -> Sort:
    """Return what a cursor is read by: without keys, which may be long texts."""
    name = sort.text.removeprefix("-")
    return replace(sort.alone, name=name, nullable=True, path=())


def _reader(
    session: orm.Session, hosts: sa.Select[T], ids: Sequence[int], size: int
) -> Callable[[Cursor | None, bool], Found[T]]:
    places = {id_: number for number, id_ in enumerate(ids)}

    def read(place: Cursor | None, backward: bool) -> Found[T]:
        wanted = _beyond(ids, places, place, backward)[: size + 1]
        rows = session.execute(
            hosts.add_columns(Host.id).where(Host.id.in_(wanted))
        ).all()
        by_id = {row[-1]: row[0] for row in rows}
        return Found([(by_id[id_], None, id_) for id_ in wanted if id_ in by_id], size)

    return read


def _beyond(
    ids: Sequence[int], places: dict[int, int], place: Cursor | None, backward: bool
) -> Sequence[int]:
    """Return the ids from a place on, in the direction that they are read in."""
    if place is None:
        return ids[::-1] if backward else ids
    here = places.get(place.id)
    if backward:
        return ids[: place.position - 1 if here is None else here][::-1]
    # Where it is gone, what came after it has moved up.
    return ids[max(0, place.position - 2) if here is None else here + 1 :]
