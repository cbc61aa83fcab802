"""What an object was when somebody opened it, taken from the history alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..history.writer import NEWEST_FIRST
from ..inventory.edits import same_value
from ..models import ChangeEntry

# Who opened a form so many changes ago is shown what there is now, and no more.
MOST = 200


@dataclass(frozen=True)
class Earlier:
    """The object at a version. ``fields`` is None where the history does not say."""

    fields: dict[str, Any] | None
    # What happened since, newest first.
    newer: list[ChangeEntry] = field(default_factory=list)


def earlier(
    session: orm.Session,
    subject: str,
    subject_id: int,
    now: Mapping[str, Any],
    versions: tuple[int, int],
) -> Earlier:
    """Return the object as it was at the first of the versions; ``now`` is the second.

    Every version has one entry. Each is taken back only if it fits to what there is
    then, so that a number that somebody made up tells nothing wrong.
    """
    count = versions[1] - versions[0]
    if not 0 < count <= MOST or versions[0] < 0:
        return Earlier(None)
    newer = list(
        session.scalars(
            sa.select(ChangeEntry)
            .join(ChangeEntry.change_set)
            .where(ChangeEntry.subject == subject, ChangeEntry.subject_id == subject_id)
            .order_by(*NEWEST_FIRST)
            .limit(count)
            .options(orm.contains_eager(ChangeEntry.change_set))
        )
    )
    if len(newer) < count:
        return Earlier(None)
    fields = dict(now)
    for entry in newer:
        for name, (before, after) in entry.changes.items():
            if name == "created_at":
                continue
            if not same_value(name, fields.get(name), after):
                return Earlier(None, newer)
            fields[name] = before
    return Earlier({n: value for n, value in fields.items() if value}, newer)
