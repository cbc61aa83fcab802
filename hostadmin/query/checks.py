"""What a look at one host cannot tell: that another has the same address or name.

Adding a check of this kind is one function here and one line in ``CHECKS``.
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..models import Host, HostAddress, HostAlias
from .parts import Part, by_ids

SAME_ADDRESS = "same-address"
SAME_ADDRESS_AND_PORT = "same-address-and-port"
SAME_SHORT_NAME = "same-short-name"
ALIAS_IS_NAME = "alias-is-name"


def short_name(engine: str, name: ColumnElement[str]) -> ColumnElement[str]:
    """Return SQL for what stands before the first dot, of an IPv4 address all of it."""
    find = sa.func.strpos if engine == "postgresql" else sa.func.instr
    dot: ColumnElement[int] = find(name, ".")
    short = sa.func.substr(name, 1, dot - 1)
    rest: ColumnElement[str] = short
    for digit in "0123456789":
        rest = sa.func.replace(rest, digit, "")
    # Most names begin with a letter, and then their digits need not be taken out.
    is_number = sa.and_(name >= "0", name < ":", sa.func.length(rest) == 0)
    return sa.case((dot == 0, name), (is_number, name), else_=short)


def _same_address(_session: orm.Session) -> list[Part]:
    """Any address counts, own or further; a host is never its own double."""
    other, further, second = (
        orm.aliased(Host),
        orm.aliased(HostAddress),
        orm.aliased(HostAddress),
    )
    # From its index, groups of equal keys are read in order, without a sort.
    own = _repeated(other)
    own_and_further = sa.select(further.ip_key).join(
        other, sa.and_(other.ip_key == further.ip_key, other.id != further.host_id)
    )
    further_and_own = sa.select(further.host_id).join(
        other, sa.and_(other.ip_key == further.ip_key, other.id != further.host_id)
    )
    two_further = sa.select(further.host_id).join(
        second,
        sa.and_(second.ip_key == further.ip_key, second.host_id != further.host_id),
    )
    return [
        Part(Host.ip_key.in_(own), Host.ip_key),
        # A host of which the further address is another's own: both are found.
        Part(
            sa.and_(
                Host.ip_key.in_(own_and_further),
                sa.exists()
                .where(further.ip_key == Host.ip_key, further.host_id != Host.id)
                .correlate(Host),
            ),
            Host.ip_key,
        ),
        Part(Host.id.in_(further_and_own)),
        Part(Host.id.in_(two_further)),
    ]


def _repeated(host: type[Host]) -> sa.Select[str | None]:
    return (
        sa.select(host.ip_key)
        .where(host.ip_key.is_not(None))
        .group_by(host.ip_key)
        .having(sa.func.count() > 1)
    )


def _same_address_and_port(_session: orm.Session) -> list[Part]:
    other, twin = orm.aliased(Host), orm.aliased(Host)
    same_port = sa.func.coalesce(twin.port, 0) == sa.func.coalesce(Host.port, 0)
    has_twin = (
        sa.exists()
        .where(twin.ip_key == Host.ip_key, twin.id != Host.id, same_port)
        .correlate(Host)
    )
    # Only the few that share an address are looked up one by one.
    return [Part(sa.and_(Host.ip_key.in_(_repeated(other)), has_twin), Host.ip_key)]


def _same_short_name(session: orm.Session) -> list[Part]:
    engine = session.get_bind().dialect.name
    other = orm.aliased(Host)
    others = short_name(engine, other.hostname_key.expression)
    repeated = sa.select(others).group_by(others).having(sa.func.count() > 1)
    doubled = orm.aliased(Host)
    hosts = sa.select(doubled.id).where(
        short_name(engine, doubled.hostname_key.expression).in_(repeated)
    )
    # Every name is read for it: once rather than for each statement of a page.
    return by_ids(session, hosts) or [Part(sa.false())]


def _alias_is_name(_session: orm.Session) -> list[Part]:
    alias, other = orm.aliased(HostAlias), orm.aliased(Host)
    both = sa.and_(other.hostname_key == alias.name_key, other.id != alias.host_id)
    return [
        Part(Host.id.in_(sa.select(alias.host_id).join(other, both))),
        Part(Host.id.in_(sa.select(other.id).join(alias, both))),
    ]


CHECKS: dict[str, Callable[[orm.Session], list[Part]]] = {
    SAME_ADDRESS: _same_address,
    SAME_ADDRESS_AND_PORT: _same_address_and_port,
    SAME_SHORT_NAME: _same_short_name,
    ALIAS_IS_NAME: _alias_is_name,
}
