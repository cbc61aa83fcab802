"""The declarative base, the session and its transactions. Knows no host."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import orm
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles

from ..errors import OutcomeUnknown
from ..validation.json_values import same_json
from .engines import ENGINES, engine_of, will_write
from .engines import Engine as DatabaseEngine
from .engines import was_rolled_back as was_rolled_back
from .failures import Trouble, is_too_much, trouble

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

UNNUMBERED_TABLE_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name, engine in ENGINES.items()
    for option, value in engine.table_options.items()
}
# An id of a deleted row must not be given to a new one, so that undo can.
TABLE_OPTIONS: dict[str, Any] = UNNUMBERED_TABLE_OPTIONS | {
    f"{name}_{option}": value
    for name, engine in ENGINES.items()
    for option, value in engine.numbered_table_options.items()
}

# What is worth nothing in another database or later on: sessions, what slows down
# guesses. It is in no backup and no copy.
TRANSIENT: dict[str, Any] = {"info": {"transient": True}}


def is_transient(table: sa.Table) -> bool:
    return bool(table.info.get("transient"))


Result = TypeVar("Result")
Type = TypeVar("Type", bound=sa.types.TypeEngine[Any])


def on_each_engine(
    general: Type,
    own: Callable[[DatabaseEngine], sa.types.TypeEngine[Any] | None],
) -> Type:
    """Return the type with what engines have in its place."""
    for name, engine in ENGINES.items():
        if (special := own(engine)) is not None:
            general = general.with_variant(special, name)
    return general


class UTCDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC times outside, naive UTC in the database, microseconds kept."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(engine_of(dialect).time_type)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class ExactJSON(sa.JSON):
    """JSON whose changes are seen by type, too: in Python, True == 1 == 1.0.

    Kept as text on every engine: the binary kinds of PostgreSQL and MySQL turn numbers
    into others, 1e22 into an integer or one of 30 digits into a float, and forget the
    order of names.
    """

    def compare_values(self, x: Any, y: Any) -> bool:
        return same_json(x, y)


@compiles(ExactJSON)
def _name_of_json(type_: ExactJSON, compiler: Any, **options: Any) -> str:
    own = engine_of(compiler.dialect).json_type
    return str(
        compiler.visit_JSON(type_, **options) if own is None else compiler.process(own)
    )


LONG_TEXT = on_each_engine(sa.Text(), lambda engine: engine.long_text_type)
BYTES = on_each_engine(sa.LargeBinary(), lambda engine: engine.bytes_type)
BIG_ID = on_each_engine(sa.BigInteger(), lambda engine: engine.big_id_type)


def key_text(length: int) -> sa.String:
    """Return a text type that sorts and compares by code point on every engine."""
    return on_each_engine(
        sa.String(length), lambda engine: engine.key_text_type(length)
    )


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(naming_convention=CONSTRAINT_NAMES)


COMMITTED = "committed"
SMALL_ATTEMPTS = 5

# We hand over the metadata, not the class: given a class, Flask-SQLAlchemy would
# build a second base next to ours, and models on it would escape type checking.
# What was saved is not read again: the database may be gone by then.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def engine_options(uri: str, threads: int) -> dict[str, Any]:
    """Return what ``create_engine`` gets for this database."""
    url = sa.make_url(uri)
    return engine_of(url).options(url, threads)


def install(app: Flask) -> None:
    """Bind the session to the database of this app."""
    db.init_app(app)
    with app.app_context():
        engine_of(db.engine).configure(db.engine)

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


def write_small(work: Callable[[], Result]) -> Result:
    """Run ``work`` in a write transaction, again if the engine rolled it back.

    For what is not in the history, and waits for nobody.
    """
    for attempts_left in reversed(range(SMALL_ATTEMPTS)):
        try:
            with write_transaction():
                return work()
        except DBAPIError as error:
            if not attempts_left or not was_rolled_back(error):
                raise
    raise AssertionError("unreachable")


def _commit() -> None:
    try:
        db.session.commit()
        db.session.info[COMMITTED] = True
    except DBAPIError as error:
        is_away = error.connection_invalidated or trouble(error) is Trouble.AWAY
        if is_away and not is_too_much(error):
            raise OutcomeUnknown(
                "The connection to the database was lost while saving. Check whether "
                "your change was saved before you make it again."
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
