"""Log-ins and log-outs: bounded, unlike the history of hosts.

Anybody can fail to log in, so few failures are kept; and who logged in when is not kept
for ever.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..limits import limits
from ..models import ChangeEntry, ChangeSet, change_counts
from .writer import HISTORY_TABLES, NEWEST_FIRST, OLDEST_FIRST, permitting

LOGGED_IN, LOGGED_OUT = "logged in", "logged out"
FAILED, ENDED = "failed login", "ended sessions"
ACTIONS = (LOGGED_IN, LOGGED_OUT, FAILED, ENDED)
HOUR = timedelta(hours=1)
# Deleted at once, since somebody waits.
MOST = 500


def has_enough_failures(session: orm.Session, account_id: int) -> bool:
    """Whether the last hour has as many failures of this account as are kept."""
    times = session.scalars(
        sa.select(ChangeSet.at)
        .join(ChangeEntry, ChangeEntry.change_set_id == ChangeSet.id)
        .where(
            ChangeEntry.subject == "account",
            ChangeEntry.subject_id == account_id,
            ChangeEntry.action == FAILED,
        )
        .order_by(*NEWEST_FIRST)
        .limit(limits.failures_an_hour)
    ).all()
    return len(times) == limits.failures_an_hour and times[-1] > utcnow() - HOUR


def forget_sign_ins(
    session: orm.Session, account_ids: Collection[int], before: datetime
) -> None:
    """Delete the log-ins of these accounts before that time, the oldest first."""
    entry = ChangeEntry.__table__.c
    rows = session.execute(
        sa.select(ChangeEntry.id, ChangeEntry.change_set_id)
        .join(ChangeSet, ChangeSet.id == ChangeEntry.change_set_id)
        .where(
            ChangeEntry.subject == "account",
            ChangeEntry.subject_id.in_(account_ids),
            ChangeEntry.action.in_(ACTIONS),
            ChangeSet.at < before,
        )
        .order_by(*OLDEST_FIRST)
        .limit(MOST)
    ).all()
    if not rows:
        return
    sets = [row.change_set_id for row in rows]
    counts = change_counts.c
    with permitting(session, HISTORY_TABLES) as connection:
        connection.execute(
            sa.delete(change_counts).where(
                counts.change_set_id.in_(sets),
                counts.subject == "account",
                counts.action.in_(ACTIONS),
            )
        )
        connection.execute(
            sa.delete(ChangeEntry).where(entry.id.in_([row.id for row in rows]))
        )
        # What else was done in the same act stays, and the act with it.
        is_empty = ~sa.exists().where(counts.change_set_id == ChangeSet.id)
        connection.execute(sa.delete(ChangeSet).where(ChangeSet.id.in_(sets), is_empty))
