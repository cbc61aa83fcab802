"""Lists of changes, newest first, page by page. Nothing here counts or sorts them all.

Each condition has an index in the order of the list. One of them leads; the others are
checked on what it finds, for at most ``WINDOW`` places: a page says where it stopped
looking, and leads on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..keyset.cursors import Cursor, Sort, read_cursor, write_cursor
from ..models import ChangeEntry, ChangeSet, change_counts, change_fields
from .describe import entry_text, summary
from .filters import HistoryFilter
from .objects import Object

WINDOW = 10_000
# Of a change of so few entries, a line says each.
FEW = 3
SETS = Sort("changes", ChangeSet.at, ChangeSet.id, descending=True)
ENTRIES = Sort("entries", ChangeEntry.id, ChangeEntry.id, descending=True, unique=True)
WRITTEN = Sort("written", ChangeEntry.id, ChangeEntry.id, unique=True)

Condition = sa.ColumnElement[bool]
Counts = dict[tuple[str, str], int]


@dataclass
class Line:
    """One change set; ``entries`` are those of the object that was asked for."""

    change: ChangeSet
    summary: str = ""
    # The kinds of objects that it touched.
    subjects: frozenset[str] = frozenset()
    entries: list[ChangeEntry] = field(default_factory=list)


@dataclass(frozen=True)
class ChangePage:
    """Some lines. ``looked_until`` is set where the search stopped before its end."""

    lines: list[Line]
    start: int
    older: str | None
    newer: str | None
    looked_until: datetime | None = None


def list_changes(
    session: orm.Session,
    asked: HistoryFilter,
    objects: Sequence[Object] | None,
    cursor: str | None = None,
    size: int = 50,
) -> ChangePage:
    """Return one page. Raises ``QueryError`` for a cursor of another list."""
    search = _sets(asked) if objects is None else _entries(session, asked, objects)
    place = read_cursor(search.sort, cursor) if cursor else None
    backward = place is not None and place.backward
    found = search.read(session, place, size + 1)
    further = found[size:] or search.end_of_window(session, place)
    found = found[:size]
    if backward:
        found.reverse()
    # Where nothing is found, the place itself is where the next page begins.
    first, last = (found[0], found[-1]) if found else (place, place)
    position = place.position if place else 1
    start = max(1, position - len(found)) if backward else position
    if further and not (backward or len(found) == size):
        last = further[0]
    if further and backward and len(found) < size:
        first = further[0]
    has_older = bool(further) or backward
    has_newer = bool(further) if backward else place is not None
    stopped = further and len(found) < size
    return ChangePage(
        _entry_lines(session, found) if objects is not None else _lines(session, found),
        start,
        search.cursor(last, start + len(found)) if has_older else None,
        search.cursor(first, start, backward=True) if has_newer else None,
        _time_of(session, further[0].change_set_id) if stopped else None,
    )


@dataclass(frozen=True)
class EntryPage:
    """Some entries of one change set, in the order in which they were written."""

    entries: list[ChangeEntry]
    start: int
    following: str | None
    previous: str | None


def list_entries(
    session: orm.Session, change_set_id: int, cursor: str | None, size: int
) -> EntryPage:
    """Return one page of a change set. Raises ``QueryError`` for a bad cursor."""
    place = read_cursor(WRITTEN, cursor) if cursor else None
    backward = place is not None and place.backward
    rows = sa.select(ChangeEntry).where(ChangeEntry.change_set_id == change_set_id)
    if place is not None:
        beyond = ChangeEntry.id < place.id if backward else ChangeEntry.id > place.id
        rows = rows.where(beyond)
    order = ChangeEntry.id.desc() if backward else ChangeEntry.id.asc()
    found = list(session.scalars(rows.order_by(order).limit(size + 1)))
    more, found = len(found) > size, found[:size]
    if backward:
        found.reverse()
    position = place.position if place else 1
    start = max(1, position - len(found)) if backward else position
    following = previous = None
    if found and (more or backward):
        last = found[-1].id
        following = write_cursor(WRITTEN, Cursor(last, last, start + len(found)))
    if found and (more if backward else place is not None):
        first = found[0].id
        previous = write_cursor(WRITTEN, Cursor(first, first, start, backward=True))
    return EntryPage(found, start, following, previous)


def iter_changes(
    session: orm.Session, asked: HistoryFilter, objects: Sequence[Object] | None
) -> Iterator[Line]:
    """Yield every line there is, page by page."""
    cursor: str | None = None
    last = 0
    while True:
        page = list_changes(session, asked, objects, cursor, size=500)
        for line in page.lines:
            # Entries of one change set may stand on two pages.
            if line.change.id != last:
                yield line
            last = line.change.id
        session.expunge_all()
        cursor = page.older
        if cursor is None:
            return


# ---- which


@dataclass(frozen=True)
class _Search:
    """``leading`` selects key, id and change_set_id; ``others`` are checked on them."""

    sort: Sort
    leading: sa.Select[Any]
    key: Any
    id: Any
    others: list[Condition]

    def read(self, session: orm.Session, place: Cursor | None, limit: int) -> list[Any]:
        """Return the next places after this one, or before it if it is backward."""
        ordered = self._ordered(place)
        if not self.others:
            return list(session.execute(ordered.limit(limit)))
        some = ordered.limit(WINDOW).subquery("some")
        found = sa.select(some).join(ChangeSet, ChangeSet.id == some.c.change_set_id)
        if self.sort is ENTRIES:
            found = found.join(ChangeEntry, ChangeEntry.id == some.c.id)
        down = not (place and place.backward)
        order = [c.desc() if down else c.asc() for c in (some.c.key, some.c.id)]
        return list(
            session.execute(found.where(*self.others).order_by(*order).limit(limit))
        )

    def end_of_window(self, session: orm.Session, place: Cursor | None) -> list[Any]:
        """Return the last place that was looked at, if there are more beyond it."""
        if not self.others:
            return []
        beyond = self._ordered(place).offset(WINDOW - 1).limit(2)
        found = list(session.execute(beyond))
        return found[:1] if len(found) == 2 else []

    def _ordered(self, place: Cursor | None) -> sa.Select[Any]:
        key, id_, rows = self.key, self.id, self.leading
        down = not (place and place.backward)
        if place is not None:
            # Written so that every engine sees a range of the key.
            rows = (
                rows.where(key <= place.key, (key < place.key) | (id_ < place.id))
                if down
                else rows.where(key >= place.key, (key > place.key) | (id_ > place.id))
            )
        columns = [key] if self.sort.unique else [key, id_]
        return rows.order_by(*(c.desc() if down else c.asc() for c in columns))

    def cursor(self, place: Any, position: int, *, backward: bool = False) -> str:
        return write_cursor(
            self.sort, Cursor(place.key, place.id, position, backward=backward)
        )


def _sets(asked: HistoryFilter) -> _Search:
    """Search change sets by time, and by a field, an actor or a source."""
    conditions = _by_whom(asked)
    if asked.kind:
        counts = change_counts.c
        has_kind = sa.exists().where(
            counts.change_set_id == ChangeSet.id, counts.subject == asked.kind
        )
        conditions.append(has_kind)
    key: Any
    id_: Any
    if asked.field:
        fields = change_fields.c
        key, id_ = fields.at, fields.change_set_id
        lead = [fields.field == asked.field]
    else:
        key, id_ = ChangeSet.at, ChangeSet.id
        by_index = 1 if asked.actor or asked.source else 0
        lead, conditions = conditions[:by_index], conditions[by_index:]
    leading = sa.select(
        key.label("key"), id_.label("id"), id_.label("change_set_id")
    ).where(*lead, *_when(asked, key))
    return _Search(SETS, leading, key, id_, conditions)


def _entries(
    session: orm.Session, asked: HistoryFilter, objects: Sequence[Object]
) -> _Search:
    """Search the entries of some objects."""
    key = ChangeEntry.id
    which = [
        sa.and_(ChangeEntry.subject == subject, ChangeEntry.subject_id == id_)
        for subject, id_ in objects
    ]
    leading: Any = sa.select(
        key.label("key"), key.label("id"), ChangeEntry.change_set_id
    ).where(sa.or_(sa.false(), *which))
    others = [*_by_whom(asked), *_when(asked, ChangeSet.at)]
    if asked.field:
        # The name is one of ours.
        has_field = engine_of(session).json_has(ChangeEntry.changes, asked.field)
        others.append(has_field)
    return _Search(ENTRIES, leading, key, key, others)


def _by_whom(asked: HistoryFilter) -> list[Condition]:
    pairs = ((ChangeSet.actor, asked.actor), (ChangeSet.source, asked.source))
    return [column == text for column, text in pairs if text]


def _when(asked: HistoryFilter, at: Any) -> list[Condition]:
    found = []
    if asked.since:
        found.append(at >= asked.since)
    if asked.until:
        found.append(at < asked.until)
    return found


# ---- what they say


def _time_of(session: orm.Session, change_set_id: int) -> datetime | None:
    return session.scalar(sa.select(ChangeSet.at).where(ChangeSet.id == change_set_id))


def _lines(session: orm.Session, found: Sequence[Any]) -> list[Line]:
    ids = [row.change_set_id for row in found]
    sets = session.scalars(sa.select(ChangeSet).where(ChangeSet.id.in_(ids)))
    by_id = {change.id: change for change in sets}
    return summarised(session, [by_id[id_] for id_ in ids])


def summarised(session: orm.Session, changes: Sequence[ChangeSet]) -> list[Line]:
    """Return a line for each change set."""
    counts = counts_of(session, [change.id for change in changes])
    few = [id_ for id_, found in counts.items() if sum(found.values()) <= FEW]
    entries: dict[int, list[ChangeEntry]] = {}
    for entry in session.scalars(
        sa.select(ChangeEntry)
        .where(ChangeEntry.change_set_id.in_(few))
        .order_by(ChangeEntry.id)
    ):
        entries.setdefault(entry.change_set_id, []).append(entry)
    lines = []
    for change in changes:
        found = counts.get(change.id, {})
        text = summary(change, found, entries.get(change.id, ()))
        lines.append(Line(change, text, frozenset(subject for subject, _ in found)))
    return lines


def counts_of(session: orm.Session, ids: Sequence[int]) -> dict[int, Counts]:
    """Return change set id → (subject, action) → number of entries."""
    counts: dict[int, Counts] = {}
    for row in session.execute(
        sa.select(change_counts).where(change_counts.c.change_set_id.in_(ids))
    ):
        counts.setdefault(row.change_set_id, {})[row.subject, row.action] = row.entries
    return counts


def _entry_lines(session: orm.Session, found: Sequence[Any]) -> list[Line]:
    """Return a line for each change set, made of the entries that were found."""
    entries = session.scalars(
        sa.select(ChangeEntry)
        .where(ChangeEntry.id.in_([row.id for row in found]))
        .order_by(ChangeEntry.id.desc())
        .options(orm.joinedload(ChangeEntry.change_set))
    )
    lines: list[Line] = []
    for entry in entries:
        if not lines or lines[-1].change is not entry.change_set:
            lines.append(Line(entry.change_set))
        lines[-1].entries.insert(0, entry)
    counts = counts_of(session, [line.change.id for line in lines])
    for line in lines:
        parts = [entry_text(entry) for entry in line.entries]
        in_all = counts.get(line.change.id, {})
        line.subjects = frozenset(subject for subject, _ in in_all)
        rest = sum(in_all.values()) - len(parts)
        if rest > 0:
            parts.append(f"and {rest:,} more")
        line.summary = "; ".join(parts)
    return lines
