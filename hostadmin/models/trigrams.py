"""An index over every three letters of a name, where the engine has one.

SQLite: a table of FTS5 beside, which triggers keep right whoever writes. PostgreSQL: an
index of pg_trgm, where that may be installed. Elsewhere names are read one by one.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from .host import Host, HostAlias

# Model and the column with the folded names.
INDEXED = ((Host, "hostname_key"), (HostAlias, "name_key"))


def table_name(model: Any) -> str:
    """Return the name of the table of FTS5 for the names of a model."""
    return f"{model.__tablename__}_trigrams"


TRIGRAM_TABLES = frozenset(table_name(model) for model, _ in INDEXED)


def trigger_names(model: Any) -> list[str]:
    name = table_name(model)
    return [f"{name}_{what}" for what in ("insert", "update", "delete")]


def sqlite_statements(table: str, column: str) -> list[str]:
    """Return what makes the index of a column. Table and column are our own names."""
    name = f"{table}_trigrams"
    add = f"INSERT INTO {name}(rowid, {column}) VALUES (new.id, new.{column});"  # noqa: S608
    remove = (
        f"INSERT INTO {name}({name}, rowid, {column}) "  # noqa: S608
        f"VALUES ('delete', old.id, old.{column});"
    )
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({column}, content='{table}', "
        "content_rowid='id', tokenize='trigram case_sensitive 1', detail='none', "
        "columnsize=0)",
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {column} ON {table} "
        f"WHEN old.{column} <> new.{column} BEGIN {remove} {add} END",
    ]


def postgresql_statements(table: str, column: str) -> list[str]:
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        f"CREATE INDEX ix_{table}_{column}_trigrams ON {table} "
        f"USING gin ({column} gin_trgm_ops)",
    ]


_STATEMENTS = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}


def _create(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    statements = _STATEMENTS.get(connection.dialect.name)
    column = next(c for model, c in INDEXED if model.__table__ is table)
    if statements is None:
        return
    try:
        with connection.begin_nested():
            for statement in statements(table.name, column):
                connection.exec_driver_sql(statement)
    except DBAPIError:
        # No right to install it, or a SQLite without FTS5: it works all the same.
        return


def _drop(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    # The triggers go with their table, this one does not.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}_trigrams")


for _model, _ in INDEXED:
    event.listen(_model.__table__, "after_create", _create)
    event.listen(_model.__table__, "after_drop", _drop)
