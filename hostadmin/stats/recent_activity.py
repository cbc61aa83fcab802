"""How many hosts came, changed and went in the last days."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..history import CHANGED, DELETED
from ..limits import limits
from ..models import ChangeEntry, ChangeSet, Host, change_counts
from ..validation.values import HostStatus

RECENT_DAYS = 7


@dataclass(frozen=True)
class RecentActivity:
    """Hosts, each counted once for each thing that happened to it.

    What happened to too many to look at each is None.
    """

    added: int
    changed: int | None = None
    retired: int | None = None
    deleted: int | None = None


def count_recent_activity(session: orm.Session, since: datetime) -> RecentActivity:
    """Count hosts that were added and are still there; the others by the history.

    That is read entry by entry. What only added hosts is left out, since that is how
    the most come in at once.
    """
    status = ChangeEntry.changes[("status", 1)].as_string()
    counts = change_counts.c
    change_sets = (
        sa.select(counts.change_set_id)
        .join(ChangeSet, ChangeSet.id == counts.change_set_id)
        .where(
            ChangeSet.at >= since,
            counts.subject == "host",
            counts.action.in_((CHANGED, DELETED)),
        )
    )
    added = session.scalar(
        sa.select(sa.func.count(Host.id)).where(Host.created_at >= since)
    )
    entries = session.scalar(
        sa.select(sa.func.sum(counts.entries)).where(
            counts.change_set_id.in_(change_sets)
        )
    )
    if not entries:
        return RecentActivity(added or 0, 0, 0, 0)
    if entries > limits.counted_rows:
        return RecentActivity(added or 0)
    is_change = ChangeEntry.action == CHANGED
    changed, retired, deleted = session.execute(
        sa.select(
            _hosts_with(is_change),
            _hosts_with(sa.and_(is_change, status == HostStatus.RETIRED.value)),
            _hosts_with(ChangeEntry.action == DELETED),
        ).where(
            ChangeEntry.change_set_id.in_(change_sets), ChangeEntry.subject == "host"
        )
    ).one()
    return RecentActivity(added or 0, changed, retired, deleted)


def _hosts_with(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, ChangeEntry.subject_id))))
