"""A way in which a condition can hold, and how it fails where a column is NULL."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..models import Host

Clause: TypeAlias = ColumnElement[bool]
Column: TypeAlias = orm.InstrumentedAttribute[Any]

# Up to so many ids are written into a statement rather than looked up by it.
FEW = 500
# And so many where looking them up reads the whole table.
MANY = 100_000


@dataclass(frozen=True)
class Alternative:
    """One of the ways in which a term can hold.

    ``nullable`` is the column whose NULL would make the condition neither true nor
    false.
    """

    holds: Clause
    nullable: Column | None = None

    @property
    def fails(self) -> Clause:
        refuted = sa.not_(self.holds)
        if self.nullable is None:
            return refuted
        return sa.or_(self.nullable.is_(None), refuted)


def by_ids(
    session: orm.Session, hosts: sa.Select[Any], limit: int = FEW
) -> list[Alternative]:
    """Return a part for hosts that match by another name or a further address.

    Most inventories have few of these or none. Then the ids go into the statement,
    or nothing does, and the index on the host itself serves on every engine. Of more
    than ``limit``, the statement looks for them itself.
    """
    ids = session.scalars(hosts.distinct().limit(limit + 1)).all()
    if not ids:
        return []
    if len(ids) > limit:
        return [Alternative(Host.id.in_(hosts))]
    return [Alternative(_among(session.get_bind().dialect.name, sorted(ids)))]


def _among(engine: str, ids: Sequence[int]) -> Clause:
    """Return the condition that a host is one of these, quick for thousands, too.

    It holds its ids as one value: SQLite takes 32,766 at most, and PostgreSQL needs
    longer to read them than to find them.
    """
    if len(ids) <= FEW:
        return Host.id.in_(ids)
    if engine == "sqlite":
        each = sa.func.json_each(json.dumps(ids)).table_valued("value")
        return Host.id.in_(sa.select(each.c.value))
    if engine == "postgresql":
        return Host.id == sa.any_(sa.literal(ids, sa.ARRAY(sa.Integer)))
    return Host.id.in_(ids)


def has_none(session: orm.Session, host_id: Column | sa.Column[int]) -> Clause:
    """Return the condition that a host has no row in another table."""
    if session.get_bind().dialect.name not in ("mysql", "mariadb"):
        return ~sa.exists().where(host_id == Host.id)
    # MariaDB would turn NOT EXISTS into a list of all hosts that have one.
    one = sa.select(host_id).where(host_id == Host.id).limit(1)
    return one.correlate(Host).scalar_subquery().is_(None)
