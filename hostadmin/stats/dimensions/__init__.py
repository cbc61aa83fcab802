"""What hosts are counted by, and how SQL tells the values apart.

Adding something to count by is one function here, that ``find_dimension`` calls.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import orm

from ...db.engines import engine_of
from ...errors import QueryError
from ...models import Host
from ...query.fields import FIELDS, Field, find_field
from ...query.sql.json_path import Variable
from ...validation.values import did_you_mean, plain, quoted, sort_key
from .base import CountSource as CountSource
from .base import Dimension as Dimension
from .base import empty, equal_to, not_empty
from .groups import by_group
from .names import by_alias, by_domain, by_hostname
from .networks import by_address, by_network
from .periods import PERIODS as PERIODS
from .periods import by_time

_NETWORK = re.compile(r"network(?:/(\d{1,3}))?")


def find_dimension(session: orm.Session, by: str) -> Dimension:
    """Return what the text counts by.

    That is a field, a variable, ``domain``, ``network/24`` or ``created:month``.
    Raises ``QueryError``.
    """
    name, colon, period = by.strip().partition(":")
    network = _NETWORK.fullmatch(name.casefold())
    if network and not colon:
        return by_network(session, int(network[1] or 16))
    if name.casefold() == "domain" and not colon:
        return by_domain(session)
    field = _countable(name)
    if field.kind.why_not_counted:
        raise QueryError(*field.kind.why_not_counted)
    if field.kind.has_periods:
        return by_time(session, field, period.casefold() or "month")
    if colon:
        raise QueryError(f"{quoted(field.name)} cannot be counted by {quoted(period)}.")
    return _BY_KIND.get(field.kind.name, _by_column)(session, field)


def groupable_names() -> list[str]:
    """Return what can be counted by, for menus and messages."""
    return [*(f.name for f in FIELDS.values() if f.groupable), "network", "domain"]


def _countable(name: str) -> Field:
    try:
        return find_field(name)
    except QueryError as error:
        if name.casefold().startswith("var."):
            raise
        known = [*groupable_names(), *FIELDS]
        raise QueryError(
            f"Unknown field {quoted(name)}.",
            did_you_mean(name, known)
            or f"Use {', '.join(groupable_names())}, created:month or var.NAME.",
        ) from error


def _by_column(session: orm.Session, field: Field) -> Dimension:
    column = field.own_column
    return Dimension(
        field.name,
        field.label,
        (CountSource(column.expression),),
        lambda key: str(plain(key)),
        lambda key: equal_to(field, str(plain(key))),
        empty(field),
        known=lambda: field.kind.members(session, field),
        column=column,
        order=sort_key if field.kind.has_vocabulary else None,
    )


def _by_variable(session: orm.Session, field: Field) -> Dimension:
    variable = Variable(engine_of(session), Host.vars, field.path)
    text = sa.func.nullif(variable.text, "")
    return Dimension(
        field.name,
        field.label,
        (CountSource(text),),
        str,
        lambda key: equal_to(field, key),
        empty(field),
    )


def _by_presence(_session: orm.Session, field: Field) -> Dimension:
    """Tell only hosts with a long text from those without."""
    key = sa.case((field.own_column.is_not(None), "(set)"))
    return Dimension(
        field.name,
        field.label,
        (CountSource(key),),
        str,
        lambda _key: not_empty(field),
        empty(field),
    )


# What is more than its column, by the kind of its values.
_BY_KIND: dict[str, Callable[[orm.Session, Field], Dimension]] = {
    "name": by_hostname,
    "alias": by_alias,
    "address": by_address,
    "group": by_group,
    "variable": _by_variable,
    "notes": _by_presence,
}
