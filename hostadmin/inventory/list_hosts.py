"""Lists of hosts: one page for people, or all of them one by one for a file."""

import contextlib
import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..keyset.cursors import Sort, read_cursor
from ..keyset.pages import Count, Page, capped_count, fetch_page
from ..limits import limits
from ..models import Group, Host
from ..query import ast
from ..query.ast import Node
from ..query.fields import SORTABLE, Field, field_hint, find_field
from ..query.sql.compiler import Clause, Forms, compile_forms, compile_node, select_ids
from ..validation.values import quoted

DEFAULT_SORT = "hostname"
# To know what a query means, some of its conditions have to be looked up.
COMPILE_SECONDS = 3.0
# A page is read along the order, which is quick unless all matches stand at its end;
# or all of them at once, which is slow where they are many, but does not mind where
# they stand. Each way is tried for so long, then the other one for longer.
ATTEMPTS = ((0.15, "walk"), (0.4, "collect"), (0.45, "walk"), (2.0, "collect"))
PAGE_SECONDS = sum(seconds for seconds, _ in ATTEMPTS)
NOT_COUNTED = Count(0, capped=True)


# The variables of groups may be long, and would be read once for each host.
_GROUP_NAMES = orm.selectinload(Host.groups).load_only(Group.name)
_MORE = {
    "aliases": orm.selectinload(Host.aliases),
    "addresses": orm.selectinload(Host.addresses),
}


@dataclass(frozen=True)
class HostPage:
    """One page of hosts with their groups.

    ``count`` is how many match, ``total_count`` how many there are; both stop at a
    cap. ``start`` is the number of the first row. ``sort`` is the order they are in:
    of many, not by all the columns that were asked for. ``where`` is what the query
    means. Where counting, or with no rows the search itself, took too long, it was
    ``stopped_after`` so many seconds.
    """

    rows: list[Host]
    count: Count
    total_count: Count
    next_cursor: str | None
    previous_cursor: str | None
    start: int
    sort: Sort
    where: Clause | None = None
    stopped_after: float = 0.0


def parse_sort(text: str) -> Sort:
    """Return the order that ``-ip,hostname`` names. Raises ``QueryError``."""
    wanted = [part.strip() for part in (text.strip() or DEFAULT_SORT).split(",")]
    parts = [_parse_part(part) for part in wanted]
    names = [part.name for part in parts]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise QueryError(f"Hosts are sorted by {quoted(name)} twice.")
    first, *further = parts
    return replace(first, then=tuple(further))


def _parse_part(wanted: str) -> Sort:
    name = wanted.removeprefix("-")
    try:
        field = find_field(name)
    except QueryError:
        raise QueryError(
            f"There is no column {quoted(name)} to sort by.", field_hint(name)
        ) from None
    if field.sort_column is None:
        raise QueryError(
            f"Hosts cannot be sorted by {quoted(field.name)}.",
            f"They can be by {', '.join(SORTABLE)}.",
        )
    return _sort(field, field.sort_column, descending=wanted.startswith("-"))


def _sort(
    field: Field, column: orm.InstrumentedAttribute[Any], *, descending: bool
) -> Sort:
    return Sort(
        name=field.name,
        column=column,
        id_column=Host.id,
        nullable=field.nullable,
        descending=descending,
    )


# Every order there is, by its name in a URL; a dash in front turns it around.
SORTS: dict[str, Sort] = {name: parse_sort(name) for name in SORTABLE}


def list_hosts(
    session: orm.Session,
    node: Node = ast.EVERYTHING,
    sort: Sort | str = DEFAULT_SORT,
    cursor: str | None = None,
    size: int = 50,
    more: Collection[str] = (),
) -> HostPage:
    """Return one page of the hosts that the query means.

    ``more`` of them can be "aliases" and "addresses", which are tables of their own.
    """
    order = parse_sort(sort) if isinstance(sort, str) else sort
    total = capped_count(session, sa.select(Host.id))
    hosts = sa.select(Host).options(_GROUP_NAMES, *(_MORE[name] for name in more))
    if node == ast.EVERYTHING:
        every = fetch_page(session, hosts, None, order, cursor, size, count=total)
        return _host_page(every, total, total)
    forms, count = _count(session, node)
    if forms is None:
        try:
            with time_limit(session, COMPILE_SECONDS):
                forms = compile_forms(session, node)
        except TooSlow as slow:
            return _stopped(order, total, slow.seconds)
    if count == Count(0):
        # Without an index it would take as long again to find none.
        if cursor:
            read_cursor(order, cursor)
        return _host_page(Page([], None, None, 1, order), count, total, forms.walked)
    read = functools.partial(
        fetch_page, session, hosts, sort=order, cursor=cursor, size=size, count=count
    )
    page = _read_either_way(session, read, forms)
    if page is None:
        return _stopped(order, total, PAGE_SECONDS)
    return _known_page(page, count, total, forms.walked)


