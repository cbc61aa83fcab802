"""Sets of hosts that a query can name: keep one, and forget the old ones."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..db.bulk_insert import batched
from ..db.guards import SETS, take_turn
from ..errors import InvalidValue, QueryError
from ..limits import limits
from ..models import NOBODY, HostSet, SavedView, host_set_members
from ..query.ast import terms_of
from ..query.host_sets import parse_set
from ..query.parser import parse
from .bulk_write import BATCH


def keep_set(
    session: orm.Session, host_ids: Iterable[int], owner_id: int = NOBODY
) -> int:
    """Keep these hosts as a set, and return the number that a query names it by.

    Sets that are old go at the same time, and the oldest of an account that has too
    many, unless a saved view names them: else one list of 100,000 names a day would
    some day be most of the database. Raises ``InvalidValue`` where views name too many.
    """
    members = sorted(set(host_ids))
    _make_room(session, owner_id, len(members))
    kept = HostSet(owner_id=owner_id, size=len(members))
    session.add(kept)
    session.flush()
    for some in batched(members, BATCH):
        session.execute(
            sa.insert(host_set_members),
            [{"set_id": kept.id, "host_id": host_id} for host_id in some],
        )
    return kept.id


def _make_room(session: orm.Session, owner_id: int, size: int) -> None:
    take_turn(session, SETS)
    oldest = utcnow() - limits.set_age
    old = set(session.scalars(sa.select(HostSet.id).where(HostSet.created_at < oldest)))
    own = {
        row.id: row.size
        for row in session.execute(
            sa.select(HostSet.id, HostSet.size)
            .where(HostSet.owner_id == owner_id)
            .order_by(HostSet.created_at.desc(), HostSet.id.desc())
        )
    }
    if not old and _fits(len(own) + 1, sum(own.values()) + size):
        return
    named = _named(session)
    count, hosts = 1, size
    for id_ in own.keys() & named:
        count, hosts = count + 1, hosts + own[id_]
    if not _fits(count, hosts):
        raise InvalidValue(_no_room())
    # The newest first: what does not fit beside them goes.
    for id_ in [id_ for id_ in own if id_ not in named | old]:
        count, hosts = count + 1, hosts + own[id_]
        if not _fits(count, hosts):
            old.add(id_)
    _forget(session, old - named)


def _fits(count: int, hosts: int) -> bool:
    return count <= limits.account_sets and hosts <= limits.account_set_hosts


def _no_room() -> str:
    return (
        "Your saved views use too many pasted lists. You can keep "
        f"{limits.account_sets:,} lists with {limits.account_set_hosts:,} hosts in "
        "all. Delete a view that uses one first."
    )


def _forget(session: orm.Session, ids: set[int]) -> None:
    if ids:
        members = host_set_members.c.set_id
        session.execute(sa.delete(host_set_members).where(members.in_(ids)))
        session.execute(sa.delete(HostSet).where(HostSet.id.in_(ids)))


def _named(session: orm.Session) -> set[int]:
    """Return the sets that saved views name."""
    found: set[int] = set()
    for query in session.scalars(sa.select(SavedView.query)):
        try:
            terms = terms_of(parse(query or ""))
            found |= {
                parse_set(value)
                for term in terms
                if term.field == "set"
                for value in term.values
            }
        except QueryError:
            continue
    return found
