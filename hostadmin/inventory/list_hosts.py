"""Lists of hosts: one page for people, or all of them one by one for a file."""

import contextlib
import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..keyset.cursors import Cursor, Sort, read_cursor
from ..keyset.pages import (
    Count,
    Page,
    capped_count,
    fetch_page,
    known_count,
    rows_beside,
)
from ..limits import limits
from ..models import Group, Host
from ..query import ast
from ..query.ast import Node
from ..query.fields import SORTABLE, Field, field_hint, find_field
from ..query.sql.compiler import Clause, Forms, compile_forms, compile_node, select_ids
from ..query.sql.term_order import implied_by
from ..validation.values import quoted
from .kept_counts import kept_count, kept_count_where
from .variable_order import (
    beside,
    has_variables,
    ordered_ids,
    page_of,
    placed,
    without_variables,
)

DEFAULT_SORT = "hostname"
# To know what a query means, some of its conditions have to be looked up.
COMPILE_SECONDS = 3.0
# A page is read along the order, which is quick unless all matches are at its end;
# or all of them at once, which is slow where they are many, but does not mind where
# they are. Each way is tried for so long, then the other one for longer.
ATTEMPTS = ((0.15, "walk"), (0.4, "collect"), (0.45, "walk"), (2.0, "collect"))
# Who looks at one host does not wait for its neighbours in a list.
BESIDE_SECONDS = 0.2
PAGE_SECONDS = sum(seconds for seconds, _ in ATTEMPTS)
NOT_COUNTED = Count(0, capped=True)


T = TypeVar("T")

# The variables of groups may be long, and would be read once for each host.
_GROUP_NAMES = orm.selectinload(Host.groups).load_only(Group.name)
_MORE = {
    "aliases": orm.selectinload(Host.aliases),
    "addresses": orm.selectinload(Host.addresses),
}


@dataclass(frozen=True)
class HostPage(Generic[T]):
    """One page of hosts with their groups, or of their ids.

    ``count`` is how many match, ``total_count`` how many there are; both stop at a
    cap. ``start`` is the number of the first row. ``sort`` is the order they are in:
    of many, not by all the columns that were asked for. ``where`` is what the query
    means. Where counting, or with no rows the search itself, took too long, it was
    ``stopped_after`` so many seconds.
    """

    rows: list[T]
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
            raise QueryError(f"{quoted(name)} is used twice in the sort order.")
    first, *further = parts
    return replace(first, then=tuple(further))


def _parse_part(wanted: str) -> Sort:
    name = wanted.removeprefix("-")
    try:
        field = find_field(name)
    except QueryError:
        raise QueryError(f"Unknown column {quoted(name)}.", field_hint(name)) from None
    descending = wanted.startswith("-")
    if field.path:
        return Sort(
            *(field.name, Host.vars, Host.id),
            nullable=True,
            descending=descending,
            path=field.path,
        )
    if field.sort_column is None:
        raise QueryError(
            f"Hosts cannot be sorted by {quoted(field.name)}.",
            f"Use one of: {', '.join(SORTABLE)}, var.NAME.",
        )
    return _sort(field, field.sort_column, descending=descending)


def _sort(
    field: Field, column: orm.InstrumentedAttribute[Any], *, descending: bool
) -> Sort:
    is_ordered_apart = field.kind.has_vocabulary
    return Sort(
        name=field.name,
        column=column,
        id_column=Host.id,
        nullable=field.nullable,
        descending=descending,
        implied=implied_by(field.own_column, column) if is_ordered_apart else None,
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
) -> HostPage[Host]:
    """Return one page of the hosts that the query means.

    ``more`` of them can be "aliases" and "addresses", which are tables of their own.
    """
    order = parse_sort(sort) if isinstance(sort, str) else sort
    hosts = sa.select(Host).options(_GROUP_NAMES, *(_MORE[name] for name in more))
    return _list(session, hosts, node, order, cursor, size)


def count_hosts(session: orm.Session, node: Node) -> Count:
    """Return how many hosts the query means; ``NOT_COUNTED`` where that is slow."""
    if node == ast.EVERYTHING:
        return _count_all(session)
    return _count(session, node)[1]


def list_host_ids(
    session: orm.Session, node: Node, sort: Sort, cursor: str | None, size: int
) -> HostPage[int]:
    """Return the same page, of ids alone."""
    return _list(session, sa.select(Host.id), node, sort, cursor, size)


def _list(
    session: orm.Session,
    hosts: sa.Select[T],
    node: Node,
    order: Sort,
    cursor: str | None,
    size: int,
) -> HostPage[T]:
    total = _count_all(session)
    if node == ast.EVERYTHING:
        order = _fitting(order, total)
        every = _fetch(session, hosts, None, order, cursor, size, count=total)
        return _host_page(every, total, total)
    forms, count = _count(session, node)
    order = _fitting(order, count)
    if forms is None:
        try:
            with time_limit(session, COMPILE_SECONDS):
                forms = compile_forms(session, node)
        except TooSlow as slow:
            return _stopped(order, total, slow.seconds)
    if not count.value and not count.capped:
        # Without an index it would take as long again to find none.
        if cursor:
            read_cursor(placed(order) if has_variables(order) else order, cursor)
        nothing: Page[T] = Page([], None, None, 1, order)
        return _host_page(nothing, count, total, forms.walked)
    bound = (
        replace(count, capped=True) if _is_walked(order, count, total, size) else count
    )
    read = functools.partial(
        _fetch, session, hosts, sort=order, cursor=cursor, size=size, count=bound
    )
    page = _read_either_way(session, read, forms)
    if page is None:
        return _stopped(order, total, PAGE_SECONDS)
    return _known_page(page, count, total, forms.walked)


