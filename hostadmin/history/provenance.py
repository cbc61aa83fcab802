"""Who added, changed and confirmed an object, as far as the history knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import ChangeEntry, ChangeSet, Host
from .writer import CREATED, NEWEST_FIRST, OLDEST_FIRST


@dataclass(frozen=True)
class Provenance:
    """The change sets by which a host got where it is; None where that is unknown."""

    added: ChangeSet | None = None
    updated: ChangeSet | None = None
    confirmed: ChangeSet | None = None


def find_provenance(session: orm.Session, host: Host) -> Provenance:
    of_host = ChangeEntry.subject == "host", ChangeEntry.subject_id == host.id
    entries = (
        sa.select(ChangeEntry).join(ChangeEntry.change_set).where(*of_host).limit(1)
    )
    first = session.scalar(entries.order_by(*OLDEST_FIRST))
    last = session.scalar(entries.order_by(*NEWEST_FIRST))
    added = first.change_set if first and first.action == CREATED else None
    updated = last.change_set if last else None
    confirmed = _confirmed_by(session, host.confirmed_at, (updated, added))
    if confirmed is None and host.confirmed_at == host.updated_at:
        confirmed = updated
    return Provenance(added, updated, confirmed)


def _confirmed_by(
    session: orm.Session, at: datetime | None, known: Iterable[ChangeSet | None]
) -> ChangeSet | None:
    """Return the change set of exactly that time: what it confirms has its time."""
    if at is None:
        return None
    for change in known:
        if change is not None and change.at == at:
            return change
    found = session.scalars(sa.select(ChangeSet).where(ChangeSet.at == at).limit(2))
    several = found.all()
    return several[0] if len(several) == 1 else None
