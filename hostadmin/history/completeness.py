"""Whether the history holds all that it says, and all that is there."""

from collections.abc import Iterator
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm

from ..formatting import counted
from ..models import ChangeEntry, Group, Host, change_counts
from .writer import CREATED

_SUBJECTS: tuple[tuple[str, Any], ...] = (("host", Host), ("group", Group))


def find_gaps(session: orm.Session) -> Iterator[str]:
    """Yield a sentence for each kind of thing that is missing. Reads all of it."""
    wrong = _wrong_counts(session)
    if wrong:
        yield f"{counted(wrong, 'wrong count')} of entries"
    for subject, model in _SUBJECTS:
        number = _never_created(session, subject, model)
        if number:
            yield f"{counted(number, subject)} without a “created” entry"


def _wrong_counts(session: orm.Session) -> int:
    """Count pairs of a change set and what it did whose number is not that of rows."""
    entry = cast(sa.Table, ChangeEntry.__table__).c
    key = ("change_set_id", "subject", "action")
    there = (
        sa.select(*(entry[name] for name in key), sa.func.count().label("number"))
        .group_by(*(entry[name] for name in key))
        .subquery("there")
    )
    counted = change_counts.c
    same = sa.and_(*(counted[name] == there.c[name] for name in key))
    without = sa.select(sa.func.count()).select_from(
        there.outerjoin(change_counts, same)
    )
    unequal = sa.or_(counted.entries.is_(None), counted.entries != there.c.number)
    rows = sa.select(sa.func.count()).select_from(change_counts)
    more = _number(session, rows) - _number(
        session, sa.select(sa.func.count()).select_from(there)
    )
    return _number(session, without.where(unequal)) + max(0, more)


def _never_created(session: orm.Session, subject: str, model: Any) -> int:
    made = sa.select(ChangeEntry.id).where(
        ChangeEntry.subject == subject,
        ChangeEntry.subject_id == model.id,
        ChangeEntry.action == CREATED,
    )
    return _number(session, sa.select(sa.func.count(model.id)).where(~made.exists()))


def _number(session: orm.Session, query: sa.Select[Any]) -> int:
    return session.scalar(query) or 0
