"""Where a copy cannot go, and what goes on meanwhile: told in a line, nothing lost."""

import contextlib

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hostadmin import backups
from hostadmin.config import render_uri
from hostadmin.db import schema
from hostadmin.db.session import Base, db
from hostadmin.history import ActorContext, write
from hostadmin.inventory import hosts
from hostadmin.limits import limits
from hostadmin.models import Host

from ..helpers.apps import check_trigrams, connected

GUEST = "copy_guest"


@contextlib.contextmanager
def administrator(uri):
    engine = sa.create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def flask(runner):
    """Run ``flask database``: exit code, stdout, stderr."""

    def run(*words):
        result = runner.invoke(args=["database", *words])
        assert not result.exception or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return run


def names(app):
    with app.app_context():
        found = list(db.session.scalars(sa.select(Host.hostname).order_by(Host.id)))
        db.session.rollback()
    return found


@contextlib.contextmanager
def guest(uri):
    """Somebody who may look into a database and make nothing there."""
    url = make_url(uri).set(username=GUEST)
    with administrator(uri) as run:
        if url.get_backend_name() == "mysql":
            run.exec_driver_sql(f"CREATE USER {GUEST}")
            run.exec_driver_sql(f"GRANT SELECT ON {url.database}.* TO {GUEST}")
        else:
            run.exec_driver_sql(f"CREATE ROLE {GUEST} LOGIN")
            # Before PostgreSQL 15, everybody might.
            run.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield render_uri(url)
        is_mysql = url.get_backend_name() == "mysql"
        run.exec_driver_sql(f"DROP {'USER' if is_mysql else 'ROLE'} {GUEST}")


def test_without_rights_it_is_told_and_the_source_stays(
    app, flask, make_host, empty_database
):
    make_host(hostname="a")
    if make_url(empty_database).get_backend_name() == "sqlite":
        return
    with guest(empty_database) as uri:
        code, out, err = flask("copy", "--to", uri)
    assert (code, out) == (1, "")
    assert "refused a step" in err
    assert "denied" in err
    assert err.count("\n") == 1
    assert names(app) == ["a"]


def test_a_target_of_another_encoding_is_refused(app, flask, make_host, empty_database):
    make_host(hostname="ä")
    if make_url(empty_database).get_backend_name() != "postgresql":
        return
    with administrator(empty_database) as run:
        run.exec_driver_sql(
            "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 "
            "LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        try:
            uri = render_uri(make_url(empty_database).set(database="latin"))
            code, _, err = flask("copy", "--to", uri)
        finally:
            run.exec_driver_sql("DROP DATABASE latin WITH (FORCE)")
    assert code == 1
    assert "is LATIN1; it must be UTF8" in err
    assert "--to" in err


def test_a_full_target_is_marked_and_begins_anew_where_there_is_room(
    app, make_host, tmp_path, flask, monkeypatch
):
    for number in range(20):
        make_host(hostname=f"h{number}", notes="x" * 20_000)
    uri = f"sqlite:///{tmp_path}/small.sqlite"
    monkeypatch.setattr(limits, "backup_batch", 5)
    before = backups.copy

    def onto_a_small_disk(source, target, progress):
        @sa.event.listens_for(target, "connect")
        def limit(raw, _record):
            raw.execute("PRAGMA max_page_count = 150")

        target.dispose()
        return before(source, target, progress)

    monkeypatch.setattr(backups, "copy", onto_a_small_disk)
    code, out, err = flask("copy", "--to", uri)
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert "disk of the database is full" in last
    assert "target is incomplete" in last

    engine = connected(uri)
    assert schema.state(engine) is schema.State.INCOMPLETE
    engine.dispose()
    assert names(app) == [f"h{number}" for number in range(20)]
    monkeypatch.undo()
    assert flask("copy", "--to", uri)[0] == 0


STRANGE = {
    "another program": "CREATE TABLE songs (id INTEGER)",
    "tables of the same names": "CREATE TABLE hosts (id INTEGER)",
    "a newer version": "INSERT INTO alembic_version VALUES ('newer')",
    "a development version": "INSERT INTO alembic_version VALUES ('0007')",
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_of_somebody_else_is_left_alone(
    app, flask, make_host, empty_database, kind
):
    make_host(hostname="a")
    engine = connected(empty_database)
    with engine.begin() as connection:
        if "alembic" in STRANGE[kind]:
            connection.exec_driver_sql(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
            )
        connection.exec_driver_sql(STRANGE[kind])
    before = sa.inspect(engine).get_table_names()
    code, _, err = flask("copy", "--to", empty_database)
    assert (code, err) == (
        1,
        "Error: The target is not empty; use a new, empty database.\n",
    )
    assert sa.inspect(engine).get_table_names() == before
    engine.dispose()


def test_rows_of_its_own_are_never_dropped(app, flask, make_host, empty_database):
    """Complete and empty is a good target; one host more and it is somebody's."""
    make_host(hostname="a")
    engine = connected(empty_database)
    Base.metadata.create_all(engine)
    host = dict.fromkeys(("hostname", "hostname_key", "hostname_sort"), "theirs")
    with engine.begin() as connection:
        connection.execute(
            sa.insert(Host.__table__).values(host | {"vars": {}, "version": 1})
        )
    assert "not empty" in flask("copy", "--to", empty_database)[2]
    with engine.begin() as connection:
        connection.execute(sa.delete(Host.__table__))
    assert flask("copy", "--to", empty_database)[0] == 0
    with engine.connect() as connection:
        assert list(connection.scalars(sa.select(Host.hostname))) == ["a"]
    engine.dispose()


def test_a_copy_is_of_one_moment_whoever_writes_meanwhile(
    app, make_host, tmp_path, monkeypatch
):
    for number in range(12):
        make_host(hostname=f"h{number}")
    target = connected(f"sqlite:///{tmp_path}/copy.sqlite")
    monkeypatch.setattr(limits, "backup_batch", 5)
    written = []

    def meanwhile(table, _rows):
        if table == "hosts" and not written:
            written.append(make_host(hostname="later"))
            with app.app_context():
                doing = ActorContext("ann", "web")
                write(doing, lambda: hosts.delete_host(written[0] - 1, 1))

    with app.app_context():
        done = backups.copy(db.engine, target, meanwhile)
    with target.connect() as connection:
        copied = list(connection.scalars(sa.select(Host.hostname).order_by(Host.id)))
        made = connection.scalar(sa.select(sa.func.max(Host.created_at)))
    target.dispose()
    assert copied == [f"h{number}" for number in range(12)]
    assert names(app) == [*copied[:-1], "later"]
    # It says of when.
    assert done.made >= made


def made(engine):
    """What is there besides rows: indexes by table, and what SQLite has for names."""
    there = sa.inspect(engine)
    found = {
        (table, index["name"], *index["column_names"])
        for table in there.get_table_names()
        for index in there.get_indexes(table)
    }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            found |= set(connection.exec_driver_sql(TRIGGERS))
    return found


TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


def test_every_index_is_made_again_in_the_copy(app, make_host, empty_database):
    """They are dropped while it is filled, those over letters of names included."""
    make_host(hostname="web-1", aliases=["an-alias"])
    target = connected(empty_database)
    with app.app_context():
        schema.upgrade_engine(target)
        empty = made(target)
        backups.copy(db.engine, target, lambda *_: None)
    assert made(target) == empty
    assert ("hosts", "ix_hosts_hostname_sort_id", "hostname_sort", "id") in empty
    with target.begin() as connection:
        check_trigrams(connection)
    target.dispose()
