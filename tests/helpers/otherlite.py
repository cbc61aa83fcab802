"""SQLite under another name, with nothing that is done for SQLite."""

from alembic.ddl.impl import DefaultImpl
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class _Types(SQLiteTypeCompiler):
    def visit_BIGINT(self, type_, **kw):
        return "INTEGER"


class Otherlite(SQLiteDialect_pysqlite):
    name = "otherlite"
    supports_statement_cache = True
    type_compiler_cls = _Types

    def on_connect(self):
        given = super().on_connect()

        def set_up(connection):
            given(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            # What Oracle has, and what is asked of it.
            connection.create_function("lengthb", 1, _length_in_bytes)

        return set_up


def _length_in_bytes(text):
    return None if text is None else len(text.encode())


class OtherliteImpl(DefaultImpl):
    """What Alembic wants of each engine that it meets; to be a class is enough."""

    __dialect__ = Otherlite.name


registry.register(Otherlite.name, __name__, "Otherlite")