def _fitting(order: Sort, count: Count) -> Sort:
    """Return the order without the variables that so many are not sorted by."""
    if not (count.capped and has_variables(order)):
        return order
    return without_variables(order) or SORTS[DEFAULT_SORT]


def _fetch(
    session: orm.Session,
    hosts: sa.Select[T],
    where: Clause | None,
    sort: Sort,
    cursor: str | None,
    size: int,
    **how: Any,
) -> Page[T]:
    if has_variables(sort):
        return page_of(session, hosts, where, sort, cursor, size)
    return fetch_page(session, hosts, where, sort, cursor, size, **how)


def _is_walked(order: Sort, count: Count, total: Count, size: int) -> bool:
    """Whether a page is found by the way sooner than all matches are collected.

    Where one of n hosts matches, a page is full after n times as many as are shown.
    """
    if order.then or count.exact is None or total.exact is None:
        return False
    return count.exact**2 > size * total.exact


def _read_either_way(
    session: orm.Session, read: Callable[..., Page[T]], forms: Forms
) -> Page[T] | None:
    for seconds, way in ATTEMPTS:
        with contextlib.suppress(TooSlow), time_limit(session, seconds):
            collect = way == "collect"
            where = forms.collected if collect else forms.walked
            return read(where, collect=collect)
    return None


def _stopped(order: Sort, total: Count, seconds: float) -> HostPage[Any]:
    nothing: Page[Any] = Page([], None, None, 1, order.alone)
    return _host_page(nothing, NOT_COUNTED, total, stopped_after=seconds)


def _known_page(
    page: Page[T], count: Count, total: Count, where: Clause | None
) -> HostPage[T]:
    """Return the page; uncounted, it tells how many there are up to its end."""
    if count is not NOT_COUNTED:
        return _host_page(page, count, total, where)
    known = Count(page.start + len(page.rows) - 1, page.next_cursor is not None)
    return _host_page(page, known, total, where, stopped_after=limits.count_seconds)


def _count_all(session: orm.Session) -> Count:
    kept = kept_count(session)
    if kept is None:
        return capped_count(session, sa.select(Host.id))
    return known_count(kept)


def _count(session: orm.Session, node: Node) -> tuple[Forms | None, Count]:
    """Return what the query means, if that is known in time, and how many it finds."""
    forms: Forms | None = None
    try:
        with time_limit(session, limits.count_seconds):
            forms = compile_forms(session, node)
            kept = kept_count_where(session, node, forms.walked)
            if kept is not None:
                return forms, known_count(kept)
            return forms, capped_count(session, forms.ids)
    except TooSlow:
        return forms, NOT_COUNTED


def hosts_beside(
    session: orm.Session, node: Node, sort: str, host: Host
) -> tuple[Host | None, Host | None]:
    """Return the hosts before and after this one in the list of a query.

    None for those that are not found in a moment. Raises ``QueryError``.
    """
    order = parse_sort(sort)
    try:
        with time_limit(session, BESIDE_SECONDS):
            forms = compile_forms(session, node)
            count = capped_count(session, forms.ids)
            order = _fitting(order.alone if count.capped else order, count)
            names = sa.select(Host).options(orm.load_only(Host.hostname))
            if has_variables(order):
                return beside(session, names, forms.walked, order, host.id)
            key, *then = (getattr(host, part.column.key) for part in order.parts)
            place = Cursor(key, host.id, 1, then=tuple(then))
            return rows_beside(session, names, forms.walked, order, place, count)
    except TooSlow:
        return None, None


def _host_page(
    page: Page[T],
    count: Count,
    total: Count,
    where: Clause | None = None,
    stopped_after: float = 0.0,
) -> HostPage[T]:
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
        read = _walk if count.capped and not has_variables(sort) else _collect
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
    found = _few_ids(reader, where, sort)
    for start in range(0, len(found), limits.list_batch):
        ids = found[start : start + limits.list_batch]
        hosts = reader.scalars(_COMPLETE.where(Host.id.in_(ids)))
        by_id = {host.id: host for host in hosts}
        yield [by_id[host_id] for host_id in ids]


def _few_ids(reader: orm.Session, where: Clause | None, sort: Sort) -> list[int]:
    if has_variables(sort):
        return ordered_ids(reader, where, sort)
    few, ids = Count(limits.counted_rows), sa.select(Host.id)
    return fetch_page(
        reader, ids, where, sort, None, limits.counted_rows, count=few
    ).rows
