"""An index over every three letters of names, on SQLite and PostgreSQL."""

from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Written out here, not imported: a later change of the models must not change what
# this revision makes.
COLUMNS = (("hosts", "hostname_key"), ("host_aliases", "name_key"))


def _sqlite(table: str, column: str) -> list[str]:
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
        f"INSERT INTO {name}({name}) VALUES ('rebuild')",  # noqa: S608
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {column} ON {table} "
        f"WHEN old.{column} <> new.{column} BEGIN {remove} {add} END",
    ]


def _postgresql(table: str, column: str) -> list[str]:
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        f"CREATE INDEX ix_{table}_{column}_trigrams ON {table} "
        f"USING gin ({column} gin_trgm_ops)",
    ]


STATEMENTS = {"sqlite": _sqlite, "postgresql": _postgresql}


def upgrade() -> None:
    statements = STATEMENTS.get(op.get_context().dialect.name)
    if statements is None:
        return
    for table, column in COLUMNS:
        if op.get_context().as_sql:
            for statement in statements(table, column):
                op.execute(statement)
            continue
        try:
            with op.get_bind().begin_nested():
                for statement in statements(table, column):
                    op.get_bind().exec_driver_sql(statement)
        except DBAPIError:
            # No right to install it, or a SQLite without FTS5: the query reads all
            # names instead.
            continue


def downgrade() -> None:
    engine = op.get_context().dialect.name
    for table, column in COLUMNS:
        if engine == "sqlite":
            for what in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER IF EXISTS {table}_trigrams_{what}")
            op.execute(f"DROP TABLE IF EXISTS {table}_trigrams")
        elif engine == "postgresql":
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_{column}_trigrams")
