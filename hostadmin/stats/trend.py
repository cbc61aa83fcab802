"""How many hosts there were at the end of each day or month, out of the history.

Nothing is kept for it: it is what there is now, less what the history says was added
since, and with what was taken away.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..db.engines import engine_of
from ..history import CHANGED, CREATED, DELETED
from ..models import ChangeEntry, ChangeSet, change_counts, change_fields
from ..query.fields import FIELDS, Field
from ..validation.values import plain
from .axes import NOT_SET
from .counts import count_hosts, find_dimension
from .dimensions.periods import Periods
from .group_by import count_all_keys

# Values with a line of their own; the others share one.
MOST_SERIES = 7
OTHER = "(other)"
PERIODS = ("day", "month")

Value: TypeAlias = str | None
# How many hosts a day had more at its end than at its beginning, by value.
Changes: TypeAlias = dict[date, Counter[Value]]


@dataclass(frozen=True)
class Series:
    """The hosts with one value at the end of each period."""

    label: str
    counts: Sequence[int]


@dataclass(frozen=True)
class Trend:
    """``days`` are the last of each period; the last one is now, its day not over.

    Without a field, there is one series: of all hosts.
    """

    days: Sequence[date]
    series: Sequence[Series]
    totals: Sequence[int]


def trend_fields() -> list[Field]:
    """Return the fields by which there is a trend: those of one short value."""
    return [
        field
        for field in FIELDS.values()
        if field.groupable and field.column is not None
    ]


def read_trend(
    session: orm.Session, field: Field | None, period: str, count: int
) -> Trend:
    """Return the hosts at the end of so many days or months up to now, by a field.

    Reads what was written since the first of them, entry by entry if there is a field.
    """
    today = utcnow().date()
    days = _last_days(period, count, today)
    since = datetime.combine(days[0] + timedelta(days=1), time(), UTC)
    if field is None:
        now: Counter[Value] = Counter({None: count_hosts(session)})
        changes = _changes_in_all(session, since, today)
    else:
        dimension = find_dimension(session, field.name)
        keys = count_all_keys(session, [dimension]) or Counter()
        now = Counter({_text(key): number for (key,), number in keys.items()})
        changes = _changes_by(session, field, since, today)
    points = list(_back_from(now, changes, days))[::-1]
    totals = [sum(point.values()) for point in points]
    if field is None:
        return Trend(days, [Series("Hosts", totals)], totals)
    return Trend(days, _series(points), totals)


def _last_days(period: str, count: int, today: date) -> list[date]:
    periods = Periods("", period)
    start = periods.start(today)
    days = [today]
    while len(days) < count:
        days.append(start - timedelta(days=1))
        start = periods.previous(start)
    return days[::-1]


def _text(value: Any) -> Value:
    value = plain(value)
    return None if value is None else str(value)


def _back_from(
    now: Counter[Value], changes: Changes, days: Sequence[date]
) -> Iterator[Counter[Value]]:
    """Yield the hosts at the end of each day, the last day first."""
    left = sorted(changes)
    found = Counter(now)
    for day in reversed(days):
        while left and left[-1] > day:
            found.subtract(changes[left.pop()])
        yield Counter(found)


def _series(points: Sequence[Counter[Value]]) -> list[Series]:
    """Return the values with most hosts first, then the others, then none."""
    highest: Counter[Value] = Counter()
    for point in points:
        highest |= point
    values = sorted(
        (v for v in highest if v is not None), key=lambda v: (-highest[v], str(v))
    )
    shown = values if len(values) == MOST_SERIES + 1 else values[:MOST_SERIES]
    found = [Series(str(v), [point[v] for point in points]) for v in shown]
    if rest := values[len(shown) :]:
        found.append(Series(OTHER, [sum(p[v] for v in rest) for p in points]))
    if highest[None]:
        found.append(Series(NOT_SET, [point[None] for point in points]))
    return found


# ---- the history


def _changes_in_all(session: orm.Session, since: datetime, today: date) -> Changes:
    day = engine_of(session).day_of(ChangeSet.at).label("day")
    counts = change_counts.c
    rows = session.execute(
        sa.select(day, counts.action, sa.func.sum(counts.entries))
        .join(ChangeSet, ChangeSet.id == counts.change_set_id)
        .where(
            ChangeSet.at >= since,
            counts.subject == "host",
            counts.action.in_((CREATED, DELETED)),
        )
        .group_by(day, counts.action)
    )
    found: Changes = {}
    for text, action, number in rows:
        sign = 1 if action == CREATED else -1
        found.setdefault(_day(text, today), Counter())[None] += sign * int(number)
    return found


def _changes_by(
    session: orm.Session, field: Field, since: datetime, today: date
) -> Changes:
    day = engine_of(session).day_of(ChangeSet.at).label("day")
    name = field.own_column.key
    before, after = (
        ChangeEntry.changes[(name, side)].as_string().label(label)
        for side, label in ((0, "before"), (1, "after"))
    )
    named = sa.select(change_fields.c.change_set_id).where(
        change_fields.c.field == name, change_fields.c.at >= since
    )
    counted = sa.select(change_counts.c.change_set_id).where(
        change_counts.c.subject == "host", change_counts.c.action != CHANGED
    )
    entries = (
        sa.select(day, ChangeEntry.action, before, after)
        .join(ChangeSet, ChangeSet.id == ChangeEntry.change_set_id)
        .where(
            ChangeSet.at >= since,
            ChangeEntry.subject == "host",
            # Who edits something else says nothing about the field.
            sa.or_(ChangeSet.id.in_(named), ChangeSet.id.in_(counted)),
        )
        .subquery("entries")
    )
    columns = (entries.c.day, entries.c.action, entries.c.before, entries.c.after)
    rows = session.execute(sa.select(*columns, sa.func.count()).group_by(*columns))
    found: Changes = {}
    for text, action, was, becomes, number in rows:
        changes = found.setdefault(_day(text, today), Counter())
        if action != CREATED:
            changes[_text(was)] -= number
        if action != DELETED:
            changes[_text(becomes)] += number
    return found


def _day(text: str, today: date) -> date:
    # The clock of another machine may be ahead.
    return min(date.fromisoformat(text), today)
