"""What hosts are counted by, and how SQL tells the values apart.

Adding something to count by is one function here, that ``find_dimension`` calls.
"""

import enum
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ...db.engines import engine_of
from ...errors import QueryError
from ...models import Host, VocabularyEntry
from ...query.fields import FIELDS, Field, Kind, find_field
from ...query.sql.json_path import Variable
from ...validation.values import HostStatus, did_you_mean, quoted
from .base import CountSource as CountSource
from .base import Dimension as Dimension
from .base import empty, equal_to, not_empty
from .groups import by_group
from .names import by_alias, by_domain, by_hostname
from .networks import by_address, by_network
from .periods import PERIODS as PERIODS
from .periods import by_time

_NETWORK = re.compile(r"network(?:/(\d{1,3}))?")
# Values of the vocabulary that are offered as such of no host.
_MOST_KNOWN = 1_000


def plain(key: Any) -> Any:
    return key.value if isinstance(key, enum.Enum) else key


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
    if field.kind is Kind.CHECK:
        raise QueryError(
            "Hosts are not counted by check.", "The page Hygiene has a number for each."
        )
    if field.kind is Kind.SET:
        raise QueryError("Hosts are not counted by set.")
    if field.kind is Kind.TIME:
        return by_time(session, field, period.casefold() or "month")
    if colon:
        raise QueryError(f"{quoted(field.name)} has no parts such as {quoted(period)}.")
    return _by_field(session, field)


def _by_field(session: orm.Session, field: Field) -> Dimension:
    match field.kind:
        case Kind.NAME:
            return by_hostname()
        case Kind.ALIAS:
            return by_alias(session)
        case Kind.ADDRESS:
            return by_address(session)
        case Kind.GROUP:
            return by_group(session, field)
        case Kind.VARIABLE:
            return _by_variable(session, field)
        case Kind.NOTES:
            return _by_presence(field)
        case _:
            return _by_column(session, field)


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
            f"There is nothing called {quoted(name)} to count by.",
            did_you_mean(name, known)
            or f"Count by {', '.join(groupable_names())}, created:month or var.NAME.",
        ) from error


def _by_column(session: orm.Session, field: Field) -> Dimension:
    column = field.column
    if column is None:
        raise LookupError(field.name)

    def known() -> list[Any]:
        if field.kind is Kind.STATUS:
            return list(HostStatus)
        # Ports are numbers: each could be there.
        spelt = sa.select(VocabularyEntry.spelling).where(
            VocabularyEntry.field == field.attribute
        )
        some = spelt.order_by(VocabularyEntry.folded).limit(_MOST_KNOWN)
        return list(session.scalars(some))

    return Dimension(
        field.name,
        field.label,
        (CountSource(column.expression),),
        lambda key: str(plain(key)),
        lambda key: equal_to(field, str(plain(key))),
        empty(field),
        known=known,
        column=column,
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


def _by_presence(field: Field) -> Dimension:
    """Tell only hosts with a long text from those without."""
    key = sa.case((Host.notes.is_not(None), "(set)"))
    return Dimension(
        field.name,
        field.label,
        (CountSource(key),),
        str,
        lambda _key: not_empty(field),
        empty(field),
    )
