"""MySQL, and what MariaDB shares with it; reached by PyMySQL.

- The default, REPEATABLE READ, takes gap locks that collide under load.
- Unless configured so, texts compare without regard to case and accents, tables may
  have another charset, and a connection speaks less than all of UTF-8.
- DATETIME keeps no microseconds; TEXT holds one byte less than the 64 KiB we promise,
  and BLOB no more.
- JSON turns long integers into floats and forgets the order of names. That of MariaDB
  is text.
- The scheme of a URI may be that of the one and the server be the other.
- The planner collects matches by an index of theirs and sorts them, or reads all rows
  of one key, where a walk along another index would be full soon; NOT EXISTS becomes a
  list of all rows that have one; an order is that of an index only without the columns
  of which the range has one value.
- Names in JSON are compared as they are spelt in the document.
- A node of Galera without quorum refuses even ROLLBACK.
"""

import contextlib
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.elements import ColumnElement

from . import mysql_relatives, waits
from .base import Clause, TextAndKind
from .mysql_hosts import Hosts
from .servers import Server
from .trouble import Refusal, Trouble, error_codes

_TROUBLES = {
    1021: Trouble.FULL,
    1114: Trouble.FULL,
    1205: Trouble.LOCKED,
    1213: Trouble.LOCKED,
    1290: Trouble.READ_ONLY,
    1792: Trouble.READ_ONLY,
    1836: Trouble.READ_ONLY,
    1969: Trouble.SLOW,
    3024: Trouble.SLOW,
    # Of OceanBase: too long; no memory or no room.
    4012: Trouble.SLOW,
    4184: Trouble.FULL,
    1040: Trouble.CROWDED,
    1203: Trouble.CROWDED,
    1226: Trouble.CROWDED,
    # A node of a cluster without quorum, at a commit also when the others may have got
    # it; a server that goes down; one that refuses us.
    **dict.fromkeys((1105, 1180), Trouble.AWAY),
    **dict.fromkeys((1047, 1053, 1077, 1927), Trouble.AWAY),
    **dict.fromkeys((1042, 1043, 1045, 1049, 1129, 1130), Trouble.AWAY),
}
_REFUSALS = {
    1045: Refusal.LOG_IN,
    1698: Refusal.LOG_IN,
    1049: Refusal.DATABASE,
    **dict.fromkeys((1044, 1130), Refusal.RIGHTS),
    **dict.fromkeys((2002, 2003), Refusal.NOBODY),
}
# Errors of the client, whose numbers have a range of their own.
_CLIENT = range(2000, 2100)
# It passes on what the system said when it could not write a file.
_NO_SPACE = ("Errcode: 28", "error 28", "No space left")
_STACK_OVERRUN = 1436
# A cluster refuses the commit, which may be as the transaction is larger than it takes.
_COMMIT_FAILED = (1105, 1180)
_WRITE_SET_TOO_LARGE = ("writeset size", "Message too long", "Got error 90")
# Of a savepoint, among others.
_UNKNOWN_NAME = 1305


