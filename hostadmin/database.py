"""The declarative base, the session and what each engine needs. Knows no host."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, orm
from sqlalchemy.dialects import mysql, oracle, postgresql
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError

from .errors import OutcomeUnknown
from .values import same_json

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# The prefix follows the scheme of the URI, so both are needed. AUTOINCREMENT keeps
# SQLite from giving the id of a deleted row to a new one, so that undo can.
UNNUMBERED_TABLE_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
    )
}
TABLE_OPTIONS = {"sqlite_autoincrement": True, **UNNUMBERED_TABLE_OPTIONS}


class UTCDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC times outside, naive UTC in the database, microseconds kept."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        if dialect.name == "oracle":
            return dialect.type_descriptor(oracle.TIMESTAMP())
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class ExactJSON(sa.JSON):
    """JSON whose changes are seen by type, too: in Python, True == 1 == 1.0.

    Kept as text on every engine: the binary kind of PostgreSQL turns 1e22 into an
    integer and forgets the order of names.
    """

    def compare_values(self, x: Any, y: Any) -> bool:
        return same_json(x, y)


# TEXT of MariaDB holds one byte less than the 64 KiB we promise.
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def key_text(length: int) -> sa.String:
    """Return a text type that sorts and compares by code point on every engine."""
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(naming_convention=CONSTRAINT_NAMES)


# We hand over the metadata, not the class: given a class, Flask-SQLAlchemy would
# build a second base next to ours, and models on it would escape type checking.
db = SQLAlchemy(metadata=Base.metadata)

_will_write: ContextVar[bool] = ContextVar("will_write", default=False)


def engine_options(uri: str) -> dict[str, Any]:
    """Return what ``create_engine`` gets for this kind of database."""
    backend = make_url(uri).get_backend_name()
    options: dict[str, Any] = {"pool_pre_ping": True}
    if backend in ("mysql", "mariadb"):
        # The default, REPEATABLE READ, takes gap locks that collide under load.
        options |= {"isolation_level": "READ COMMITTED", "pool_recycle": 3600}
    if backend == "postgresql":
        # A statement prepared by psycopg may get a generic plan without its index.
        options |= {"connect_args": {"prepare_threshold": None}}
    return options


def install(app: Flask) -> None:
    """Bind the session to the database of this app."""
    db.init_app(app)
    with app.app_context():
        configure(db.engine)


def configure(engine: Engine) -> None:
    """Make a new engine behave: settings of each connection, transactions, signals."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, and only before some statements.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once when somebody else wrote in between,
    # whatever the busy timeout says. So a transaction that will write says so at first.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _will_write.get() else "BEGIN")


@contextlib.contextmanager
def write_transaction() -> Iterator[None]:
    """Run the block in one transaction that may write; commit at its end.

    What the session held before is rolled back first, so the block reads afresh.
    Any exception rolls everything back. Raises ``OutcomeUnknown`` when the database
    is lost during the commit.
    """
    db.session.rollback()
    token = _will_write.set(True)
    try:
        yield
        db.session.flush()
        _commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _will_write.reset(token)


def _commit() -> None:
    try:
        db.session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknown(
                "The database went away at the moment of saving. Look whether the "
                "change is there before you make it again."
            ) from error
        raise


# Deadlock and lock wait time-out on MariaDB; serialisation failure and deadlock on
# PostgreSQL: the engine has rolled the transaction back, so it may be run again.
_ROLLED_BACK = {1213, 1205, "40001", "40P01"}


def was_rolled_back(error: DBAPIError) -> bool:
    """Whether the engine says that nothing of the transaction was kept."""
    # PyMySQL may have a state of SQL, too, but one that says less than its number.
    codes = (
        getattr(error.orig, "sqlstate", None),
        *getattr(error.orig, "args", ())[:1],
    )
    return any(code in _ROLLED_BACK for code in codes)
