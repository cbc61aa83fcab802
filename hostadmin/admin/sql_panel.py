"""What a query is in SQLAlchemy and in SQL, for those who may see it."""

import re
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import CompileError

from ..db.engines import engine_of
from ..inventory.list_hosts import DEFAULT_SORT, SORTS
from ..keyset.cursors import Sort
from ..keyset.order_by import order_of
from ..models import Host
from ..query.sql.compiler import Clause
from ..query.to_python import select_text
from .current_user import may_see_sql

# Thousands of ids would be most of a page; the first of them tell what they are.
_MANY_NUMBERS = re.compile(r"(?<!\d)((?:\d+, ?){10})((?:\d+, ?){20,})")
COUNT = "select(func.count()).select_from(Host)"


@dataclass(frozen=True)
class Statement:
    python: str
    sql: str
    engine: str


def list_statement(
    session: orm.Session, where: Clause | None, sort: Sort, size: int
) -> Statement | None:
    """Return the first page of a list; None for those who may not see it."""
    if not may_see_sql():
        return None
    # By variables, the program sorts; there is no SQL for it.
    parts = [part for part in sort.parts if not part.path] or [SORTS[DEFAULT_SORT]]
    sort = replace(parts[0], then=tuple(parts[1:]))
    order = order_of(sort, [part.column for part in parts], Host.id, False)
    read = sa.select(Host).order_by(*order).limit(size)
    python = select_text(where, order, size)
    return _statement(session, read if where is None else read.where(where), python)


def count_statement(session: orm.Session, where: Clause | None) -> Statement | None:
    """Return the number of hosts; None for those who may not see it."""
    if not may_see_sql():
        return None
    count = sa.select(sa.func.count()).select_from(Host)
    python = select_text(where, what=COUNT)
    return _statement(session, count if where is None else count.where(where), python)


def _statement(session: orm.Session, read: sa.Select[Any], python: str) -> Statement:
    dialect = session.get_bind().dialect
    try:
        # To be looked at only: what is sent has its values apart.
        shown = read.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    except (CompileError, NotImplementedError):
        shown = read.compile(dialect=dialect)
    return Statement(
        _shortened(python), _shortened(str(shown)), engine_of(dialect).name
    )


def _shortened(text: str) -> str:
    def some(run: re.Match[str]) -> str:
        return f"{run[1]}… {run[2].count(','):,} more …, "

    return _MANY_NUMBERS.sub(some, text)