class MySQL(Server):
    name = "mysql"
    schemes: tuple[str, ...] = ("mysql",)
    # SQLAlchemy would pick mysqlclient, which has no wheel.
    driver = "pymysql"

    def completed(self, url: sa.URL, folder: Path) -> sa.URL:
        return url.update_query_dict({"charset": "utf8mb4"})

    def options(self, url: sa.URL, threads: int) -> dict[str, Any]:
        return {
            **super().options(url, threads),
            "isolation_level": "READ COMMITTED",
            "pool_recycle": 3600,
            "connect_args": dict.fromkeys(
                ("connect_timeout", "read_timeout", "write_timeout"),
                waits.CONNECT_SECONDS,
            ),
        }

    def configure(self, engine: sa.Engine) -> None:
        event.listen(engine, "do_connect", Hosts())
        event.listen(
            engine,
            "connect",
            functools.partial(mysql_relatives.recognise, engine.dialect),
        )
        super().configure(engine)

    def refusal_of(self, error: Any) -> Refusal:
        return _REFUSALS.get(error.args[0], Refusal.OTHER)

    # The encoding is that of our tables, whatever the one of their database.
    create_hint = "CREATE DATABASE {} CHARACTER SET utf8mb4"

    def bound_answers(self, connection: Any, seconds: float | None) -> None:
        # There is no public way after the connection is made.
        connection._read_timeout = connection._write_timeout = seconds

    def limits_text(self, connection: Any, limits: tuple[float, int] | None) -> str:
        if hasattr(connection, mysql_relatives.LIMIT):
            return mysql_relatives.limits_text(limits)
        statement, lock = limits or ("DEFAULT", "DEFAULT")
        text = (
            f"SET SESSION innodb_lock_wait_timeout = {lock}, "
            f"SESSION lock_wait_timeout = {lock}"
        )
        # MySQL has a limit of another name, for some statements only.
        is_mariadb = "MariaDB" in connection.get_server_info()
        return (
            f"{text}, SESSION max_statement_time = {statement}" if is_mariadb else text
        )

    # ---- tables

    table_options = MappingProxyType(
        {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
    )
    time_type = mysql.DATETIME(fsp=6)
    long_text_type = mysql.MEDIUMTEXT()
    json_type = mysql.LONGTEXT()
    bytes_type = mysql.MEDIUMBLOB()

    # ---- transactions

    stopped_codes = frozenset({1969, 3024, 4012})
    # Deadlock and lock wait time-out.
    rolled_back_codes = frozenset({1213, 1205})
    gone_codes = frozenset({1047, 1053, 1290, 1836, 1927})

    def has_raised(self, error: Any) -> bool:
        return isinstance(next(iter(getattr(error, "args", ())), None), int)

    def was_rolled_back(self, error: Any) -> bool:
        return super().was_rolled_back(error) or _has_lost_savepoint(error)

    def trouble_of(self, error: Any) -> Trouble | None:
        number = error.args[0]
        if _has_lost_savepoint(error):
            return Trouble.LOCKED
        if any(text in str(error) for text in _NO_SPACE):
            return Trouble.FULL
        return Trouble.AWAY if number in _CLIENT else _TROUBLES.get(number)

    def is_too_much(self, error: Any) -> bool:
        number, text = error.args[0], str(error)
        if number in _COMMIT_FAILED:
            return any(words in text for words in _WRITE_SET_TOO_LARGE)
        return bool(number == _STACK_OVERRUN)

    @contextlib.contextmanager
    def time_limit(self, connection: sa.Connection, seconds: float) -> Iterator[None]:
        """Limit each statement of the block; servers count no blocks."""
        before, after = self.time_limit_statements(max(1, round(seconds * 1000)))
        connection.exec_driver_sql(before)
        try:
            yield
        finally:
            if not connection.invalidated:
                connection.exec_driver_sql(after)

    def time_limit_statements(self, milliseconds: int) -> tuple[str, str]:
        """Return what sets a limit and what takes it away."""
        return (
            f"SET SESSION max_execution_time = {milliseconds}",
            "SET SESSION max_execution_time = DEFAULT",
        )

    # A sample only. It would tell its replicas, too.
    analyze_statements = ("ANALYZE LOCAL TABLE {}",)

    def last_id(self, connection: sa.Connection, table: str, key: str) -> int | None:
        tables = sa.table(
            *("tables", sa.column("auto_increment"), sa.column("table_name")),
            sa.column("table_schema"),
            schema="information_schema",
        )
        here = tables.c.table_schema == sa.func.database()
        following = connection.scalar(
            sa.select(tables.c.auto_increment).where(here, tables.c.table_name == table)
        )
        return following - 1 if following else None

    def set_last_id(
        self, connection: sa.Connection, table: str, key: str, number: int
    ) -> None:
        name = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = {number + 1}")

    # ---- expressions

    def strip_digits(self, text: ColumnElement[str]) -> ColumnElement[str]:
        for digit in "0123456789":
            text = sa.func.replace(text, digit, "")
        return text

    def day_of(self, column: Any) -> ColumnElement[str]:
        return sa.func.date_format(column, sa.literal_column("'%Y-%m-%d'"))

    def month_of(self, column: Any) -> ColumnElement[str]:
        return sa.func.date_format(column, sa.literal_column("'%Y-%m'"))

    def json_at(self, column: Any, path: tuple[str, ...]) -> TextAndKind:
        # The document was written by the same function as the names here.
        steps = "".join(f".{json.dumps(name)}" for name in path)
        found = sa.func.json_extract(column, sa.literal(f"${steps}", sa.String))
        return sa.func.json_unquote(found), sa.func.json_type(found)

    def json_has(self, column: Any, name: str) -> Clause:
        path = sa.literal(f"$.{name}", sa.String)
        has: Clause = sa.func.json_contains_path(column, "one", path) == 1
        return has

    def has_no_row(self, key: Any, parent: Any) -> Clause:
        one = sa.select(key).where(key == parent).limit(1)
        return one.correlate(parent.class_).scalar_subquery().is_(None)

    # ---- plans

    orders_by_constants = False

    def along_index(
        self, select: sa.Select[Any], table: sa.FromClause, index: str
    ) -> sa.Select[Any]:
        return select.with_hint(table, f"FORCE INDEX ({index})")


def _has_lost_savepoint(error: Any) -> bool:
    """Whether the transaction was gone when a savepoint in it was to be gone back to.

    That is the error of a deadlock in the block of a savepoint.
    """
    codes = error_codes(error)
    return _UNKNOWN_NAME in codes and "SAVEPOINT" in str(error)