def _read_either_way(
    session: orm.Session, read: Callable[..., Page[Host]], forms: Forms
) -> Page[Host] | None:
    for seconds, way in ATTEMPTS:
        with contextlib.suppress(TooSlow), time_limit(session, seconds):
            collect = way == "collect"
            where = forms.collected if collect else forms.walked
            return read(where, collect=collect)
    return None


def _stopped(order: Sort, total: Count, seconds: float) -> HostPage:
    nothing: Page[Host] = Page([], None, None, 1, order.alone)
    return _host_page(nothing, NOT_COUNTED, total, stopped_after=seconds)


def _known_page(
    page: Page[Host], count: Count, total: Count, where: Clause | None
) -> HostPage:
    """Return the page; uncounted, it tells how many there are up to its end."""
    if count is not NOT_COUNTED:
        return _host_page(page, count, total, where)
    known = Count(page.start + len(page.rows) - 1, page.next_cursor is not None)
    return _host_page(page, known, total, where, stopped_after=limits.count_seconds)


def _count(session: orm.Session, node: Node) -> tuple[Forms | None, Count]:
    """Return what the query means, if that is known in time, and how many it finds."""
    forms: Forms | None = None
    try:
        with time_limit(session, limits.count_seconds):
            forms = compile_forms(session, node)
            return forms, capped_count(session, forms.ids)
    except TooSlow:
        return forms, NOT_COUNTED


def _host_page(
    page: Page[Host],
    count: Count,
    total: Count,
    where: Clause | None = None,
    stopped_after: float = 0.0,
) -> HostPage:
    return HostPage(
        page.rows,
        count,
        total,
        page.next_cursor,
        page.previous_cursor,
        page.start,
        page.sort,
        where,
        stopped_after,
    )


def iter_hosts(
    session: orm.Session,
    node: Node = ast.EVERYTHING,
    sort: Sort | str = DEFAULT_SORT,
) -> Iterator[Host]:
    """Return the hosts one by one, complete and detached, as of one moment.

    Complete means with aliases, addresses and the names of their groups.
    They are read on a connection of their own, so what the session has not committed
    is not among them. Memory stays flat. A query that makes no sense is refused here,
    before the first host is asked for.
    """
    order = parse_sort(sort) if isinstance(sort, str) else sort
    select_ids(session, node)
    bind = session.get_bind()
    return _stream(bind.engine, node, order)


def _stream(engine: sa.Engine, node: Node, sort: Sort) -> Iterator[Host]:
    level = engine_of(engine).snapshot_options
    with (
        engine.connect().execution_options(**level) as connection,
        orm.Session(connection) as reader,
    ):
        where = compile_node(reader, node)
        count = Count(limits.counted_rows, capped=True)
        if where is not None:
            count = capped_count(reader, sa.select(Host.id).where(where))
        read = _walk if count.capped else _collect
        for batch in read(reader, where, sort):
            yield from batch
            # Nothing of a batch may stay behind, or a big export fills the memory.
            reader.expunge_all()


# Never yield_per: with PyMySQL, loading groups cuts the unbuffered result short.
_COMPLETE = sa.select(Host).options(_GROUP_NAMES, *_MORE.values())


def _walk(
    reader: orm.Session, where: Clause | None, sort: Sort
) -> Iterator[list[Host]]:
    """Yield batches along the index of the sort column."""
    cursor: str | None = None
    while True:
        page = fetch_page(reader, _COMPLETE, where, sort, cursor, limits.list_batch)
        yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _collect(
    reader: orm.Session, where: Clause | None, sort: Sort
) -> Iterator[list[Host]]:
    """Find the few matches once, then yield them in batches."""
    few = Count(limits.counted_rows)
    page = fetch_page(
        reader, sa.select(Host.id), where, sort, None, limits.counted_rows, count=few
    )
    for start in range(0, len(page.rows), limits.list_batch):
        ids = page.rows[start : start + limits.list_batch]
        hosts = reader.scalars(_COMPLETE.where(Host.id.in_(ids)))
        by_id = {host.id: host for host in hosts}
        yield [by_id[host_id] for host_id in ids]
