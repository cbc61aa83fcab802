"""How a server is told that speaks as MySQL does and is OceanBase, such as seekdb.

- It calls itself MySQL 5.7; only a variable tells.
- A statement ends after 10 s, whatever it does, and no limit of MySQL counts.
- Nobody finds out that two wait for each other: a lock is waited for as long as a
  statement may take.
- Its definitions of tables have words that SQLAlchemy cannot read; it would leave out
  their keys.
- OFFSET without LIMIT fails as SQLAlchemy writes it, with the highest number that MySQL
  takes as the limit: the offset is added to it.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.mysql.mysqldb import MySQLCompiler_mysqldb

# What a statement is ended by, in microseconds, and the highest that is taken.
LIMIT = "ob_query_timeout"
NO_LIMIT = 3_216_672_000_000_000
# The same for a lock, and how long a command waits for one: as long as MySQL would.
_LOCK_LIMIT = "ob_trx_lock_timeout"
_LOCK_SECONDS = 50
_EVERY_ROW, _SO_MANY_ROWS = str(2**64 - 1), str(2**62)
# What is noted of a dialect whose server it is.
IS_OCEANBASE = "is_oceanbase"
# In a definition, and as MySQL would write it.
_OTHERWISE = (
    (re.compile(r" BLOCK_SIZE \d+ (LOCAL|GLOBAL)"), ""),
    (
        re.compile(
            r" REFERENCES (?:`[^`]+`\.)?(`[^`]+`)(\([^)]*\)) ON UPDATE RESTRICT"
            r"( ON DELETE (?:CASCADE|SET NULL|RESTRICT))? ?(,?)$",
            re.MULTILINE,
        ),
        r" REFERENCES \1 \2\3\4",
    ),
    (re.compile(" ON DELETE RESTRICT"), ""),
)


def recognise(dialect: Any, connection: Any, _record: object) -> None:
    """Find out at an engine's first connection; set up each of them."""
    if not hasattr(dialect, IS_OCEANBASE):
        setattr(dialect, IS_OCEANBASE, "OceanBase" in _comment(connection))
        if getattr(dialect, IS_OCEANBASE):
            # There is no public way to read a definition that SQLAlchemy does not know.
            dialect._show_create_table = _readable(dialect._show_create_table)
            dialect.statement_compiler = Compiler
    if getattr(dialect, IS_OCEANBASE):
        setattr(connection, LIMIT, NO_LIMIT)
        with connection.cursor() as cursor:
            cursor.execute(limits_text(None))


class Compiler(MySQLCompiler_mysqldb):
    def limit_clause(self, select: Any, **options: Any) -> str:
        text: str = super().limit_clause(select, **options)
        return text.replace(_EVERY_ROW, _SO_MANY_ROWS)


def limits_text(limits: tuple[float, int] | None) -> str:
    """Return the statement that sets the limits of a connection, as of ``Server``."""
    statement, lock = limits or (0, _LOCK_SECONDS)
    return (
        f"SET SESSION {LIMIT} = {int(statement * 1_000_000) or NO_LIMIT}, "
        f"SESSION {_LOCK_LIMIT} = {lock * 1_000_000}"
    )


def _comment(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@version_comment")
        return str(cursor.fetchone()[0])


def _readable(show: Callable[..., str]) -> Callable[..., str]:
    def shown(*args: Any, **options: Any) -> str:
        return as_mysql_would(show(*args, **options))

    return shown


def as_mysql_would(definition: str) -> str:
    """Return the definition of a table in the words that SQLAlchemy reads."""
    for words, instead in _OTHERWISE:
        definition = words.sub(instead, definition)
    return definition
