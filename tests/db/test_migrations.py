"""Up and down with a full database, and killed on the way."""

import contextlib
import itertools

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade
from sqlalchemy import event

from hostadmin.db import schema
from hostadmin.db.schema import State
from hostadmin.db.session import Base, db
from hostadmin.errors import ConfigError

from ..helpers.schemas import (
    HEAD,
    content,
    fill,
    lowered,
    migrated,
    reflected,
    revision_of,
)


def test_a_step_down_and_up_keeps_every_row(new_app, next_version):
    next_version()
    app = migrated(new_app())
    fill(app)
    before = content(app)

    lowered(app, "-1")
    assert revision_of(app) == HEAD
    assert content(app) == before

    migrated(app)
    assert revision_of(app) == "next"
    assert content(app) == before


def test_down_to_nothing_and_up_leaves_the_schema_as_it_was(new_app):
    app = migrated(new_app())
    before = reflected(app)

    lowered(app, "base")
    assert reflected(app) == {}
    migrated(app)
    assert reflected(app) == before


@pytest.mark.parametrize("to", ["base", "-1", "-2"])
def test_a_downgrade_to_nothing_is_refused_while_there_are_rows(
    new_app, next_version, caplog, to
):
    if to != "-1":
        next_version()
    app = migrated(new_app())
    fill(app)
    before = content(app)

    # Flask-Migrate turns the error into a log line and an exit code.
    with pytest.raises(SystemExit, match="1"):
        lowered(app, to)

    assert "a downgrade to nothing would lose them" in caplog.text
    assert "hosts, groups, changes, accounts, tokens, views" in caplog.text
    assert content(app) == before
    with app.app_context():
        assert schema.state(db.engine) in (State.CURRENT, State.OLDER)


@pytest.mark.parametrize("table", ["accounts", "api_tokens", "saved_views"])
def test_what_nobody_can_make_again_is_dropped_only_when_that_is_said(
    new_app, caplog, table
):
    app = migrated(new_app())
    fill(app)
    others = [t for t in reversed(Base.metadata.sorted_tables) if t.name != table]
    with app.app_context(), db.engine.begin() as connection:
        for other in others:
            connection.execute(sa.delete(other))
    runner = app.test_cli_runner()

    assert runner.invoke(args=["db", "downgrade", "base"]).exit_code == 1
    assert "would lose them" in caplog.text
    assert content(app)[table]
    lost = runner.invoke(args=["db", "downgrade", "base", "--yes-lose-data"])
    assert lost.exit_code == 0, lost.output
    assert content(app) == {}


def test_upgrading_twice_changes_nothing(new_app):
    app = migrated(new_app())
    fill(app)
    before = content(app)

    migrated(app)

    assert content(app) == before


# ---- killed on the way


class Killed(BaseException):
    """As if the process had ended there."""


@contextlib.contextmanager
def killed_at(app, number, *, only=lambda statement: True):
    """End the process at a statement; what it had not committed is gone with it."""
    seen = itertools.count()

    def kill(_connection, _cursor, statement, *_):
        if only(statement) and next(seen) == number:
            raise Killed

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", kill)
        try:
            yield
        except Killed:
            db.session.remove()
        finally:
            event.remove(db.engine, "before_cursor_execute", kill)
            db.engine.dispose()


def changes_schema(statement):
    return statement.lstrip().startswith(("CREATE", "DROP", "INSERT INTO alembic"))


def count_of(app, run):
    found = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda _c, _u, statement, *_: (
                found.append(statement) if changes_schema(statement) else None
            ),
        )
    run()
    return len(found)


def test_an_upgrade_goes_on_wherever_it_was_killed(new_app):
    whole = new_app()
    number = count_of(whole, lambda: migrated(whole))
    wanted = reflected(whole)
    assert number > 60
    app = new_app()
    with app.app_context():
        is_whole = db.engine.dialect.name not in ("mysql", "mariadb")
    # Where the statements before are kept, each run is killed at its first new one;
    # where they are not, at one further on, so that a few of them will do.
    for at in range(0, number, number // 9) if is_whole else [1] * number:
        with killed_at(app, at, only=changes_schema):
            upgrade(directory=str(schema.MIGRATIONS))
        with app.app_context():
            there = schema.state(db.engine)
        assert there in (State.EMPTY, State.STARTED, State.CURRENT)

    assert schema.prepare(app) == []
    assert reflected(app) == wanted
    assert revision_of(app) == HEAD


def test_a_downgrade_goes_on_wherever_it_was_killed(new_app):
    app = migrated(new_app())
    with app.app_context():
        is_whole = db.engine.dialect.name not in ("mysql", "mariadb")
    for at in (0, 5, 20) if is_whole else [0, *[1] * 20]:
        with killed_at(app, at, only=changes_schema):
            downgrade(directory=str(schema.MIGRATIONS), revision="base")
        with app.app_context():
            there = schema.state(db.engine)
            assert there in (State.CURRENT, State.TORN)
            if there is State.TORN:
                with pytest.raises(ConfigError, match="a downgrade was interrupted"):
                    schema.check(db.engine)

    lowered(app, "base")
    assert reflected(app) == {}
    migrated(app)
    with app.app_context():
        assert schema.state(db.engine) is State.CURRENT
