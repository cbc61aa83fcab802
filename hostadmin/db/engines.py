"""What each engine needs: how to connect, how long to wait, when it has gone away."""

import sqlite3
from contextvars import ContextVar
from typing import Any

from flask import has_request_context
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError

# For a page, together with its own work, no more than five seconds.
CONNECT_SECONDS = 3
LOCK_SECONDS = 4
READ_SECONDS = 4.5
# A proxy or firewall may drop a connection without telling either end.
TCP_PARAMETERS = {
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}

# Whether the transaction that begins next may write.
will_write: ContextVar[bool] = ContextVar("will_write", default=False)


def engine_options(uri: str, threads: int = 8) -> dict[str, Any]:
    """Return what ``create_engine`` gets for this kind of database."""
    url = make_url(uri)
    backend = url.get_backend_name()
    # Parameters may be hashes of passwords; errors end up in logs.
    options: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
    if backend != "sqlite" or url.database not in (None, "", ":memory:"):
        # One for each thread, and some for exports, which read a snapshot beside it.
        options |= {"pool_size": threads + 2, "pool_timeout": CONNECT_SECONDS}
    if backend in ("mysql", "mariadb"):
        # The default, REPEATABLE READ, takes gap locks that collide under load.
        options |= {"isolation_level": "READ COMMITTED", "pool_recycle": 3600}
        options |= {"connect_args": {"connect_timeout": CONNECT_SECONDS}}
    if backend == "postgresql":
        connect = {"connect_timeout": CONNECT_SECONDS, **TCP_PARAMETERS}
        # What the URI says wins. A statement prepared by psycopg may get a generic
        # plan without its index.
        connect = {name: v for name, v in connect.items() if name not in url.query}
        options |= {"connect_args": {**connect, "prepare_threshold": None}}
    return options


def configure(engine: Engine) -> None:
    """Make a new engine behave: settings of each connection, transactions, limits."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _set_up_postgresql)
    if engine.dialect.name in ("postgresql", "mysql", "mariadb"):
        event.listen(engine, "checkout", _limit_waiting)
        event.listen(engine, "handle_error", _see_that_it_is_gone)


# ---- SQLite


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, and only before some statements.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once when somebody else wrote in between,
    # whatever the busy timeout says. So a transaction that will write says so at first.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if will_write.get() else "BEGIN")


# ---- servers


def _set_up_postgresql(connection: Any, _record: object) -> None:
    # With statistics from before a big import, it takes short look-ups for long ones,
    # and compiles them first: seconds for what is done in a millisecond. Said by a
    # statement, since poolers refuse it among the parameters of a connection.
    connection.execute("SET jit = off")
    connection.commit()


# In seconds for a statement, 0 for any, and for a lock. Commands wait as long as the
# server likes.
LIMITS = {"read": (READ_SECONDS, LOCK_SECONDS), "write": (0, LOCK_SECONDS)}
COMMAND = "command"


def _limit_waiting(connection: Any, record: Any, _proxy: object) -> None:
    """Let a page wait for a bounded time only, whatever its statement waits for.

    What writes is bounded by the locks it waits for: changing 100,000 hosts is long.
    """
    wanted = COMMAND
    if has_request_context():
        wanted = "write" if will_write.get() else "read"
    if record.info.get("limits", COMMAND) == wanted:
        return
    try:
        cursor = connection.cursor()
        cursor.execute(_limits_text(connection, LIMITS.get(wanted)))
        cursor.close()
        # PostgreSQL would forget them with the transaction that they were set in.
        connection.commit()
    except Exception as error:
        # Errors are not yet those of SQLAlchemy here; this one gets another try.
        raise DisconnectionError(str(error)) from error
    record.info["limits"] = wanted


def _limits_text(connection: Any, limits: tuple[float, int] | None) -> str:
    if hasattr(connection, "pgconn"):
        if limits is None:
            return "RESET statement_timeout; RESET lock_timeout"
        milliseconds = [int(seconds * 1000) for seconds in limits]
        return "SET statement_timeout = {}; SET lock_timeout = {}".format(*milliseconds)
    statement, lock = limits or ("DEFAULT", "DEFAULT")
    text = (
        f"SET SESSION innodb_lock_wait_timeout = {lock}, "
        f"SESSION lock_wait_timeout = {lock}"
    )
    # MySQL has a limit of another name, for some statements only.
    is_mariadb = "MariaDB" in connection.get_server_info()
    return f"{text}, SESSION max_statement_time = {statement}" if is_mariadb else text


# A node of Galera without quorum refuses even ROLLBACK; a server that shuts down or
# lost its rights to write must be left for the one that took over.
_GONE = {1047, 1053, 1927, "25006", "57P01", "57P02", "57P03"}


def _see_that_it_is_gone(context: ExceptionContext) -> None:
    original: Any = context.original_exception
    if _GONE & set(error_codes(original)):
        context.is_disconnect = True


def error_codes(original: Any) -> tuple[Any, ...]:
    """Return the state of SQL and the number of a driver's error, where it has one.

    PyMySQL may have a state, too, but one that says less than its number.
    """
    return (
        getattr(original, "sqlstate", None),
        *getattr(original, "args", ())[:1],
    )


# Deadlock and lock wait time-out on MariaDB; serialisation failure and deadlock on
# PostgreSQL: the engine has rolled the transaction back, so it may be run again.
_ROLLED_BACK = {1213, 1205, "40001", "40P01"}


def was_rolled_back(error: DBAPIError) -> bool:
    """Whether the engine says that nothing of the transaction was kept."""
    return any(code in _ROLLED_BACK for code in error_codes(error.orig))
