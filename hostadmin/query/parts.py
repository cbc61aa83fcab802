"""A way in which a condition can hold, and how it fails where a column is NULL."""

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


@dataclass(frozen=True)
class Part:
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


def by_ids(session: orm.Session, hosts: sa.Select[Any]) -> list[Part]:
    """Return a part for hosts that match by another name or a further address.

    Most inventories have few of these or none. Then the ids go into the statement,
    or nothing does, and the index on the host itself serves on every engine.
    """
    ids = session.scalars(hosts.distinct().limit(FEW + 1)).all()
    if not ids:
        return []
    if len(ids) <= FEW:
        return [Part(Host.id.in_(sorted(ids)))]
    return [Part(Host.id.in_(hosts))]
