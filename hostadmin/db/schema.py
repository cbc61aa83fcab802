"""Which schema the database has, and how it gets the one of this version."""

import enum
import shutil
from datetime import UTC
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Engine

from ..clock import utcnow
from ..errors import ConfigError
from ..places import COMMAND
from . import reach
from .engines import engine_of
from .reach import Fault
from .session import Base, db

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# From the first to the newest. A server that knows them needs no Alembic, which is an
# eighth of its memory.
REVISIONS = ("first_release",)
# Those before the first release; their migrations are gone.
DEVELOPMENT_REVISIONS = frozenset(
    ("first", *(f"{number:04}" for number in range(1, 12)))
)
# In place of a revision, while a database is being filled from another one.
INCOMPLETE_REVISION = "incomplete"
# Whether a downgrade may drop what is in the tables: among the options of a command.
LOSE_DATA = f"{__name__}.lose_data"
_REVISION = sa.table("alembic_version", sa.column("version_num"))


class State(enum.Enum):
    """What the schema of the database is, seen from this version of the program."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older than this version"
    NEWER = "newer than this version"
    DEVELOPMENT = (
        "that of an earlier development version; export the hosts with that version, "
        "then import them into a new database"
    )
    INCOMPLETE = "that of an incomplete copy"
    STARTED = "not complete yet"
    TORN = "no longer complete"
    UNMANAGED = "not managed by hostadmin"


MESSAGES = {
    State.EMPTY: f"The database has no tables yet. Run: {COMMAND} database upgrade",
    State.OLDER: "The schema is older than this version of hostadmin. Back up the "
    f"database, then run: {COMMAND} database upgrade",
    State.NEWER: "The schema is newer than this version of hostadmin. Install the "
    "version that created it.",
    State.DEVELOPMENT: "The database was made by an earlier development version and "
    f"cannot be upgraded. With that version, run: {COMMAND} hosts export --format json "
    "> hosts.json; with this version and a new database, run: "
    f"{COMMAND} database upgrade, then: {COMMAND} hosts import hosts.json",
    State.INCOMPLETE: "A copy or a restore into this database has not finished, so it "
    "is not used. Run the same command again; it starts from the beginning.",
    State.STARTED: "The first upgrade of this database has not finished. To continue "
    f"it, run: {COMMAND} database upgrade",
    State.TORN: "Tables are missing: a downgrade was interrupted. Restore a backup, or "
    f"continue it with: {COMMAND} db downgrade base --yes-lose-data",
    State.UNMANAGED: "The database has tables of another program with the same names. "
    "Use another database.",
}


def install(app: Flask) -> None:
    """Let the ``flask db`` commands find the app."""
    app.extensions["migrate"] = _Migrations(app)


class _Migrations:
    """Flask-Migrate, which is imported by the first command that asks it anything."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(self._app, db, directory=str(MIGRATIONS), render_as_batch=True)
        return getattr(self._app.extensions["migrate"], name)


def state(engine: Engine) -> State:
    """Compare the revision in the database with the newest one we have."""
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        revision = None
        if _REVISION.name in tables:
            revision = connection.scalar(sa.select(_REVISION.c.version_num))
    complete = tables >= set(Base.metadata.tables)
    if revision is None:
        return _without_revision(tables, complete=complete)
    if revision in DEVELOPMENT_REVISIONS:
        return State.DEVELOPMENT
    if revision == INCOMPLETE_REVISION:
        return State.INCOMPLETE
    if revision == newest_revision():
        return State.CURRENT if complete else State.TORN
    return State.OLDER if is_known(revision) else State.NEWER


def _without_revision(tables: set[str], *, complete: bool) -> State:
    if not tables & set(Base.metadata.tables):
        return State.EMPTY
    if _REVISION.name in tables:
        # It is made before all others, and filled after them.
        return State.STARTED
    # create_all makes the same tables without a revision: good to work with.
    return State.CURRENT if complete else State.UNMANAGED


def fault(engine: Engine) -> Fault | None:
    """Return what is wrong with a database: not to be reached, or another schema."""
    if found := reach.fault(engine):
        return found
    there = state(engine)
    if there is State.CURRENT:
        return None
    return Fault(f"the schema is {there.value}", MESSAGES[there])


def newest_revision() -> str:
    """Return the revision of this version's schema."""
    return REVISIONS[-1]


def is_known(revision: object) -> bool:
    """Whether it is a revision of this version or of one before."""
    return revision in REVISIONS


def upgrade_engine(engine: Engine, revision: str = "head") -> None:
    """Bring a database, that of the app or another one, to a revision.

    Raises ``ConfigError`` with one line.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, revision)
    except RuntimeError as error:
        raise ConfigError(str(error)) from None


def mark_incomplete(engine: Engine) -> None:
    """Let nothing use this database before ``mark_complete``."""
    _set_revision(engine, INCOMPLETE_REVISION)


def mark_complete(engine: Engine, revision: str) -> None:
    _set_revision(engine, revision)


def _set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(_REVISION).values(version_num=revision))


def drop_tables(engine: Engine) -> None:
    """Drop all tables of ours, with what they hold."""
    Base.metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def check(engine: Engine) -> None:
    """Raise ``ConfigError`` with what is wrong and what helps, if anything is."""
    if found := fault(engine):
        raise ConfigError(found.text)


def prepare(app: Flask) -> list[str]:
    """Create the schema in an empty database; upgrade an older file.

    The file is copied first, and the copy named. Servers are left to
    ``flask database upgrade``. Returns lines to tell. Raises ``ConfigError``.
    """
    with app.app_context():
        if unreachable := reach.fault(db.engine):
            raise ConfigError(unreachable.text)
        is_file = engine_of(db.engine).file_of(db.engine.url) is not None
        if state(db.engine) is State.OLDER and not is_file:
            check(db.engine)
        return bring_up_to_date(db.engine)


def bring_up_to_date(engine: Engine) -> list[str]:
    """Create or upgrade the schema, whatever the engine; a file is copied first.

    Returns lines to tell. Raises ``ConfigError``.
    """
    found = state(engine)
    path = engine_of(engine).file_of(engine.url)
    if found not in (State.EMPTY, State.STARTED, State.OLDER):
        check(engine)
        return []
    lines = []
    if found is State.OLDER and path is not None:
        copy = _copy_of(engine, path)
        lines.append(f"The database was copied to {copy} and upgraded.")
    upgrade_engine(engine)
    return lines


def _copy_of(engine: Engine, path: Path) -> Path:
    stamp = utcnow().astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    copy = path.with_name(f"{path.stem}-before-{stamp}{path.suffix}")
    if shutil.disk_usage(path.parent).free < path.stat().st_size * 2:
        raise ConfigError(f"Not enough space in {path.parent} to copy the database.")
    engine_of(engine).copy_file(engine, copy)
    shutil.copymode(path, copy)
    return copy
