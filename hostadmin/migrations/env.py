"""How Alembic finds the database and the tables: those of the running app."""

from typing import Any, Literal

import click
from alembic import context
from flask import current_app
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from hostadmin.db import reach
from hostadmin.db.engines import engine_of
from hostadmin.db.schema import LOSE_DATA, MESSAGES, State, state
from hostadmin.db.session import Base, ExactJSON, UTCDateTime, db
from hostadmin.migrations.tables import refuse_to_lose_rows


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own types so that a migration does not depend on our classes.

    A later change of the class would otherwise change what an old migration makes.
    """
    if kind == "type" and isinstance(item, ExactJSON):
        return "JSON"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "TIME"
    return False


def is_of_this_engine(item: Any, name: str, kind: str, *_: Any) -> bool:
    """Whether the models tell of it, on this engine: one index is not for all of them.

    What belongs to the index over letters of names is made past the models.
    """
    if "_trigrams" in (name or ""):
        return False
    if kind != "index" or item.name != "ix_hosts_counted":
        return True
    return engine_of(context.get_context().dialect).counts_by_index


# Schemas that no migration of this version begins at.
FOREIGN = (*(State.DEVELOPMENT, State.INCOMPLETE, State.NEWER, State.UNMANAGED),)


def refuse_what_cannot_be_migrated(engine: Engine) -> None:
    """Raise ``RuntimeError``, which the commands tell in a line, with what is wrong."""
    if unreachable := reach.fault(engine):
        raise RuntimeError(unreachable.text)
    if (found := state(engine)) in FOREIGN:
        raise RuntimeError(MESSAGES[found])


def goes_to_nothing() -> bool:
    try:
        return context.get_revision_argument() is None
    except KeyError:
        # A command that goes nowhere, such as "current".
        return False


def may_lose_data() -> bool:
    """Whether somebody said ``--yes-lose-data``."""
    asked = click.get_current_context(silent=True)
    return asked is not None and bool(asked.meta.get(LOSE_DATA))


def run() -> None:
    options = current_app.extensions["migrate"].configure_args
    common = {
        "target_metadata": Base.metadata,
        "render_item": render_item,
        "compare_type": False,
        "include_object": is_of_this_engine,
        **options,
    }
    if context.is_offline_mode():
        url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        context.configure(url=url, literal_binds=True, **common)
        with context.begin_transaction():
            context.run_migrations()
        return
    # Another one than the app's, where a database is copied.
    engine: Engine = context.config.attributes.get("engine", db.engine)
    refuse_what_cannot_be_migrated(engine)
    try:
        migrate(engine, common)
    except DBAPIError as error:
        # Such as an account that may not make tables.
        reason = str(error.orig).strip().partition("\n")[0]
        raise RuntimeError(f"The database refused a step: {reason}") from error


def migrate(engine: Engine, common: dict[str, Any]) -> None:
    with engine.connect() as connection:
        if goes_to_nothing() and not may_lose_data():
            # Before the first step: not every engine takes back the steps before one
            # that fails.
            refuse_to_lose_rows(connection)
            connection.rollback()
        context.configure(connection=connection, lose_data=may_lose_data(), **common)
        with context.begin_transaction():
            context.run_migrations()


run()
