"""The declarative base, the session and its transactions. Knows no host."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, oracle, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..errors import OutcomeUnknown
from ..validation.json_values import same_json
from . import engines
from .engines import was_rolled_back as was_rolled_back
from .engines import will_write
from .failures import Trouble, trouble

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


COMMITTED = "committed"

# We hand over the metadata, not the class: given a class, Flask-SQLAlchemy would
# build a second base next to ours, and models on it would escape type checking.
db = SQLAlchemy(metadata=Base.metadata)


def install(app: Flask) -> None:
    """Bind the session to the database of this app."""
    db.init_app(app)
    with app.app_context():
        engines.configure(db.engine)

    # Before Flask-SQLAlchemy closes the session: it would raise when the connection
    # is lost in that moment, after the answer was made.
    @app.teardown_appcontext
    def end(_error: BaseException | None) -> None:
        abandon()


@contextlib.contextmanager
def write_transaction() -> Iterator[None]:
    """Run the block in one transaction that may write; commit at its end.

    What the session held before is rolled back first, so the block reads afresh.
    Any exception rolls everything back. Raises ``OutcomeUnknown`` when the database
    is lost during the commit.
    """
    db.session.rollback()
    token = will_write.set(True)
    try:
        yield
        db.session.flush()
        _commit()
    except BaseException:
        abandon()
        raise
    finally:
        will_write.reset(token)


def _commit() -> None:
    try:
        db.session.commit()
        db.session.info[COMMITTED] = True
    except DBAPIError as error:
        if error.connection_invalidated or trouble(error) is Trouble.AWAY:
            raise OutcomeUnknown(
                "The database went away at the moment of saving. Look whether the "
                "change is there before you make it again."
            ) from error
        raise


def has_committed() -> bool:
    """Whether this request has saved something, which no later error may deny."""
    return bool(db.session.info.get(COMMITTED))


def abandon() -> None:
    """Give up what the session holds, in whatever state its connection is."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        # A node of Galera without quorum refuses even this.
        db.session().invalidate()
