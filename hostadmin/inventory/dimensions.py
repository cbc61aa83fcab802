"""What hosts are counted by, and how SQL tells the values apart.

Adding something to count by is one function here, that ``find_dimension`` calls.
"""

import enum
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..errors import QueryError
from ..models import Group, Host, HostAddress, group_children, group_members
from ..query import tree
from ..query.compile import Clause, compile_node
from ..query.fields import FIELDS, Field, Kind, find_field
from ..query.filters import filter_arg
from ..query.tree import Term
from ..query.variables import Variable
from ..values import did_you_mean, quoted


@dataclass(frozen=True, eq=False)
class Way:
    """One way in which a host can have a value; ``key`` is None where it has none.

    Where ``host_id`` is given, the joined tables can be counted without that of the
    hosts. A host can come up several times with one key if ``is_repeated``.
    """

    key: ColumnElement[Any] | None
    joins: tuple[tuple[Any, Clause], ...] = ()
    condition: Clause | None = None
    host_id: ColumnElement[int] | None = None
    is_repeated: bool = False

    def added_to(self, statement: sa.Select[Any], *, alone: bool) -> sa.Select[Any]:
        joins = self.joins
        if alone:
            statement, joins = statement.select_from(joins[0][0]), joins[1:]
        for table, condition in joins:
            statement = statement.join(table, condition)
        return statement if self.condition is None else statement.where(self.condition)


@dataclass(frozen=True, eq=False)
class Dimension:
    """Something to count by, and what its keys mean to people.

    With more than one way, a host may be counted under several keys.
    """

    name: str
    title: str
    field: Field
    ways: tuple[Way, ...]
    text: Callable[[Any], str]
    operation: str = "equals"

    def value(self, key: Any) -> str | None:
        return None if key is None else self.text(key)

    def filter_arg(self, value: str | None) -> tuple[str, str]:
        if value is None:
            return filter_arg(self.field.name, "empty", "1")
        return filter_arg(self.field.name, self.operation, value)


def plain(key: Any) -> Any:
    return key.value if isinstance(key, enum.Enum) else key


_NETWORK = re.compile(r"network(?:/(\d{1,3}))?")
_PERIODS = ("year", "month", "day")


def find_dimension(session: orm.Session, by: str) -> Dimension:
    """Return what the text counts by.

    That is a field, a variable, ``network/24`` or ``created:month``. Raises
    ``QueryError``.
    """
    name, _, period = by.strip().partition(":")
    network = _NETWORK.fullmatch(name.casefold())
    if network and not period:
        return _by_network(session, int(network[1] or 16))
    field = _groupable(name)
    if field.kind is Kind.TIME:
        return _by_time(field, period or "month")
    if period:
        raise QueryError(f"{quoted(field.name)} has no parts such as {quoted(period)}.")
    if field.kind is Kind.GROUP:
        return _by_group(session, field)
    if field.kind is Kind.VARIABLE:
        return _by_variable(session, field)
    return _by_column(field)


def groupable_names() -> list[str]:
    """Return what can be counted by, for menus and messages."""
    return [field.name for field in FIELDS.values() if field.groupable] + ["network"]


def _groupable(name: str) -> Field:
    known = groupable_names()
    hint = f"Count by {', '.join(known)}."
    try:
        field = find_field(name)
    except QueryError:
        raise QueryError(
            f"There is nothing called {quoted(name)} to count by.",
            did_you_mean(name, known) or hint,
        ) from None
    if not field.groupable and field.kind not in (Kind.VARIABLE, Kind.TIME):
        raise QueryError(f"Hosts cannot be counted by {quoted(field.name)}.", hint)
    return field


def _by_column(field: Field) -> Dimension:
    if field.column is None:
        raise LookupError(field.name)
    return Dimension(
        field.name,
        field.label,
        field,
        (Way(field.column.expression),),
        lambda key: str(plain(key)),
    )


