"""Statements that may not take longer than their answer is worth."""

import contextlib
import time
from collections.abc import Iterator

from sqlalchemy import event, orm
from sqlalchemy.exc import DBAPIError

# Between two looks at the clock, in steps of SQLite's machine: some 10 microseconds.
_STEPS = 2_000
# PostgreSQL, MariaDB, MySQL, SQLite.
_TOO_SLOW = ("57014", 1969, 3024, "interrupted")


class TooSlow(Exception):
    """The statement was stopped; the transaction was rolled back."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"stopped after {seconds:g} s")


@contextlib.contextmanager
def time_limit(session: orm.Session, seconds: float) -> Iterator[None]:
    """Stop what the block reads after so many seconds. Raises ``TooSlow``.

    Only for blocks that write nothing.
    """
    engine = session.get_bind().dialect.name
    limit = _on_sqlite if engine == "sqlite" else _on_server
    try:
        with limit(session, seconds):
            yield
    except DBAPIError as error:
        if not _was_stopped(error):
            raise
        session.rollback()
        raise TooSlow(seconds) from None


class Stopwatch:
    """The time that statements of one connection take, without what surrounds them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def _begin(self, *_: object) -> None:
        self._start = time.monotonic()

    def _end(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._start

    @contextlib.contextmanager
    def running(self, session: orm.Session) -> Iterator[None]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", self._begin)
        event.listen(connection, "after_cursor_execute", self._end)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", self._begin)
            event.remove(connection, "after_cursor_execute", self._end)


@contextlib.contextmanager
def _on_sqlite(session: orm.Session, seconds: float) -> Iterator[None]:
    connection = session.connection().connection.driver_connection
    if connection is None:
        raise LookupError("no connection")
    end = None

    def is_over() -> bool:
        # The clock starts with the work: a statement is made ready only once.
        nonlocal end
        now = time.monotonic()
        end = end or now + seconds
        return now > end

    connection.set_progress_handler(is_over, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


@contextlib.contextmanager
def _on_server(session: orm.Session, seconds: float) -> Iterator[None]:
    """Limit each statement of the block; servers count no blocks."""
    milliseconds = max(1, round(seconds * 1000))
    connection = session.connection()
    before, after = {
        "postgresql": (
            f"SET LOCAL statement_timeout = {milliseconds}",
            "SET LOCAL statement_timeout TO DEFAULT",
        ),
        "mariadb": (
            "SET @time_limit_before = @@SESSION.max_statement_time, "
            f"SESSION max_statement_time = {milliseconds / 1000:.3f}",
            "SET SESSION max_statement_time = @time_limit_before",
        ),
        "mysql": (
            f"SET SESSION max_execution_time = {milliseconds}",
            "SET SESSION max_execution_time = DEFAULT",
        ),
    }.get(_brand(session), ("", ""))
    if not before:
        yield
        return
    connection.exec_driver_sql(before)
    try:
        yield
    finally:
        # Where a statement of PostgreSQL was stopped, the rollback resets it.
        if not connection.invalidated and connection.dialect.name != "postgresql":
            connection.exec_driver_sql(after)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(after)


def _brand(session: orm.Session) -> str:
    dialect = session.get_bind().dialect
    if dialect.name == "mysql" and getattr(dialect, "is_mariadb", False):
        return "mariadb"
    return dialect.name


def _was_stopped(error: DBAPIError) -> bool:
    # PyMySQL has a state of SQL, too, but one that says less than its number.
    codes = (
        getattr(error.orig, "sqlstate", None),
        *getattr(error.orig, "args", ())[:1],
    )
    return any(code in _TOO_SLOW for code in codes)
