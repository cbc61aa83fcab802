"""Sets of hosts in a query: ``set:12``, which somebody picked before."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import QueryError
from ..limits import limits
from ..models import Host, HostSet, host_set_members
from ..validation.numbers import MAX_ID, whole_number
from ..validation.values import quoted
from .clauses import Alternative


def parse_set(value: str) -> int:
    """Return the number of a set. Raises ``QueryError``."""
    number = whole_number(str(value), 1, MAX_ID)
    if number is None:
        raise QueryError(f"{quoted(value)} is not a valid set ID.")
    return number


def in_sets(session: orm.Session, values: Iterable[str]) -> Alternative:
    """Return the condition that a host is in one of the sets.

    Raises ``QueryError`` for a set that is not there: without it, a monitor would
    take an empty list for the truth.
    """
    by_id = {parse_set(value): value for value in values}
    known = set(session.scalars(sa.select(HostSet.id).where(HostSet.id.in_(by_id))))
    for number, value in by_id.items():
        if number not in known:
            raise QueryError(
                f"Set {quoted(value)} does not exist or has expired.",
                f"Sets are kept for {limits.set_age.days} days, or as long as a saved "
                "view uses them.",
                value=value,
            )
    members = sa.select(host_set_members.c.host_id).where(
        host_set_members.c.set_id.in_(sorted(known))
    )
    return Alternative(Host.id.in_(members))
