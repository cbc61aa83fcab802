"""MySQL, and what MariaDB shares with it; reached by PyMySQL.

- The default, REPEATABLE READ, takes gap locks that collide under load.
- Unless told so, texts compare without regard to case and accents, tables may be of
  another charset, and a connection speaks less than all of UTF-8.
- DATETIME keeps no microseconds; TEXT holds one byte less than the 64 KiB we promise.
- The scheme of a URI may be that of the one and the server be the other.
- The planner collects matches by an index of theirs and sorts them, or reads all rows
  of one key, where a walk along another index would be full soon; NOT EXISTS becomes a
  list of all rows that have one; an order is that of an index only without the columns
  of which the range has one value.
- Names in JSON are compared as they are spelt in the document.
- A node of Galera without quorum refuses even ROLLBACK.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.elements import ColumnElement

from . import waits
from .base import Clause, TextAndKind
from .servers import Server
from .trouble import Trouble

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
    1040: Trouble.CROWDED,
    1203: Trouble.CROWDED,
    1226: Trouble.CROWDED,
    # A node of a cluster without quorum; a server that goes down; one that refuses us.
    **dict.fromkeys((1047, 1053, 1077, 1927), Trouble.AWAY),
    **dict.fromkeys((1042, 1043, 1045, 1049, 1129, 1130), Trouble.AWAY),
}
# Errors of the client, whose numbers have a range of their own.
_CLIENT = range(2000, 2100)
# It passes on what the system said when it could not write a file.
_NO_SPACE = ("Errcode: 28", "error 28", "No space left")
_STACK_OVERRUN = 1436


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
            "connect_args": {"connect_timeout": waits.CONNECT_SECONDS},
        }

    def limits_text(self, connection: Any, limits: tuple[float, int] | None) -> str:
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

    # ---- transactions

    stopped_codes = frozenset({1969, 3024})
    # Deadlock and lock wait time-out.
    rolled_back_codes = frozenset({1213, 1205})
    gone_codes = frozenset({1047, 1053, 1927})

    def has_raised(self, error: Any) -> bool:
        return isinstance(next(iter(getattr(error, "args", ())), None), int)

    def trouble_of(self, error: Any) -> Trouble | None:
        number = error.args[0]
        if any(text in str(error) for text in _NO_SPACE):
            return Trouble.FULL
        return Trouble.AWAY if number in _CLIENT else _TROUBLES.get(number)

    def is_too_much(self, error: Any) -> bool:
        return bool(error.args[0] == _STACK_OVERRUN)

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
