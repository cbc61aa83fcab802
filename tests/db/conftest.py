"""Empty databases, and a version of the program that is newer."""

import itertools
import logging
import shutil

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hostadmin import create_app
from hostadmin.config import Settings, render_uri
from hostadmin.db import schema
from hostadmin.db.schema import MIGRATIONS
from hostadmin.db.session import db

NEXT = """
from hostadmin.migrations.tables import index, op

revision, down_revision = "next", "first_release"

def upgrade():
    index("hosts", "version")

def downgrade():
    op.drop_index("ix_hosts_version", "hosts")
"""
_numbers = itertools.count(1)


@pytest.fixture
def new_database(database, tmp_path):
    """Make an empty database beside the others; all are dropped in the end."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{next(_numbers)}.sqlite"
        return
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    made = []

    def make():
        made.append(f"schema_{next(_numbers)}")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {made[-1]}")
        return render_uri(url.set(database=made[-1]))

    yield make
    with server.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
    server.dispose()


@pytest.fixture
def new_app(new_database):
    """Make an app on an empty database; nothing of it stays open."""
    apps = []

    def make():
        app = create_app(
            Settings(_env_file=None, database_uri=new_database(), secret_key="x" * 40)
        )
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(autouse=True)
def quiet_alembic(caplog):
    """Alembic tells each step at INFO."""
    caplog.set_level(logging.WARNING, "alembic")


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Be a version of the program that has one more revision."""

    def begin():
        directory = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, directory)
        (directory / "versions" / "0002_next.py").write_text(NEXT)
        monkeypatch.setattr(schema, "MIGRATIONS", directory)
        monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "next"))

    return begin
