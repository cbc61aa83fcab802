"""What the program needs of a database engine, as any engine can be asked for it.

The methods say what is needed, not by whom. A class of its own overrides what its
engine calls otherwise or does badly; one that is unknown is asked in these words.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from . import waits
from .trouble import Refusal, Trouble, error_codes

Clause: TypeAlias = ColumnElement[bool]
# Of what is at a path in JSON: its text, and what kind of value it is.
TextAndKind: TypeAlias = tuple[ColumnElement[Any], ColumnElement[Any]]
_NOTHING: MappingProxyType[str, Any] = MappingProxyType({})


class Engine:
    """One kind of database; this one is any that SQLAlchemy knows."""

    # As the dialect of SQLAlchemy is called.
    name = "unknown"

    # The first version that is known to work.
    oldest: tuple[int, ...] = ()

    # ---- to reach it

    # Schemes of a URI for which a driver is chosen here, and that driver.
    schemes: tuple[str, ...] = ()
    driver = ""
    # The parameter of a URI that asks for TLS and checks who answers.
    tls_option = "ssl_ca"

    def file_of(self, url: sa.URL) -> Path | None:
        """Return the file that is the database, if it is one."""
        return None

    def copy_file(self, engine: sa.Engine, copy: Path) -> None:
        """Copy the file that is the database, as it is in this moment."""
        raise NotImplementedError

    def completed(self, url: sa.URL, folder: Path) -> sa.URL:
        """Return the URI with what the engine needs; relative files go into folder."""
        return url

    def options(self, url: sa.URL, threads: int) -> dict[str, Any]:
        """Return what ``create_engine`` gets."""
        return {
            "pool_pre_ping": True,
            # Parameters may be hashes of passwords; errors end up in logs.
            "hide_parameters": True,
            # One for each thread, those for logging in, too, and some for exports,
            # which read a snapshot beside.
            "pool_size": threads + 4,
            "pool_timeout": waits.CONNECT_SECONDS,
        }

    def configure(self, engine: sa.Engine) -> None:
        """Make a new engine behave: settings of connections, transactions, limits."""

    def refusal_of(self, error: Any) -> Refusal:
        """Return why a driver's error says that there is no connection."""
        return Refusal.OTHER

    def encoding_of(self, connection: sa.Connection) -> str:
        """Return the encoding of the database, if that cannot hold every text."""
        return ""

    # How a database that holds every text is made, by people; "{}" is its name.
    create_hint = "CREATE DATABASE {}"

    # ---- tables

    # What tables need; and besides, those that number their rows.
    table_options: MappingProxyType[str, Any] = _NOTHING
    numbered_table_options: MappingProxyType[str, Any] = _NOTHING
    # A type in place of SQLAlchemy's, where that is not good enough.
    time_type: sa.types.TypeEngine[Any] = sa.DateTime()
    long_text_type: sa.types.TypeEngine[Any] | None = None
    big_id_type: sa.types.TypeEngine[Any] | None = None
    # For JSON, where what is called so does not keep it as it was written.
    json_type: sa.types.TypeEngine[Any] | None = None
    # For pieces of files, of some 100 KiB.
    bytes_type: sa.types.TypeEngine[Any] | None = None

    def key_text_type(self, length: int) -> sa.types.TypeEngine[Any] | None:
        """Return a text that sorts by code point, if the ordinary one does not."""
        return None

    def trigram_statements(self, table: str, column: str) -> list[str]:
        """Return what makes an index over every three letters of a column of texts.

        They may fail: then texts are read one by one, as where there are none.
        """
        return []

    def trigram_drop_statements(self, table: str) -> list[str]:
        """Return what must be dropped after the table, since it does not go with it."""
        return []

    def trigram_search(
        self, session: orm.Session, table: str, wanted: Iterable[Sequence[str]]
    ) -> sa.Select[Any] | None:
        """Return the ids of texts that hold all of some wanted letters.

        None where there is no such index, or it serves the condition by itself.
        """
        return None

    # ---- transactions

    # For a connection whose transactions see one moment.
    snapshot_options: MappingProxyType[str, Any] = MappingProxyType(
        {"isolation_level": "SERIALIZABLE"}
    )
    # Codes of errors that say: a time limit was reached; nothing of the transaction
    # was kept, so that it may be run again.
    stopped_codes: frozenset[object] = frozenset()
    rolled_back_codes: frozenset[object] = frozenset()

    def has_raised(self, error: Any) -> bool:
        """Whether a driver's error has a code of this engine."""
        return False

    def was_rolled_back(self, error: Any) -> bool:
        """Whether a driver's error says that nothing of the transaction was kept."""
        return not self.rolled_back_codes.isdisjoint(error_codes(error))

    def trouble_of(self, error: Any) -> Trouble | None:
        """Return why the engine could not serve; None if the error is one of ours."""
        return None

    def is_too_much(self, error: Any) -> bool:
        """Whether the engine could serve, but not so large a statement."""
        return False

    def may_hold_a_moment(self, engine: sa.Engine) -> bool:
        """Whether somebody may read one moment for long, whatever is written since."""
        return True

    @contextlib.contextmanager
    def time_limit(self, connection: sa.Connection, seconds: float) -> Iterator[None]:
        """Stop what the block reads after so long, where there is a way to."""
        yield

    @contextlib.contextmanager
    def without_waiting(self, connection: sa.Connection) -> Iterator[None]:
        """Fail at once where a lock would be waited for, if no statement can say so."""
        yield

    # ---- many rows

    # The driver that has ``copy_rows``.
    copy_driver: str | None = None
    # What lets the planner look at a table; "{}" is its name.
    analyze_statements: tuple[str, ...] = ()

    def copy_rows(
        self, connection: sa.Connection, place: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Insert rows in the fastest way; place is a table and its columns."""
        raise NotImplementedError

    def index_statements(
        self, connection: sa.Connection
    ) -> tuple[list[str], list[str]]:
        """Return what drops the indexes that no rule needs, and what makes them anew.

        So an empty database is filled in which nobody reads meanwhile. There are none
        where it is as fast to keep them.
        """
        return [], []

    def reserve_ids(
        self, connection: sa.Connection, column: sa.Column[int], count: int
    ) -> list[int] | None:
        """Return so many ids that nobody else will get; None where there is no way."""
        return None

    def last_id(self, connection: sa.Connection, table: str, key: str) -> int | None:
        """Return the highest id that was given, if more is known than the rows say."""
        return None

    def set_last_id(
        self, connection: sa.Connection, table: str, key: str, number: int
    ) -> None:
        """Let the next row get an id above, after rows came with their own."""

    # ---- expressions

    def position_of(self, text: ColumnElement[str], part: str) -> ColumnElement[int]:
        """Return where a text holds a part, counted from 1; 0 for nowhere."""
        found: ColumnElement[int] = sa.func.instr(text, part)
        return found

    def is_ascii(self, text: ColumnElement[str]) -> Clause:
        """Return whether a text has no character beyond ASCII."""
        octets = sa.func.length(sa.cast(text, sa.LargeBinary))
        whole: Clause = octets == sa.func.length(text)
        return whole

    def strip_digits(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Return a text that is empty where there are only digits."""
        # At the start only, which is as good where nothing may remain.
        trimmed: ColumnElement[str] = sa.func.ltrim(text, "0123456789")
        return trimmed

    def day_of(self, column: Any) -> ColumnElement[str]:
        """Return the day of a time as 2026-01-31."""
        day = _digits(sa.extract("day", column), 2)
        return self.month_of(column).concat(_DASH).concat(day)

    def month_of(self, column: Any) -> ColumnElement[str]:
        """Return the month of a time as 2026-01."""
        year = _digits(sa.extract("year", column), 4)
        return year.concat(_DASH).concat(_digits(sa.extract("month", column), 2))

    def json_at(self, column: Any, path: tuple[str, ...]) -> TextAndKind:
        """Return the text and the kind of what is at a path in a JSON column.

        The kind is NULL where nothing is there; its names are the engine's.
        """
        document = column[path]
        kind = sa.case(
            (_start_of(document, 1).is_(None), None),
            (_start_of(document, 1) == '"', "text"),
            (_start_of(document, 4) == "null", "null"),
            else_="other",
        )
        text = sa.case(
            (kind == "text", document.as_string()), else_=sa.cast(document, sa.Text)
        )
        return text, kind

    def json_has(self, column: Any, name: str) -> Clause:
        """Return whether a JSON object has a name; the name is one of ours."""
        return sa.func.coalesce(_start_of(column[(name,)], 4), "null") != "null"

    def id_among(self, column: Any, ids: Sequence[int]) -> Clause:
        """Return the condition that an id is one of many thousands."""
        found: Clause = column.in_(ids)
        return found

    def has_no_row(self, key: Any, parent: Any) -> Clause:
        """Return the condition that no row of another table has this parent as key."""
        return ~sa.exists().where(key == parent)

    # ---- plans

    # Whether it finds out by itself if members are better collected or probed for.
    chooses_semijoin = True
    # Whether a walk along an index must hide its other conditions, lest the matches
    # are collected by an index of theirs and sorted.
    hides_conditions = False
    # Whether ORDER BY names the columns of which a range of an index has one value.
    orders_by_constants = True
    # Whether keys are read for ids that were found before.
    finds_ids_first = False
    # Whether columns are counted in the order of one index that holds them all.
    counts_by_index = False

    def likely(self, clause: Clause) -> Clause:
        """Return a condition that adds nothing, marked as hardly worth an index."""
        return clause

    def along_index(
        self, select: sa.Select[Any], table: sa.FromClause, index: str
    ) -> sa.Select[Any]:
        """Return the select, with the index by which it is read, if it needs one."""
        return select


# Literals, not parameters: one in SELECT and one in GROUP BY may be taken for two
# different things.
_DASH: ColumnElement[str] = sa.literal_column("'-'", sa.String)


def _digits(number: ColumnElement[int], count: int) -> ColumnElement[str]:
    padded = sa.cast(number + sa.literal_column(str(10**count)), sa.String(count + 1))
    text: ColumnElement[str] = sa.func.substr(padded, sa.literal_column("2"))
    return text


def _start_of(document: Any, length: int) -> ColumnElement[str]:
    text = sa.cast(document, sa.String(4000))
    start: ColumnElement[str] = sa.func.substr(text, 1, length)
    return start
