"""SQLite: a file, one writer, and a planner that must be helped to see what is many.

- Foreign keys are off unless each connection asks for them.
- The driver begins transactions by itself, and only before some statements. A read
  that turns into a write fails at once if somebody else wrote in between, whatever the
  busy timeout says; so what will write says so at its beginning.
- A statement takes 32,766 parameters.
- Without AUTOINCREMENT, the id of a deleted row is given to a new one, and only
  INTEGER numbers itself.
- Times are texts. It has no time limit: the clock is looked at between steps of its
  machine.
- Its statistics know numbers of rows, not values: it takes few for many and the other
  way round, so some plans are chosen for it.
- Rows that come in another order than that of an index are sorted before they are
  counted, which takes ten times as long.
- Its log grows as long as somebody reads from it, see ``sqlite_log``.
- To rebuild a table, as ALTER TABLE has to, takes its triggers away.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from flask import has_request_context
from sqlalchemy import event, orm
from sqlalchemy.sql.elements import ColumnElement

from . import waits
from .base import Clause, Engine, TextAndKind
from .sqlite_log import WriteAheadLog
from .trouble import Refusal, Trouble

# Between two looks at the clock, in steps of SQLite's machine: some 10 microseconds.
_STEPS = 2_000
# Of a connection whose block has a limit of its own.
_LIMITED = "time_limit"


# SQLite's primary result codes.
_TROUBLES = {
    5: Trouble.LOCKED,
    6: Trouble.LOCKED,
    8: Trouble.READ_ONLY,
    9: Trouble.SLOW,
    10: Trouble.AWAY,
    13: Trouble.FULL,
    14: Trouble.AWAY,
}
_NOTADB = 26
# What it says of a statement that is beyond its limits; it has no code for each.
_TOO_MUCH = ("Expression tree is too large", "parser stack overflow", "too many ")


# Which ids AUTOINCREMENT gave last.
_SEQUENCES = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
# Without those that tables have for their keys.
_INDEXES = sa.text(
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
    "AND sql NOT LIKE 'CREATE UNIQUE %' OR sql LIKE 'CREATE VIRTUAL TABLE %'"
)


class SQLite(Engine):
    name = "sqlite"

    def file_of(self, url: sa.URL) -> Path | None:
        memory = (None, "", ":memory:")
        return None if url.database in memory else Path(str(url.database))

    def copy_file(self, engine: sa.Engine, copy: Path) -> None:
        # Past SQLAlchemy, which would begin a transaction, and VACUUM wants none.
        with contextlib.closing(engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM INTO ?", (str(copy),))

    def completed(self, url: sa.URL, folder: Path) -> sa.URL:
        path = self.file_of(url)
        return url if path is None else url.set(database=str(folder / path))

    def options(self, url: sa.URL, threads: int) -> dict[str, Any]:
        options = super().options(url, threads)
        if self.file_of(url) is None:
            # What is in memory has another kind of pool.
            del options["pool_size"], options["pool_timeout"]
        return options

    def configure(self, engine: sa.Engine) -> None:
        event.listen(engine, "connect", set_up)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "before_cursor_execute", _limit_reading)
        if path := self.file_of(engine.url):
            event.listen(engine, "checkin", WriteAheadLog(path).look)

    def may_hold_a_moment(self, engine: sa.Engine) -> bool:
        path = self.file_of(engine.url)
        return path is None or not WriteAheadLog(path).is_too_long

    def refusal_of(self, error: Any) -> Refusal:
        code = error.sqlite_errorcode & 0xFF
        return Refusal.NO_DATABASE if code == _NOTADB else Refusal.FILE

    # ---- tables

    numbered_table_options = MappingProxyType({"autoincrement": True})
    big_id_type = sa.Integer()

    def trigram_statements(self, table: str, column: str) -> list[str]:
        """Return a table of FTS5 beside, which triggers keep up to date."""
        name = _trigram_table(table)
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

    def trigram_drop_statements(self, table: str) -> list[str]:
        # The triggers go with their table, this one does not.
        return [f"DROP TABLE IF EXISTS {_trigram_table(table)}"]

    def trigram_search(
        self, session: orm.Session, table: str, wanted: Iterable[Sequence[str]]
    ) -> sa.Select[Any] | None:
        if not _has_triggers(session, table):
            return None
        match = " OR ".join(f"({' AND '.join(map(_quoted, some))})" for some in wanted)
        name = _trigram_table(table)
        texts = sa.table(name, sa.column("rowid"), sa.column(name))
        return sa.select(texts.c.rowid).where(texts.c[name].op("MATCH")(match))

    # ---- transactions

    # A transaction keeps to what it saw first.
    snapshot_options = MappingProxyType({})
    stopped_codes = frozenset({"interrupted"})

    def has_raised(self, error: Any) -> bool:
        return getattr(error, "sqlite_errorcode", None) is not None

    def trouble_of(self, error: Any) -> Trouble | None:
        return _TROUBLES.get(error.sqlite_errorcode & 0xFF)

    def is_too_much(self, error: Any) -> bool:
        return str(error).startswith(_TOO_MUCH)

    @contextlib.contextmanager
    def time_limit(self, connection: sa.Connection, seconds: float) -> Iterator[None]:
        raw = connection.connection.driver_connection
        if raw is None:
            raise LookupError("no connection")
        info = connection.info
        _stop_after(raw, seconds, _STEPS)
        info[_LIMITED] = True
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)
            info.pop(_LIMITED, None)

    @contextlib.contextmanager
    def without_waiting(self, connection: sa.Connection) -> Iterator[None]:
        # Past SQLAlchemy, which would begin a transaction. FOR UPDATE is not said here.
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            raw.execute(_BUSY_TIMEOUT.format(waits.LOCK_SECONDS * 1000))

    # It never looks by itself; this takes a sample only.
    analyze_statements = ("PRAGMA analysis_limit = 1000", "ANALYZE {}")

    def index_statements(
        self, connection: sa.Connection
    ) -> tuple[list[str], list[str]]:
        made = connection.execute(_INDEXES).all()
        # The tables of FTS5 stay; without their triggers they are filled in one go.
        fill = "INSERT INTO {0}({0}) VALUES ('rebuild')"
        return (
            [f"DROP {row.type} {row.name}" for row in made if row.type != "table"],
            [fill.format(r.name) if r.type == "table" else r.sql for r in made],
        )

    def last_id(self, connection: sa.Connection, table: str, key: str) -> int | None:
        last: int | None = connection.scalar(
            sa.select(_SEQUENCES.c.seq).where(_SEQUENCES.c.name == table)
        )
        return last

    def set_last_id(
        self, connection: sa.Connection, table: str, key: str, number: int
    ) -> None:
        connection.execute(sa.delete(_SEQUENCES).where(_SEQUENCES.c.name == table))
        connection.execute(sa.insert(_SEQUENCES).values(name=table, seq=number))

    # ---- expressions

    def day_of(self, column: Any) -> ColumnElement[str]:
        return _beginning(column, 10)

    def month_of(self, column: Any) -> ColumnElement[str]:
        return _beginning(column, 7)

    def json_at(self, column: Any, path: tuple[str, ...]) -> TextAndKind:
        # json_each compares unescaped names; a path would compare the escaped spelling,
        # and has no way at all to write a quotation mark.
        document: Any = column
        levels: list[Any] = []
        for number, name in enumerate(path):
            level = sa.func.json_each(document).table_valued(
                "key", "value", "type", name=f"level_{number}", joins_implicitly=True
            )
            levels.append((level, level.c.key == name))
            # Only an object can be taken apart; a text would be malformed JSON.
            document = sa.case((level.c.type == "object", level.c.value))
        last = levels[-1][0]
        literal = sa.case(
            (last.c.type == "true", "true"),
            (last.c.type == "false", "false"),
            else_=sa.cast(last.c.value, sa.Text),
        )

        def read(what: ColumnElement[Any]) -> ColumnElement[Any]:
            return (
                sa.select(what)
                .select_from(*(level for level, _ in levels))
                .where(*(condition for _, condition in levels))
                .limit(1)
                .correlate(column.class_.__table__)
                .scalar_subquery()
            )

        return read(literal), read(last.c.type)

    def json_has(self, column: Any, name: str) -> Clause:
        path = sa.literal(f"$.{name}", sa.String)
        return sa.func.json_type(column, path).is_not(None)

    def id_among(self, column: Any, ids: Sequence[int]) -> Clause:
        # One value, however many there are.
        each = sa.func.json_each(json.dumps(ids)).table_valued("value")
        found: Clause = column.in_(sa.select(each.c.value))
        return found

    # ---- plans

    chooses_semijoin = False
    hides_conditions = True
    # It takes few for many where the value is not in its statistics, and would read
    # the whole table for the keys. The ids are in an index.
    finds_ids_first = True
    counts_by_index = True

    def likely(self, clause: Clause) -> Clause:
        # Else it might begin a search with the wider of two ranges.
        almost = sa.literal_column("0.9999", sa.Float)
        found: Clause = sa.func.likelihood(clause, almost)
        return found


_BUSY_TIMEOUT = "PRAGMA busy_timeout = {}"


def set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(_BUSY_TIMEOUT.format(waits.LOCK_SECONDS * 1000))
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _limit_reading(connection: sa.Connection, cursor: Any, *_: object) -> None:
    """Stop what a page reads after the time that it may take, like other engines do.

    What writes is bounded by the lock it waits for: changing 100,000 hosts is long.
    """
    if _LIMITED in connection.info:
        return
    if has_request_context() and not waits.will_write.get():
        _stop_after(cursor.connection, waits.READ_SECONDS, 10 * _STEPS)
    else:
        cursor.connection.set_progress_handler(None, 0)


def _stop_after(raw: Any, seconds: float, steps: int) -> None:
    end = None

    def is_over() -> bool:
        # The clock starts with the work: a statement is made ready only once.
        nonlocal end
        now = time.monotonic()
        end = end or now + seconds
        return now > end

    raw.set_progress_handler(is_over, steps)


def _begin(connection: sa.Connection) -> None:
    begin = "BEGIN IMMEDIATE" if waits.will_write.get() else "BEGIN"
    connection.exec_driver_sql(begin)


def _beginning(column: Any, length: int) -> ColumnElement[str]:
    # Kept as text; as that, its beginning needs no calendar.
    return sa.func.substr(sa.type_coerce(column, sa.Text), 1, length)


# ---- trigrams


def _trigram_table(table: str) -> str:
    return f"{table}_trigrams"


def trigram_triggers(table: str) -> list[str]:
    name = _trigram_table(table)
    return [f"{name}_{what}" for what in ("insert", "update", "delete")]


def _has_triggers(session: orm.Session, table: str) -> bool:
    """Whether the index is there with all that keeps it right."""
    triggers = trigram_triggers(table)
    found = session.scalar(
        sa.text(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name = :table AND name IN :names"
        ).bindparams(sa.bindparam("names", expanding=True)),
        {"table": table, "names": triggers},
    )
    return bool(found == len(triggers))


def _quoted(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'
