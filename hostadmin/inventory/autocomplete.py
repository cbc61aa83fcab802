"""Values to complete a query with, found within a moment or not at all."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..limits import limits
from ..models import Group, Host, HostAlias, VocabularyEntry
from ..query.fields import Field, Kind
from ..query.parse_values import word_range
from ..validation.values import fold

# Names and values of variables have no index: some of the newest hosts tell them.
SAMPLE = 300
# No value that is longer helps anybody who types.
MAX_SHOWN = 100

Found = list[tuple[str, int | None]]


def suggest_values(
    session: orm.Session, field: Field, begun: str, limit: int
) -> Iterable[tuple[str, int | None]]:
    """Return values of the field that begin so, and how many hosts have each.

    The number is None where to count takes too long; without an answer in time there
    are no values.
    """
    look_up = _LOOK_UPS.get(field.kind)
    if look_up is None:
        return []
    try:
        with time_limit(session, limits.completion_seconds):
            return look_up(session, field, begun, limit)
    except TooSlow:
        return []


def suggest_variables(session: orm.Session, begun: str) -> list[str]:
    """Return names of variables that begin so, the most frequent first."""
    found: Counter[str] = Counter()
    try:
        with time_limit(session, limits.completion_seconds):
            for variables in _sample(session):
                found.update(_names(variables))
    except TooSlow:
        return []
    return [name for name, _ in found.most_common() if name.startswith(begun)]


def _names(variables: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for name, value in variables.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{name}.")


def _sample(session: orm.Session) -> Iterable[dict[str, Any]]:
    newest = sa.select(Host.vars).order_by(Host.id.desc()).limit(SAMPLE)
    return session.scalars(newest).all()


# ---- one look-up for each kind of field


def _short_texts(session: orm.Session, field: Field, begun: str, limit: int) -> Found:
    spellings = session.scalars(
        sa.select(VocabularyEntry.spelling)
        .where(VocabularyEntry.field == field.attribute)
        .where(VocabularyEntry.folded.startswith(fold(begun), autoescape=True))
        .order_by(VocabularyEntry.folded)
        .limit(limit)
    ).all()
    column = field.column
    if column is None or not spellings:
        return []
    counted = sa.select(column, sa.func.count()).where(column.in_(spellings))
    try:
        with time_limit(session, limits.completion_seconds):
            rows = session.execute(counted.group_by(column)).all()
    except TooSlow:
        return [(spelling, None) for spelling in spellings]
    # A spelling may outlive the last host that had it.
    found: Found = [(str(value), int(number)) for value, number in rows]
    return sorted(found, key=lambda pair: (-(pair[1] or 0), pair[0]))


def _ports(session: orm.Session, _field: Field, begun: str, limit: int) -> Found:
    number = sa.func.count()
    rows = session.execute(
        sa.select(Host.port, number)
        .where(Host.port.is_not(None))
        .group_by(Host.port)
        .order_by(number.desc(), Host.port)
        .limit(1_000)
    )
    found: Found = [(str(port), int(count)) for port, count in rows]
    return [pair for pair in found if pair[0].startswith(begun)][:limit]


def _groups(session: orm.Session, _field: Field, begun: str, limit: int) -> Found:
    names = sa.select(Group.name).where(Group.name.istartswith(begun, autoescape=True))
    return _plain(session, names.order_by(Group.name), limit)


def _hostnames(session: orm.Session, _field: Field, begun: str, limit: int) -> Found:
    key = Host.hostname_key
    names = sa.select(Host.hostname).where(*_from(key, fold(begun))).order_by(key)
    return _plain(session, names, limit)


def _aliases(session: orm.Session, _field: Field, begun: str, limit: int) -> Found:
    key = HostAlias.name_key
    names = sa.select(HostAlias.name).where(*_from(key, fold(begun))).order_by(key)
    return _plain(session, names, limit)


def _addresses(session: orm.Session, _field: Field, begun: str, limit: int) -> Found:
    try:
        inside = word_range(begun)
    except QueryError:
        return []
    begins = Host.ip_addr.startswith(begun, autoescape=True)
    some = sa.select(Host.ip_addr).where(Host.ip_key.is_not(None), begins)
    if inside is not None:
        some = some.where(Host.ip_key.between(inside.low, inside.high))
    return _plain(session, some.order_by(Host.ip_key), limit)


def _variables(session: orm.Session, field: Field, begun: str, limit: int) -> Found:
    found: dict[str, None] = {}
    for variables in _sample(session):
        value: Any = variables
        for name in field.path:
            value = value.get(name) if isinstance(value, dict) else None
        text = value if isinstance(value, str) else json.dumps(value)
        if value is not None and fold(text).startswith(fold(begun)):
            found[text] = None
    shown = [text for text in found if 0 < len(text) <= MAX_SHOWN]
    return [(text, None) for text in shown[:limit]]


def _from(key: Any, begun: str) -> list[sa.ColumnElement[bool]]:
    """Return a range of the index that holds all keys which begin so."""
    return [key >= begun, key < f"{begun}\U0010ffff"]


def _plain(session: orm.Session, texts: sa.Select[Any], limit: int) -> Found:
    found = dict.fromkeys(session.scalars(texts.limit(limit)))
    return [(text, None) for text in found]


_LOOK_UPS: dict[Kind, Callable[[orm.Session, Field, str, int], Found]] = {
    Kind.TEXT: _short_texts,
    Kind.PORT: _ports,
    Kind.GROUP: _groups,
    Kind.NAME: _hostnames,
    Kind.ALIAS: _aliases,
    Kind.ADDRESS: _addresses,
    Kind.VARIABLE: _variables,
}
