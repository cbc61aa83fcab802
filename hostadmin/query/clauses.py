"""A way in which a condition can hold, and how it fails where a column is NULL."""

import operator
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import BooleanClauseList, ColumnElement

from ..db.engines import engine_of
from ..limits import limits
from ..models import Host

Clause: TypeAlias = ColumnElement[bool]
Column: TypeAlias = orm.InstrumentedAttribute[Any]


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
        refuted = _refuted(self.holds)
        if self.nullable is None:
            return refuted
        return sa.or_(self.nullable.is_(None), refuted)


def _refuted(clause: Clause) -> Clause:
    """Return the negation; of a range, both sides of it, which an index finds."""
    if isinstance(clause, BooleanClauseList) and clause.operator is operator.and_:
        return sa.or_(*(sa.not_(part) for part in clause.clauses))
    return sa.not_(clause)


def by_ids(
    session: orm.Session, hosts: sa.Select[Any], limit: int | None = None
) -> list[Alternative]:
    """Return a part for hosts that match by another name or a further address.

    Most inventories have few of these or none. Then the ids go into the statement,
    or nothing does, and the index on the host itself serves on every engine. Of more
    than ``limit``, the statement looks for them itself.
    """
    limit = limits.statement_ids if limit is None else limit
    ids = session.scalars(hosts.distinct().limit(limit + 1)).all()
    if not ids:
        return []
    if len(ids) > limit:
        return [Alternative(Host.id.in_(hosts))]
    if len(ids) <= limits.statement_ids:
        return [Alternative(Host.id.in_(sorted(ids)))]
    return [Alternative(engine_of(session).id_among(Host.id, sorted(ids)))]


def has_none(session: orm.Session, host_id: Column | sa.Column[int]) -> Clause:
    """Return the condition that a host has no row in another table."""
    return engine_of(session).has_no_row(host_id, Host.id)
