"""What a look at one host cannot tell: that another has the same address or name.

Adding a check of this kind is one function here and one line in ``CHECKS``.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..db.engines import Engine, engine_of, will_write
from ..limits import limits
from ..models import Host, HostAddress, HostAlias
from .clauses import Alternative, by_ids

SAME_ADDRESS = "same-address"
SAME_ADDRESS_AND_PORT = "same-address-and-port"
SAME_SHORT_NAME = "same-short-name"
ALIAS_IS_NAME = "alias-is-name"


def short_name(engine: Engine, name: ColumnElement[str]) -> ColumnElement[str]:
    """Return SQL for what stands before the first dot, of an IPv4 address all of it."""
    dot = engine.position_of(name, ".")
    short = sa.func.substr(name, 1, dot - 1)
    # Most names begin with a letter, and then their digits need not be taken out.
    is_number = sa.and_(
        name >= "0", name < ":", sa.func.length(engine.strip_digits(short)) == 0
    )
    return sa.case((dot == 0, name), (is_number, name), else_=short)


def _same_address(session: orm.Session) -> list[Alternative]:
    """Any address counts, own or further; a host is never its own double."""
    host, other = orm.aliased(Host), orm.aliased(Host)
    further, second = orm.aliased(HostAddress), orm.aliased(HostAddress)
    shared = sa.and_(other.ip_key == further.ip_key, other.id != further.host_id)
    twice = sa.and_(second.ip_key == further.ip_key, second.host_id != further.host_id)
    return _known(
        session,
        sa.union(
            sa.select(host.id).where(host.ip_key.in_(_repeated(other))),
            # A host of which the further address is another's own: both are found.
            sa.select(further.host_id).join(other, shared),
            sa.select(other.id).join(further, shared),
            sa.select(further.host_id).join(second, twice),
        ),
    )


def _repeated(host: type[Host]) -> sa.Select[str | None]:
    # From its index, groups of equal keys are read in order, without a sort.
    return (
        sa.select(host.ip_key)
        .where(host.ip_key.is_not(None))
        .group_by(host.ip_key)
        .having(sa.func.count() > 1)
    )


def _same_address_and_port(session: orm.Session) -> list[Alternative]:
    host, other, twin = orm.aliased(Host), orm.aliased(Host), orm.aliased(Host)
    same_port = sa.func.coalesce(twin.port, 0) == sa.func.coalesce(host.port, 0)
    has_twin = (
        sa.exists()
        .where(twin.ip_key == host.ip_key, twin.id != host.id, same_port)
        .correlate(host)
    )
    # Only the few that share an address are looked up one by one.
    repeated = host.ip_key.in_(_repeated(other))
    return _known(session, sa.select(host.id).where(repeated, has_twin))


def _known(
    session: orm.Session, hosts: sa.Select[Any] | sa.CompoundSelect[Any]
) -> list[Alternative]:
    """Look the hosts up, once: the whole table is read for it.

    As a condition among others, PostgreSQL would go through all that was found for
    each host: eight minutes for 1,000,000 with 7,000 shared addresses.
    """
    ids = sa.select(hosts.subquery("found").c.id)
    return by_ids(session, ids, limits.looked_up_ids) or [Alternative(sa.false())]


def _same_short_name(session: orm.Session) -> list[Alternative]:
    host = orm.aliased(Host)
    short = short_name(engine_of(session), host.hostname_key.expression)
    # One pass: MariaDB would read all names again for each of them where a list of
    # the repeated ones is asked for.
    alike = sa.func.count().over(partition_by=short).label("alike")
    named = sa.select(host.id, alike).subquery("named")
    return _known(session, sa.select(named.c.id).where(named.c.alike > 1))


def _alias_is_name(session: orm.Session) -> list[Alternative]:
    alias, other = orm.aliased(HostAlias), orm.aliased(Host)
    both = sa.and_(other.hostname_key == alias.name_key, other.id != alias.host_id)
    return _known(
        session,
        sa.union(
            sa.select(alias.host_id.label("id")).join(other, both),
            sa.select(other.id).join(alias, both),
        ),
    )


CHECKS: dict[str, Callable[[orm.Session], list[Alternative]]] = {
    SAME_ADDRESS: _same_address,
    SAME_ADDRESS_AND_PORT: _same_address_and_port,
    SAME_SHORT_NAME: _same_short_name,
    ALIAS_IS_NAME: _alias_is_name,
}


def found_by(session: orm.Session, check: str) -> list[Alternative]:
    """Return how a host can be found by a check, looked up once for a page.

    What one transaction reads is of one moment, or nearly; one that writes looks again.
    """
    if will_write.get():
        return CHECKS[check](session)
    transaction = session.connection().get_transaction()
    known = session.info.get("checked")
    if known is None or known[0] is not transaction:
        known = session.info["checked"] = (transaction, {})
    found: dict[str, list[Alternative]] = known[1]
    if check not in found:
        found[check] = CHECKS[check](session)
    return found[check]
