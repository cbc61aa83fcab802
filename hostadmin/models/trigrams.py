"""An index over every three letters of a name, made with its table, where there is one.

Elsewhere names are read one by one.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from ..db.engines import engine_of
from .host import Host, HostAlias

# Model and the column with the folded names.
INDEXED = ((Host, "hostname_key"), (HostAlias, "name_key"))


def _create(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    column = next(c for model, c in INDEXED if model.__table__ is table)
    statements = engine_of(connection).trigram_statements(table.name, column)
    if not statements:
        return
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.exec_driver_sql(statement)
    except DBAPIError:
        # No right to install it, or a SQLite without FTS5: it works all the same.
        return


def _drop(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    for statement in engine_of(connection).trigram_drop_statements(table.name):
        connection.exec_driver_sql(statement)


for _model, _ in INDEXED:
    event.listen(_model.__table__, "after_create", _create)
    event.listen(_model.__table__, "after_drop", _drop)
