"""Counting by network: the first bits of every address of a host."""

import ipaddress
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ...errors import QueryError
from ...models import Host, HostAddress
from ...query import ast
from ...query.ast import Term
from ...query.fields import FIELDS, Field
from ...query.sql.compiler import compile_node
from .base import CountSource, Dimension, empty


def by_network(session: orm.Session, length: int) -> Dimension:
    """Group addresses by network, /16 or what is asked for.

    IPv6 networks are named by the length that plays the same part there: /48 for 16,
    /64 for 24.
    """
    if length > 128:
        raise QueryError(
            f"/{length} is not a valid prefix length.", "Use network/24, up to /128."
        )
    field = FIELDS["ip"]
    lengths = {4: min(length, 32), 6: _length_6(length)}

    def key(address: Any) -> ColumnElement[str]:
        return sa.case(
            (sa.func.substr(address, 1, 1) == "4", _prefix(address, 96 + lengths[4])),
            else_=_prefix(address, lengths[6]),
        )

    def text(prefix: str) -> str:
        family = int(prefix[0])
        number = int(prefix[1:].ljust(32, "0"), 16)
        make = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
        return f"{make(number)}/{lengths[family]}"

    sources = _sources(session, key)
    return Dimension(
        f"network/{length}",
        f"Network (/{lengths[4]}, IPv6 /{lengths[6]})",
        sources,
        text,
        lambda prefix: Term(field.name, ast.EQUALS, (text(prefix),)),
        empty(field),
        is_several=len(sources) > 1,
    )


def by_address(session: orm.Session, field: Field) -> Dimension:
    """Group by address, each by itself."""
    sources = _sources(session, lambda address: address)

    def text(key: str) -> str:
        number = int(key[1:], 16)
        family = ipaddress.IPv4Address if key[0] == "4" else ipaddress.IPv6Address
        return str(family(number))

    return Dimension(
        field.name,
        field.label,
        sources,
        text,
        lambda key: Term(field.name, ast.EQUALS, (text(key),)),
        empty(field),
        is_several=len(sources) > 1,
    )


def _sources(
    session: orm.Session, key: Callable[[Any], ColumnElement[str]]
) -> tuple[CountSource, ...]:
    own = key(Host.ip_key)
    if session.scalar(sa.select(HostAddress.id).limit(1)) is None:
        # CASE without ELSE: no address, no network.
        return (CountSource(sa.case((Host.ip_key.is_not(None), own))),)
    # Every address counts, but a host only once for all that it has in one network.
    # Those further addresses are few that lie elsewhere than the first.
    further = orm.aliased(HostAddress)
    other = key(further.ip_key)
    none = compile_node(session, Term("ip", ast.EMPTY))
    return (
        CountSource(own, condition=Host.ip_key.is_not(None)),
        CountSource(
            other,
            ((further, further.host_id == Host.id),),
            sa.or_(Host.ip_key.is_(None), own != other),
            is_repeated=True,
        ),
        CountSource(None, condition=none),
    )


def _length_6(length: int) -> int:
    if length in (0, 32):
        return 4 * length
    return 2 * length + 16 if length < 32 else length


def _prefix(address: Any, bits: int) -> ColumnElement[str]:
    """Return the family and the first bits of a key, which has four bits a digit."""
    whole, rest = divmod(bits, 4)
    digits: ColumnElement[str] = sa.func.substr(address, 1, 1 + whole)
    if not rest:
        return digits
    # Without its last bits, a digit is the greatest step that is not above it.
    step = 2 ** (4 - rest)
    digit = sa.func.substr(address, 2 + whole, 1)
    cut = sa.case(
        *((digit >= f"{low:x}", f"{low:x}") for low in range(16 - step, 0, -step)),
        else_="0",
    )
    return digits.concat(cut)
