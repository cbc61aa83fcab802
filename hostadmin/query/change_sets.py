"""Change sets in a query: ``change:5``, the hosts that one act of somebody touched."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import QueryError
from ..models import ChangeEntry, ChangeSet, Host
from ..validation.numbers import MAX_BIG_ID, whole_number
from ..validation.values import quoted
from .clauses import Alternative
from .sql.groups import is_big

# The newest ones, of which those are offered that begin as typed.
OFFERED = 200
_newest_first = sa.select(ChangeSet.id).order_by(
    ChangeSet.at.desc(), ChangeSet.id.desc()
)


def parse_change(value: str) -> int:
    """Return the number of a change set. Raises ``QueryError``."""
    number = whole_number(str(value), 1, MAX_BIG_ID)
    if number is None:
        raise QueryError(
            f"{quoted(value)} is not a valid change ID.",
            "Use a number from the Changes page, such as change:5.",
        )
    return number


def hosts_of_changes(session: orm.Session, values: Iterable[str]) -> Alternative:
    """Return the condition that a host was touched by one of the change sets.

    Raises ``QueryError`` for one that does not exist: a monitor would take an empty
    list for the truth.
    """
    by_id = {parse_change(value): value for value in values}
    known = sorted(
        session.scalars(sa.select(ChangeSet.id).where(ChangeSet.id.in_(by_id)))
    )
    for number, value in by_id.items():
        if number not in known:
            raise QueryError(
                f"Change {quoted(value)} does not exist.", _newest(session), value=value
            )
    of_hosts = ChangeEntry.subject == "host"
    entries = sa.select(ChangeEntry.subject_id).where(
        ChangeEntry.change_set_id.in_(known), of_hosts
    )
    if not is_big(session, entries):
        return Alternative(Host.id.in_(entries))
    # By the sum, the few entries of each host are read, not all those of the change.
    same = (ChangeEntry.change_set_id + 0).in_(known)
    return Alternative(
        sa.exists().where(of_hosts, ChangeEntry.subject_id == Host.id, same)
    )


def _newest(session: orm.Session) -> str:
    newest = session.scalar(_newest_first.limit(1))
    return f"The newest is change {newest}." if newest else "There are no changes yet."


def newest_changes(session: orm.Session, begun: str, limit: int) -> list[str]:
    """Return the numbers of recent change sets that begin so, newest first."""
    numbers = [str(id_) for id_ in session.scalars(_newest_first.limit(OFFERED))]
    return [number for number in numbers if number.startswith(begun)][:limit]
