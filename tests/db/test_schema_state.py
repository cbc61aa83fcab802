"""Which schema a database has, and what is done about it."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hostadmin import history
from hostadmin.db import schema
from hostadmin.db.schema import State
from hostadmin.db.session import Base, db
from hostadmin.errors import ConfigError
from hostadmin.inventory import hosts

from ..helpers.schemas import HEAD, content, content_of, fill, migrated, revision_of


def test_an_empty_database_gets_the_schema(new_app):
    app = new_app()
    with app.app_context():
        assert schema.state(db.engine) is State.EMPTY
        with pytest.raises(ConfigError, match="Run: flask database upgrade"):
            schema.check(db.engine)

    assert schema.prepare(app) == []
    assert revision_of(app) == HEAD
    assert schema.prepare(app) == []
    with app.app_context():
        assert schema.state(db.engine) is State.CURRENT
        schema.check(db.engine)


def test_tables_that_create_all_made_are_good_to_work_with(new_app):
    app = new_app()
    with app.app_context():
        Base.metadata.create_all(db.engine)

        assert schema.state(db.engine) is State.CURRENT
    assert schema.prepare(app) == []
    assert revision_of(app) is None


def test_foreign_tables_are_no_obstacle_but_ours_without_a_revision_are(new_app):
    app = new_app()
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    with app.app_context():
        assert schema.state(db.engine) is State.EMPTY
        with db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE hosts (id INTEGER)")
        assert schema.state(db.engine) is State.UNMANAGED

    with pytest.raises(ConfigError, match="Use another database"):
        schema.prepare(app)


def test_a_newer_schema_is_left_alone(new_app):
    app = migrated(new_app())
    fill(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = content(app)

    with pytest.raises(ConfigError, match="newer than this version"):
        schema.prepare(app)

    assert content(app) == before
    assert revision_of(app) == "9999"


def test_an_older_schema_is_upgraded_only_where_a_copy_can_be_made(
    new_app, next_version, tmp_path
):
    app = migrated(new_app())
    fill(app)
    before = content(app)
    next_version()
    with app.app_context():
        assert schema.state(db.engine) is State.OLDER
        is_file = db.engine.dialect.name == "sqlite"

    if not is_file:
        with pytest.raises(ConfigError, match="Back up the database, then run: flask"):
            schema.prepare(app)
        assert revision_of(app) == HEAD
        return

    file = Path(make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database)
    file.chmod(0o600)

    (line,) = schema.prepare(app)

    copy = re.fullmatch(r"The database was copied to (.+) and upgraded\.", line)[1]
    assert copy.startswith(f"{tmp_path}/")
    assert revision_of(app) == "next"
    assert content(app) == before
    copied = sa.create_engine(f"sqlite:///{copy}")
    with copied.connect() as connection:
        assert content_of(connection) == before
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    copied.dispose()
    assert Path(copy).stat().st_mode == file.stat().st_mode


def test_too_little_room_for_a_copy_is_shown_before_anything_changes(
    new_app, next_version, monkeypatch
):
    app = migrated(new_app())
    next_version()
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
    monkeypatch.setattr(
        schema.shutil, "disk_usage", lambda _: type("", (), {"free": 1})
    )

    with pytest.raises(ConfigError, match="Not enough space in"):
        schema.prepare(app)
    assert revision_of(app) == HEAD


# ---- databases of the time before the first release


@pytest.fixture(params=["0001", "first"])
def development(new_app, request):
    """Return an app on a database of an earlier development version."""
    app = migrated(new_app())
    with app.app_context(), history.writing("ann"):
        hosts.add_host({"hostname": "web1"})
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :old"),
            {"old": request.param},
        )
    before = (revision_of(app), content(app))
    yield app
    assert (revision_of(app), content(app)) == before


WAY_OUT = (
    "an earlier development version and cannot be upgraded. With that version, run: "
    "flask hosts export --format json > hosts.json; with this version and a new "
    "database, run: flask database upgrade, then: flask hosts import hosts.json"
)


def test_a_development_version_is_not_prepared_nor_copied(development, tmp_path):
    files = set(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=re.escape(WAY_OUT)):
        schema.prepare(development)

    assert set(tmp_path.iterdir()) == files


COMMANDS = ["upgrade", "downgrade", "current", "stamp", "stamp --purge", "check"]


def test_no_migration_touches_a_development_version(development, caplog):
    for command in COMMANDS:
        caplog.clear()
        result = development.test_cli_runner().invoke(args=["db", *command.split()])

        assert result.exit_code == 1, command
        assert caplog.messages == [f"Error: The database was made by {WAY_OUT}"]


def test_check_and_readyz_tell_of_a_development_version(development):
    result = development.test_cli_runner().invoke(args=["check"])
    ready = development.test_client().get("/readyz")

    assert result.exit_code == 1
    assert result.output == f"H061 The database was made by {WAY_OUT}\n"
    assert ready.status_code == 503
    assert "export the hosts with that version" in ready.json["status"]
