"""PostgreSQL, reached by psycopg 3.

- Texts sort as the language of the server says, unless the collation is "C".
- Equal expressions with parameters in SELECT and GROUP BY are two different things.
- A statement that psycopg prepared may get a generic plan without its index.
- With statistics from before a big import it takes short look-ups for long ones and
  compiles them first: seconds for what is done in a millisecond.
- To read thousands of ids from a list takes it longer than to find them.
- It tells nobody that the transaction is over: after an error, nothing but a rollback
  goes, and settings made in the transaction go with it.
- An account that may write a table need not have the right to its sequence, which is
  asked for only where ids are taken by hand.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnElement

from . import waits
from .base import Clause, TextAndKind
from .servers import Server
from .trouble import Refusal, Trouble

# A proxy or firewall may drop a connection without telling either end.
TCP_PARAMETERS = {
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}

# States of SQL, the longest beginning first; PostgreSQL's appendix A.
_TROUBLES = {
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "53300": Trouble.CROWDED,
    "57014": Trouble.SLOW,
    "55P03": Trouble.LOCKED,
    "40001": Trouble.LOCKED,
    "40P01": Trouble.LOCKED,
    "08": Trouble.AWAY,
    "28": Trouble.AWAY,
    "3D": Trouble.AWAY,
    "53": Trouble.AWAY,
    "57": Trouble.AWAY,
    "58": Trouble.AWAY,
}
_PROGRAM_LIMIT = "54"
# Those that are no rule.
_INDEXES = sa.text(
    "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql "
    "FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
    "WHERE relnamespace = current_schema()::regnamespace AND NOT indisunique"
)
# Without a connection there is no state, only words; the first that fits counts. A
# server that speaks another language is distinguished from one that is not there.
_REFUSALS = {
    Refusal.DATABASE: r'database "[^"]*" does not exist',
    Refusal.RIGHTS: r"pg_hba\.conf|not permitted to log in|permission denied for data",
    Refusal.LOG_IN: r'authentication failed|no password|role "[^"]*" does not exist',
    Refusal.NOBODY: r"refused\b|timeout|resolve|translate|No route|unreachable|No such",
}


class PostgreSQL(Server):
    name = "postgresql"
    schemes = ("postgres", "postgresql")
    driver = "psycopg"
    oldest = (13,)
    tls_option = "sslmode=verify-full"

    def options(self, url: sa.URL, threads: int) -> dict[str, Any]:
        connect = {
            "connect_timeout": waits.CONNECT_SECONDS,
            # Else a database in SQL_ASCII answers in bytes, even its own version.
            "client_encoding": "utf8",
            **TCP_PARAMETERS,
        }
        # What the URI says wins.
        connect = {name: v for name, v in connect.items() if name not in url.query}
        return {
            **super().options(url, threads),
            "connect_args": {**connect, "prepare_threshold": None},
        }

    def configure(self, engine: sa.Engine) -> None:
        # Only who uses PostgreSQL needs the driver.
        from .postgresql_connection import connect

        event.listen(engine, "do_connect", connect)
        event.listen(engine, "connect", _set_up)
        super().configure(engine)

    def refusal_of(self, error: Any) -> Refusal:
        words = str(error)
        found = (
            why for why, words_of in _REFUSALS.items() if re.search(words_of, words)
        )
        return next(found, Refusal.OTHER)

    def encoding_of(self, connection: sa.Connection) -> str:
        found = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
        return "" if found == "UTF8" else found

    create_hint = "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0"

    def bound_answers(self, connection: Any, seconds: float | None) -> None:
        connection.answer_seconds = seconds

    def limits_text(self, connection: Any, limits: tuple[float, int] | None) -> str:
        if limits is None:
            return "RESET statement_timeout; RESET lock_timeout"
        milliseconds = [int(seconds * 1000) for seconds in limits]
        return "SET statement_timeout = {}; SET lock_timeout = {}".format(*milliseconds)

    # ---- tables

    def key_text_type(self, length: int) -> sa.types.TypeEngine[Any]:
        return postgresql.VARCHAR(length, collation="C")

    def trigram_statements(self, table: str, column: str) -> list[str]:
        """Return an index that is taken by itself; not everybody may install it."""
        return [
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            f"CREATE INDEX ix_{table}_{column}_trigrams ON {table} "
            f"USING gin ({column} gin_trgm_ops)",
        ]

    # ---- transactions

    stopped_codes = frozenset({"57014"})
    # Serialisation failure and deadlock.
    rolled_back_codes = frozenset({"40001", "40P01"})
    gone_codes = frozenset({"25006", "57P01", "57P02", "57P03"})

    def has_raised(self, error: Any) -> bool:
        has_number = isinstance(next(iter(getattr(error, "args", ())), None), int)
        return not has_number and bool(getattr(error, "sqlstate", None))

    def trouble_of(self, error: Any) -> Trouble | None:
        state = error.sqlstate
        return next(
            (t for code, t in _TROUBLES.items() if state.startswith(code)), None
        )

    def is_too_much(self, error: Any) -> bool:
        return bool(error.sqlstate.startswith(_PROGRAM_LIMIT))

    @contextlib.contextmanager
    def time_limit(self, connection: sa.Connection, seconds: float) -> Iterator[None]:
        """Limit each statement of the block; servers count no blocks."""
        milliseconds = max(1, round(seconds * 1000))
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        yield
        # Where a statement was stopped, the rollback resets it.
        connection.exec_driver_sql("SET LOCAL statement_timeout TO DEFAULT")

    # ---- many rows

    copy_driver = "psycopg"
    # A sample only, a second at most. Until then it plans as for an empty table.
    analyze_statements = ("ANALYZE {}",)

    def copy_rows(
        self, connection: sa.Connection, place: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Send rows with ``COPY``, which works while the next ones are made."""
        # Only who uses PostgreSQL needs the driver.
        import psycopg

        statement = f"COPY {place} FROM STDIN"
        raw: Any = connection.connection.driver_connection
        try:
            with raw.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            # As SQLAlchemy would have raised it.
            raise DBAPIError.instance(
                statement,
                None,
                error,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=bool(raw.closed),
                dialect=connection.dialect,
            ) from error

    def index_statements(
        self, connection: sa.Connection
    ) -> tuple[list[str], list[str]]:
        made = connection.execute(_INDEXES).all()
        return [f"DROP INDEX {row.name}" for row in made], [row.sql for row in made]

    def reserve_ids(
        self, connection: sa.Connection, column: sa.Column[int], count: int
    ) -> list[int] | None:
        sequence = sa.func.pg_get_serial_sequence(column.table.name, column.name)
        numbers = sa.func.generate_series(1, count).table_valued("number")
        may_use = sa.func.has_sequence_privilege(sequence, "USAGE, UPDATE")
        query = sa.select(sa.func.nextval(sequence)).select_from(numbers).where(may_use)
        return list(connection.scalars(query)) or None

    def last_id(self, connection: sa.Connection, table: str, key: str) -> int | None:
        name = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table, key)))
        last: int | None = connection.scalar(
            sa.select(sa.func.pg_sequence_last_value(sa.cast(name, REGCLASS)))
        )
        return last

    def set_last_id(
        self, connection: sa.Connection, table: str, key: str, number: int
    ) -> None:
        sequence = sa.func.pg_get_serial_sequence(table, key)
        connection.execute(sa.select(sa.func.setval(sequence, number)))

    # ---- expressions

    def position_of(self, text: ColumnElement[str], part: str) -> ColumnElement[int]:
        found: ColumnElement[int] = sa.func.strpos(text, part)
        return found

    def day_of(self, column: Any) -> ColumnElement[str]:
        return sa.func.to_char(column, sa.literal_column("'YYYY-MM-DD'"))

    def month_of(self, column: Any) -> ColumnElement[str]:
        return sa.func.to_char(column, sa.literal_column("'YYYY-MM'"))

    def json_at(self, column: Any, path: tuple[str, ...]) -> TextAndKind:
        # One step at a time: it takes any name, and gives NULL below a scalar.
        value: Any = column
        for name in path[:-1]:
            value = _step(value, sa.literal(name, sa.Text))
        last = sa.literal(path[-1], sa.Text)
        text = value.op("->>", return_type=sa.Text())(last)
        return text, sa.func.json_typeof(_step(value, last))

    def json_has(self, column: Any, name: str) -> Clause:
        found = column.op("->", return_type=sa.Text())(sa.literal(name, sa.Text))
        has: Clause = found.is_not(None)
        return has

    def id_among(self, column: Any, ids: Sequence[int]) -> Clause:
        found: Clause = column == sa.any_(sa.literal(ids, sa.ARRAY(sa.Integer)))
        return found


def _set_up(connection: Any, _record: object) -> None:
    # By a statement: poolers refuse it among the parameters of a connection.
    connection.execute("SET jit = off")
    connection.commit()


def _step(value: Any, name: ColumnElement[str]) -> Any:
    return value.op("->", return_type=postgresql.JSON())(name)
