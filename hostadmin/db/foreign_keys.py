"""Whether every row that another one names is there."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ..formatting import counted
from .session import Base


def find_orphans(connection: sa.Connection) -> Iterator[str]:
    """Yield a sentence for each column that names rows which are not there.

    Engines prevent it; a file that was repaired, or a program that switched them off,
    does not.
    """
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            number = connection.scalar(_count(key)) or 0
            if number:
                rows = counted(number, "row")
                parent = key.column.table.name
                yield f"{rows} of {table.name} without a matching row in {parent}"


def _count(key: sa.ForeignKey) -> sa.Select[Any]:
    # A table may name itself.
    parent = key.column.table.alias("parent")
    there = sa.select(parent.c[key.column.name]).where(
        parent.c[key.column.name] == key.parent
    )
    return (
        sa.select(sa.func.count())
        .select_from(key.parent.table)
        .where(key.parent.is_not(None), ~there.exists())
    )
