"""Which state of the inventory this is: another one after each change, and only then.

Programs that poll ask for it, and a mirror follows it. A change becomes visible a
little after the time that it bears, and two servers do not agree on the time to the
millisecond; so an earlier change may come to light behind a later one. A place in the
order of changes therefore counts those of the last minutes, too: who comes late changes
that number.
"""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import QueryError
from ..models import inventory_changes
from ..validation.numbers import MAX_BIG_ID

# Longer than any commit takes and any two clocks differ.
WINDOW = timedelta(minutes=10)
MAX_PLACE = 200
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_C = inventory_changes.c


class Place(NamedTuple):
    """After the change of this time and id, and its entry with this id if it has one.

    ``recent`` is how many changes the last minutes before it had.
    """

    at: datetime
    change_set_id: int
    recent: int
    entry_id: int = 0

    def __str__(self) -> str:
        parts = [self.at.isoformat(), self.change_set_id, self.recent, self.entry_id]
        text = json.dumps(parts, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


START = Place(BEGINNING, 0, 0)


def read_place(text: str) -> Place:
    """Return the place of that text. Raises ``QueryError``."""
    try:
        if len(text) > MAX_PLACE or not text.isascii():
            raise ValueError
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        time, *numbers = json.loads(raw)
        at = datetime.fromisoformat(time)
        place = Place(at, *numbers)
        is_whole = all(type(n) is int and 0 <= n <= MAX_BIG_ID for n in numbers)
        if not is_whole or at.tzinfo is None or str(place) != text or at < BEGINNING:
            raise ValueError
        return place
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise QueryError(
            "This is not a valid position in the changes.",
            "Use “next” of a response, or “now”.",
        ) from None


def last_place(session: orm.Session) -> Place:
    """Return the state that the inventory is in; of one without changes the start."""
    newest = (
        sa.select(_C.at, _C.change_set_id)
        .order_by(_C.at.desc(), _C.change_set_id.desc())
        .limit(1)
    )
    row = session.execute(newest).one_or_none()
    return START if row is None else place_at(session, row.at, row.change_set_id)


def place_at(session: orm.Session, at: datetime, change_set_id: int) -> Place:
    """Return the place after this change."""
    return Place(at, change_set_id, count_recent(session, at, change_set_id))


def count_recent(session: orm.Session, at: datetime, change_set_id: int) -> int:
    """Return how many changes there are in the minutes up to this one."""
    recent = sa.select(sa.func.count()).where(
        _C.at > at - WINDOW, sa.not_(is_after(at, change_set_id))
    )
    return session.scalar(recent) or 0


def is_after(at: datetime, change_set_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a change is after this one."""
    return sa.or_(_C.at > at, sa.and_(_C.at == at, _C.change_set_id > change_set_id))
