"""Lists of changes, newest first, page by page. Nothing here counts or sorts them all.

Each condition has an index in the order of the list. One of them leads; the others are
checked on what it finds, for at most ``limits.history_window`` places: a page says
where it stopped looking, and leads on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..keyset.cursors import Cursor, Sort
from ..keyset.order_by import beyond, order_of
from ..keyset.pages import Found, Page, fetch_page, turn_page
from ..limits import limits
from ..models import ChangeEntry, ChangeSet, change_counts, change_fields
from .describe import entry_text, summary
from .filters import HistoryFilter
from .objects import Object
from .sign_ins import ACTIONS
from .writer import CHANGED, CREATED, NEWEST_FIRST

# Of a change of so few entries, a line says each.
FEW = 3
SETS = Sort("changes", ChangeSet.at, ChangeSet.id, descending=True)
ENTRIES = Sort("entries", ChangeSet.at, ChangeEntry.id, descending=True)
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
    # How many hosts it added or edited.
    hosts: int = 0
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

    def read(place: Cursor | None, backward: bool) -> Found[int]:
        return search.read(session, place, backward, size)

    # What was recorded stays, so nothing is beyond the end but the rest of a search.
    page = turn_page(search.sort, read, cursor, may_be_empty=True)
    to_lines = _lines if objects is None else _entry_lines
    stopped = page.stopped if len(page.rows) < size else None
    return ChangePage(
        to_lines(session, page.rows),
        page.start,
        page.next_cursor,
        page.previous_cursor,
        stopped.key if stopped else None,
    )


def list_entries(
    session: orm.Session, change_set_id: int, cursor: str | None, size: int
) -> Page[ChangeEntry]:
    """Return one page of a change set, in the order in which entries were written."""
    of_set = ChangeEntry.change_set_id == change_set_id
    return fetch_page(session, sa.select(ChangeEntry), of_set, WRITTEN, cursor, size)


def iter_changes(
    session: orm.Session, asked: HistoryFilter, objects: Sequence[Object] | None
) -> Iterator[Line]:
    """Yield every line there is, page by page."""
    cursor: str | None = None
    last = 0
    while True:
        page = list_changes(session, asked, objects, cursor, size=500)
        for line in page.lines:
            # Entries of one change set may be on two pages.
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

    def read(
        self, session: orm.Session, place: Cursor | None, backward: bool, size: int
    ) -> Found[int]:
        """Return the ids of what comes next after this place, or before it."""
        ordered = self.leading.order_by(
            *order_of(self.sort, [self.key], self.id, backward)
        )
        if place is not None:
            beyond_place = beyond(self.sort, [self.key], self.id, place, backward)
            ordered = ordered.where(beyond_place)
        some = ordered.limit(
            limits.history_window if self.others else size + 1
        ).subquery("some")
        found = sa.select(some.c.id, some.c.key, some.c.id.label("place"))
        if self.others:
            found = found.join(ChangeSet, ChangeSet.id == some.c.change_set_id)
            if self.sort is ENTRIES:
                found = found.join(ChangeEntry, ChangeEntry.id == some.c.id)
            found = found.where(*self.others)
        order = order_of(self.sort, [some.c.key], some.c.id, backward)
        rows = session.execute(found.order_by(*order).limit(size + 1)).all()
        if not self.others or len(rows) > size:
            return Found(rows, size)
        return Found(rows, size, _end_of_window(session, ordered))


def _end_of_window(session: orm.Session, ordered: sa.Select[Any]) -> Any:
    """Return the last row that was looked at, if there are more beyond it."""
    last = list(session.execute(ordered.offset(limits.history_window - 1).limit(2)))
    return (None, last[0].key, last[0].id) if len(last) == 2 else None


def _sets(asked: HistoryFilter) -> _Search:
    """Search change sets by time, and by a field, an actor or a source."""
    conditions = _by_whom(asked)
    if asked.kind:
        conditions.append(_touches((asked.kind,)))
    if asked.hidden:
        conditions.append(~_touches(asked.hidden))
    elif asked.sign_ins is not None:
        conditions.append(_is_sign_in if asked.sign_ins else ~_is_sign_in)
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
    key, id_ = ChangeSet.at, ChangeEntry.id
    which = [
        sa.and_(ChangeEntry.subject == subject, ChangeEntry.subject_id == id_)
        for subject, id_ in objects
    ]
    leading: Any = (
        sa.select(key.label("key"), id_.label("id"), ChangeEntry.change_set_id)
        .join(ChangeEntry.change_set)
        .where(sa.or_(sa.false(), *which), *_by_whom(asked), *_when(asked, key))
    )
    others = []
    if asked.field:
        # The name is one of ours.
        has_field = engine_of(session).json_has(ChangeEntry.changes, asked.field)
        others.append(has_field)
    return _Search(ENTRIES, leading, key, id_, others)


def _touches(kinds: Sequence[str]) -> Condition:
    counts = change_counts.c
    return sa.exists().where(
        counts.change_set_id == ChangeSet.id, counts.subject.in_(kinds)
    )


_signed_in = sa.and_(
    change_counts.c.subject == "account", change_counts.c.action.in_(ACTIONS)
)
_of_set = change_counts.c.change_set_id == ChangeSet.id
# Anyone who makes the first account is logged in by the same act, which is a change.
_is_sign_in: Condition = sa.and_(
    sa.exists().where(_of_set, _signed_in),
    ~sa.exists().where(_of_set, sa.not_(_signed_in)),
)


def find_change(
    session: orm.Session, id_: int, hidden: Sequence[str] = ()
) -> ChangeSet | None:
    """Return a change set, unless it touches a kind that is hidden."""
    is_shown = ~_touches(hidden) if hidden else sa.true()
    return session.scalar(sa.select(ChangeSet).where(ChangeSet.id == id_, is_shown))


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


def _lines(session: orm.Session, ids: Sequence[int]) -> list[Line]:
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
        line = Line(change, text)
        _note_counts(line, found)
        lines.append(line)
    return lines


def _note_counts(line: Line, counts: Counts) -> None:
    line.subjects = frozenset(subject for subject, _ in counts)
    touched = (counts.get(("host", action), 0) for action in (CREATED, CHANGED))
    line.hosts = sum(touched)


def counts_of(session: orm.Session, ids: Sequence[int]) -> dict[int, Counts]:
    """Return change set id → (subject, action) → number of entries."""
    counts: dict[int, Counts] = {}
    for row in session.execute(
        sa.select(change_counts).where(change_counts.c.change_set_id.in_(ids))
    ):
        counts.setdefault(row.change_set_id, {})[row.subject, row.action] = row.entries
    return counts


def _entry_lines(session: orm.Session, ids: Sequence[int]) -> list[Line]:
    """Return a line for each change set, made of these entries."""
    entries = session.scalars(
        sa.select(ChangeEntry)
        .where(ChangeEntry.id.in_(ids))
        .join(ChangeEntry.change_set)
        .order_by(*NEWEST_FIRST)
        .options(orm.contains_eager(ChangeEntry.change_set))
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
        _note_counts(line, in_all)
        rest = sum(in_all.values()) - len(parts)
        if rest > 0:
            parts.append(f"and {rest:,} more")
        line.summary = "; ".join(parts)
    return lines
