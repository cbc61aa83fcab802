"""How many hosts came, changed and went lately."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..history import CHANGED, DELETED
from ..models import ChangeEntry, ChangeSet, Host
from ..values import HostStatus

LATELY_DAYS = 7


@dataclass(frozen=True)
class Lately:
    """Hosts, each counted once for each thing that happened to it."""

    added: int
    changed: int
    retired: int
    deleted: int


def count_lately(session: orm.Session, since: datetime) -> Lately:
    """Count hosts that were added and are still there; the others by the history.

    That is read entry by entry: limit the time where they may be many.
    """
    status = ChangeEntry.changes[("status", 1)].as_string()
    changed, retired, deleted = session.execute(
        sa.select(
            _hosts_with(ChangeEntry.action == CHANGED),
            _hosts_with(status == HostStatus.RETIRED.value),
            _hosts_with(ChangeEntry.action == DELETED),
        )
        .join(ChangeSet, ChangeSet.id == ChangeEntry.change_set_id)
        .where(ChangeSet.at >= since, ChangeEntry.subject == "host")
    ).one()
    added = session.scalar(
        sa.select(sa.func.count(Host.id)).where(Host.created_at >= since)
    )
    return Lately(added or 0, changed, retired, deleted)


def _hosts_with(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, ChangeEntry.subject_id))))
