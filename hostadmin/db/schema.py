"""Which schema the database has, and how it gets the one of this version."""

import enum
import shutil
from datetime import UTC
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy.engine import Engine

from ..clock import utcnow
from ..errors import ConfigError
from .engines import engine_of
from .session import Base, db

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# Those before the first release; their migrations are gone.
DEVELOPMENT_REVISIONS = frozenset(f"{number:04}" for number in range(1, 12))


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
    UNMANAGED = "not under version control"


MESSAGES = {
    State.EMPTY: "The database has no tables yet; run: flask db upgrade",
    State.OLDER: "The schema is older than this version; back up the database, then "
    "run: flask db upgrade",
    State.NEWER: "The schema is newer than this version of hostadmin; install the "
    "version that made it.",
    State.DEVELOPMENT: "The database was made by an earlier development version and "
    "cannot be upgraded. With that version, run: flask hosts export --format json > "
    "hosts.json; with this version and a new database, run: flask db upgrade, then: "
    "flask hosts import hosts.json",
    State.UNMANAGED: "The database has tables of the same names that are not ours; use "
    "another database.",
}


def install(app: Flask) -> None:
    """Add the ``flask db`` commands."""
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def state(engine: Engine) -> State:
    """Compare the revision in the database with the newest one we have."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        tables = set(sa.inspect(connection).get_table_names())
    if revision is None:
        if not tables & set(Base.metadata.tables):
            return State.EMPTY
        # create_all makes the same tables without a revision: good to work with.
        complete = tables >= set(Base.metadata.tables)
        return State.CURRENT if complete else State.UNMANAGED
    if revision in DEVELOPMENT_REVISIONS:
        return State.DEVELOPMENT
    script = _script()
    if revision == script.get_current_head():
        return State.CURRENT
    known = {item.revision for item in script.walk_revisions()}
    return State.OLDER if revision in known else State.NEWER


def check(engine: Engine) -> None:
    """Raise ``ConfigError`` with the command that helps, unless the schema fits."""
    found = state(engine)
    if found is State.CURRENT:
        return
    raise ConfigError(MESSAGES[found])


def prepare(app: Flask) -> list[str]:
    """Create the schema in an empty database; upgrade an older file.

    The file is copied first, and the copy named. Servers are left to
    ``flask db upgrade``. Returns lines to tell. Raises ``ConfigError``.
    """
    lines: list[str] = []
    with app.app_context():
        found = state(db.engine)
        path = engine_of(db.engine).file_of(db.engine.url)
        if found is State.OLDER and path is not None:
            copy = _copy_of(db.engine, path)
            lines.append(f"The database was copied to {copy} and upgraded.")
        elif found is not State.EMPTY:
            check(db.engine)
            return lines
        upgrade(directory=str(MIGRATIONS))
    return lines


def _copy_of(engine: Engine, path: Path) -> Path:
    stamp = utcnow().astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    copy = path.with_name(f"{path.stem}-before-{stamp}{path.suffix}")
    if shutil.disk_usage(path.parent).free < path.stat().st_size * 2:
        raise ConfigError(f"Too little room in {path.parent} to copy the database.")
    engine_of(engine).copy_file(engine, copy)
    shutil.copymode(path, copy)
    return copy