def _by_variable(session: orm.Session, field: Field) -> Dimension:
    dialect = session.get_bind().dialect.name
    text = sa.func.nullif(Variable(dialect, Host.vars, field.path).text, "")
    return Dimension(field.name, field.label, field, (Way(text),), str)


def _by_time(field: Field, period: str) -> Dimension:
    if period not in _PERIODS:
        raise QueryError(
            f"{quoted(period)} is not a period.", f"Use {', '.join(_PERIODS)}."
        )
    if field.column is None:
        raise LookupError(field.name)
    key: ColumnElement[Any] = sa.extract("year", field.column)
    parts = _PERIODS[1 : _PERIODS.index(period) + 1]
    for part in parts:
        key = key * 100 + sa.extract(part, field.column)

    def text(number: Any) -> str:
        rest, digits = int(number), []
        for _ in parts:
            rest, last = divmod(rest, 100)
            digits.append(f"{last:02}")
        return "-".join([f"{rest:04}", *reversed(digits)])

    return Dimension(
        f"{field.name}:{period}",
        f"{field.label} ({period})",
        field,
        (Way(key),),
        text,
    )


def _none(session: orm.Session, field: Field) -> Way:
    return Way(None, condition=compile_node(session, Term(field.name, tree.EMPTY)))


# ---- groups


def _by_group(session: orm.Session, field: Field) -> Dimension:
    names = {
        row.id: row.name for row in session.execute(sa.select(Group.id, Group.name))
    }
    is_nested = session.scalar(sa.select(group_children.c.parent_id).limit(1))
    return Dimension(
        field.name,
        field.label,
        field,
        (
            *(_nested_members() if is_nested else (_members(),)),
            _none(session, field),
        ),
        lambda key: names.get(key, str(key)),
    )


def _members(condition: Clause | None = None) -> Way:
    return Way(
        group_members.c.group_id,
        ((group_members, group_members.c.host_id == Host.id),),
        condition,
        group_members.c.host_id,
    )


def _nested_members() -> tuple[Way, Way]:
    """Count groups without children, most of them, straight from the index.

    Only in those that have some can a host be found twice.
    """
    parents = sa.select(group_children.c.parent_id)
    inside = sa.select(
        group_children.c.parent_id.label("top"),
        group_children.c.parent_id.label("group_id"),
    ).cte("inside", recursive=True)
    # Not UNION ALL: many ways may lead down to one group.
    inside = inside.union(
        sa.select(inside.c.top, group_children.c.child_id).join(
            group_children, group_children.c.parent_id == inside.c.group_id
        )
    )
    members = _members(group_members.c.group_id.not_in(parents))
    return members, Way(
        inside.c.top,
        (*members.joins, (inside, inside.c.group_id == group_members.c.group_id)),
        host_id=members.host_id,
        is_repeated=True,
    )


# ---- networks


def _by_network(session: orm.Session, length: int) -> Dimension:
    """Group addresses by network, /16 or what is asked for.

    IPv6 networks are named by the length that plays the same part there: /48 for 16,
    /64 for 24.
    """
    if length > 128:
        raise QueryError(
            f"A network has no length of {length}.", "Write network/24, up to /128."
        )
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

    return Dimension(
        f"network/{length}",
        f"Network (/{lengths[4]}, IPv6 /{lengths[6]})",
        FIELDS["ip"],
        _ways_to_network(session, key),
        text,
        "in_network",
    )


def _ways_to_network(
    session: orm.Session, key: Callable[[Any], ColumnElement[str]]
) -> tuple[Way, ...]:
    own = key(Host.ip_key)
    if session.scalar(sa.select(HostAddress.id).limit(1)) is None:
        # CASE without ELSE: no address, no network.
        return (Way(sa.case((Host.ip_key.is_not(None), own))),)
    further = orm.aliased(HostAddress)
    other = key(further.ip_key)
    return (
        Way(own, condition=Host.ip_key.is_not(None)),
        Way(
            other,
            ((further, further.host_id == Host.id),),
            sa.or_(Host.ip_key.is_(None), own != other),
            is_repeated=True,
        ),
        _none(session, FIELDS["ip"]),
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
