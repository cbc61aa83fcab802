"""What a look at one host cannot tell: that another has the same address or name.

Adding a check of this kind is one function here and one line in ``CHECKS``.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..db.engines import Engine, engine_of, will_write
from ..formats.csv_table.placeholders import PLACEHOLDERS
from ..limits import limits
from ..models import (
    FormerName,
    Group,
    Host,
    HostAddress,
    HostAlias,
    VocabularyEntry,
    group_members,
)
from ..validation import look_alikes, values
from .clauses import Alternative, by_ids

SAME_ADDRESS = "same-address"
SAME_ADDRESS_AND_PORT = "same-address-and-port"
SAME_SHORT_NAME = "same-short-name"
ALIAS_IS_NAME = "alias-is-name"
LOOK_ALIKE_NAME = "look-alike-name"
FORMER_NAME = "former-name"
GROUP_IS_NAME = "group-is-name"
PLACEHOLDER = "placeholder"
# Names that are asked for at once.
_TOGETHER = 500


def short_name(engine: Engine, name: ColumnElement[str]) -> ColumnElement[str]:
    """Return SQL for what is before the first dot, of an IPv4 address all of it."""
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


def _look_alike_name(session: orm.Session) -> list[Alternative]:
    """Names that hold odd signs are compared in Python; of others none looks alike."""
    name = Host.hostname_key
    signs = (name.contains(sign, autoescape=True) for sign in look_alikes.ODD_SIGNS)
    is_odd = sa.or_(~engine_of(session).is_ascii(name.expression), *signs)
    # Where most names are odd, some are still compared.
    odd = sa.select(Host.id, name).where(is_odd).order_by(Host.id)
    by_look: dict[str, set[int]] = {}
    for host_id, key in session.execute(odd.limit(limits.looked_up_ids)):
        by_look.setdefault(look_alikes.skeleton(key), set()).add(host_id)
    for host_id, key in _named(session, by_look):
        by_look[key].add(host_id)
    return _alternatives(
        session, {i for ids in by_look.values() if len(ids) > 1 for i in ids}
    )


def _former_name(session: orm.Session) -> list[Alternative]:
    """A host that got another name, and one that has or had that name since."""
    former, one, other = FormerName, orm.aliased(Host), orm.aliased(Host)
    both = (
        sa.select(one.id.label("one"), other.id.label("other"))
        .select_from(former)
        .join(one, one.id == former.subject_id)
        .join(other, other.hostname_key == former.name_key)
        .where(former.subject == "host", one.id != other.id)
    )
    pairs = session.execute(both.limit(limits.looked_up_ids)).all()
    return _alternatives(session, {id_ for pair in pairs for id_ in pair})


def _group_is_name(session: orm.Session) -> list[Alternative]:
    names = {values.name_key(name) for name in session.scalars(sa.select(Group.name))}
    return _alternatives(session, {host_id for host_id, _ in _named(session, names)})


def _placeholder(session: orm.Session) -> list[Alternative]:
    """Texts that say that there is none, and members of groups that are called so."""
    entry = VocabularyEntry
    held = session.execute(
        sa.select(entry.field, entry.spelling).where(entry.folded.in_(PLACEHOLDERS))
    )
    spellings: dict[str, list[str]] = {}
    for field, spelling in held:
        spellings.setdefault(field, []).append(spelling)
    found = [
        Alternative(column.in_(texts), column)
        for field, texts in spellings.items()
        for column in [getattr(Host, field)]
    ]
    groups = session.scalars(
        sa.select(Group.id).where(sa.func.lower(Group.name).in_(PLACEHOLDERS))
    ).all()
    if groups:
        members = group_members.c
        ids = sa.select(members.host_id).where(members.group_id.in_(groups))
        found += by_ids(session, ids, limits.looked_up_ids)
    return found or [Alternative(sa.false())]


def _named(session: orm.Session, keys: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield id and key of the hosts that have one of these keys."""
    wanted = sorted(keys)
    for start in range(0, len(wanted), _TOGETHER):
        some = wanted[start : start + _TOGETHER]
        named = sa.select(Host.id, Host.hostname_key).where(Host.hostname_key.in_(some))
        yield from ((row.id, row.hostname_key) for row in session.execute(named))


def _alternatives(session: orm.Session, ids: set[int]) -> list[Alternative]:
    if len(ids) > limits.statement_ids:
        return [Alternative(engine_of(session).id_among(Host.id, sorted(ids)))]
    return [Alternative(Host.id.in_(sorted(ids)) if ids else sa.false())]


CHECKS: dict[str, Callable[[orm.Session], list[Alternative]]] = {
    SAME_ADDRESS: _same_address,
    SAME_ADDRESS_AND_PORT: _same_address_and_port,
    SAME_SHORT_NAME: _same_short_name,
    ALIAS_IS_NAME: _alias_is_name,
    LOOK_ALIKE_NAME: _look_alike_name,
    FORMER_NAME: _former_name,
    GROUP_IS_NAME: _group_is_name,
    PLACEHOLDER: _placeholder,
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
