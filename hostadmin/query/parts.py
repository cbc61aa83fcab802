"""A way in which a condition can hold, and how it fails where a column is NULL."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

Clause: TypeAlias = ColumnElement[bool]
Column: TypeAlias = orm.InstrumentedAttribute[Any]


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
