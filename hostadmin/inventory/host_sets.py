"""Sets of hosts that a query can name: keep one, and forget the old ones."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..db.bulk_insert import batched
from ..errors import QueryError
from ..limits import limits
from ..models import HostSet, SavedView, host_set_members
from ..query.ast import terms_of
from ..query.host_sets import parse_set
from ..query.parser import parse
from .bulk_write import BATCH


def keep_set(session: orm.Session, host_ids: Iterable[int]) -> int:
    """Keep these hosts as a set, and return the number that a query names it by.

    Sets that are old, and that no saved view names, go at the same time: else one
    list of 100,000 names a day would some day be most of the database.
    """
    _forget_old(session)
    kept = HostSet()
    session.add(kept)
    session.flush()
    for some in batched(sorted(set(host_ids)), BATCH):
        session.execute(
            sa.insert(host_set_members),
            [{"set_id": kept.id, "host_id": host_id} for host_id in some],
        )
    return kept.id


def _forget_old(session: orm.Session) -> None:
    old = sa.select(HostSet.id).where(HostSet.created_at < utcnow() - limits.set_age)
    ids = set(session.scalars(old))
    if ids and (gone := ids - _named(session)):
        members = host_set_members.c.set_id
        session.execute(sa.delete(host_set_members).where(members.in_(gone)))
        session.execute(sa.delete(HostSet).where(HostSet.id.in_(gone)))


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
