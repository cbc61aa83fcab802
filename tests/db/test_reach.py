"""A database that cannot be worked with: each reason in one line of its own."""

import contextlib
import re
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hostadmin import create_app, server
from hostadmin.config import Settings, render_uri
from hostadmin.db import schema
from hostadmin.db.session import db
from hostadmin.errors import ConfigError

from ..helpers.servers import free_port

SECRET = "n0t-to-be-seen"
ANN = "reach_ann"


@contextlib.contextmanager
def administrator(database):
    engine = sa.create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextlib.contextmanager
def account_with_password(database):
    """Let somebody log in by a password, and into no database."""
    is_mariadb = make_url(database).get_backend_name() == "mysql"
    with administrator(database) as run:
        if is_mariadb:
            run.exec_driver_sql(f"CREATE USER {ANN} IDENTIFIED BY 'right'")
            yield
            run.exec_driver_sql(f"DROP USER {ANN}")
            return
        run.exec_driver_sql(f"CREATE ROLE {ANN} LOGIN PASSWORD 'right'")
        file = Path(run.exec_driver_sql("SHOW hba_file").scalar())
        before = file.read_text()
        rules = f"host all {ANN} 127.0.0.1/32 scram-sha-256\n{before}"
        file.write_text(rules)
        run.exec_driver_sql("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            file.write_text(before)
            run.exec_driver_sql("SELECT pg_reload_conf()")
            run.exec_driver_sql(f"DROP ROLE {ANN}")


@contextlib.contextmanager
def wrong_password(database, _folder):
    with account_with_password(database):
        yield make_url(database).set(username=ANN, password=SECRET)


@contextlib.contextmanager
def unknown_database(database, _folder):
    yield make_url(database).set(database="not_there")


def over_network(database):
    """Return the URI without the socket that seekdb is reached by."""
    url = make_url(database)
    if "unix_socket" in url.query:
        return url.difference_update_query(["unix_socket"]).set(
            host="127.0.0.1", port=1
        )
    return url


@contextlib.contextmanager
def nobody_there(database, _folder):
    yield over_network(database).set(port=free_port(), password=SECRET)


@contextlib.contextmanager
def unknown_host(database, _folder):
    yield over_network(database).set(host="db.invalid", password=SECRET)


@contextlib.contextmanager
def not_utf8(database, _folder):
    with administrator(database) as run:
        run.exec_driver_sql(
            "CREATE DATABASE lat ENCODING 'LATIN1' TEMPLATE template0 "
            "LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        yield make_url(database).set(database="lat")
        run.exec_driver_sql("DROP DATABASE lat WITH (FORCE)")


@contextlib.contextmanager
def no_encoding(database, _folder):
    """What packages of some systems make, as in netbox 18416 and 7306."""
    with administrator(database) as run:
        run.exec_driver_sql(
            "CREATE DATABASE asc_ii ENCODING 'SQL_ASCII' TEMPLATE template0 "
            "LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        yield make_url(database).set(database="asc_ii")
        run.exec_driver_sql("DROP DATABASE asc_ii WITH (FORCE)")


@contextlib.contextmanager
def no_database(_database, folder):
    file = folder / "notes.txt"
    file.write_text("Dear diary, " * 100)
    yield make_url(f"sqlite:///{file}")


@contextlib.contextmanager
def no_folder(_database, folder):
    yield make_url(f"sqlite:///{folder}/not/there.sqlite")


COMMANDS = ("check", "database check", "database upgrade", "db upgrade", "db current")
SERVERS, FILES = ("postgresql", "mysql"), ("sqlite",)
# The kind, its engines, the line for those who run it and the one for strangers.
KINDS = {
    wrong_password: (
        SERVERS,
        f"accept the user {ANN} with this password.*%40",
        "refus",
    ),
    unknown_database: (
        SERVERS,
        'no database "not_there".*CREATE DATABASE',
        "not exist",
    ),
    nobody_there: (SERVERS, r"answers at 127\.0\.0\.1:\d+\. Start it", "not answer"),
    unknown_host: (SERVERS, r"answers at db\.invalid:\d+\. Start it", "not answer"),
    not_utf8: (("postgresql",), "is LATIN1; .*ENCODING 'UTF8'", "not UTF-8"),
    no_encoding: (
        ("postgresql",),
        "is SQL_ASCII; .*ENCODING 'UTF8'",
        "not UTF-8",
    ),
    no_database: (FILES, r"notes\.txt is not an SQLite database", "not an SQLite"),
    no_folder: (FILES, r"there\.sqlite cannot be opened", "cannot be opened"),
}


def start(monkeypatch, uri):
    """Try to start the server as people do; it ends before it serves."""
    monkeypatch.setenv("HOSTADMIN_DATABASE_URI", uri)
    monkeypatch.setenv("HOSTADMIN_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("HOSTADMIN_BIND", f"127.0.0.1:{free_port()}")
    with pytest.raises(SystemExit) as ended:
        server.main(["--prepare"])
    assert ended.value.code == 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_reason_is_shown_in_one_line_wherever_one_asks(
    database, kind, tmp_path, monkeypatch, capsys, caplog
):
    engines, wanted, status = KINDS[kind]
    if make_url(database).get_backend_name() not in engines:
        return
    with kind(database, tmp_path) as url:
        uri = render_uri(url)
        app = create_app(
            Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
        )
        messages = []
        for words in (*COMMANDS, "hosts count x"):
            result = app.test_cli_runner().invoke(args=words.split())
            assert result.exit_code == 1, words
            assert isinstance(result.exception, SystemExit), words
            messages += [result.stdout + result.stderr + "\n".join(caplog.messages)]
            caplog.clear()
        ready = app.test_client().get("/readyz")
        start(monkeypatch, uri)
        messages += [capsys.readouterr().err]
        with app.app_context():
            with pytest.raises(ConfigError) as refused:
                schema.check(db.engine)
            db.engine.dispose()

    messages += [str(refused.value)]
    for line in messages:
        assert re.search(wanted, line), line
        assert len(line.strip().splitlines()) == 1, line
        assert SECRET not in line
    assert ready.status_code == 503
    assert status in ready.json["status"]
    assert not {url.host, url.database} & set(re.split(r"[\s:\"]", ready.text))


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://ann:{SECRET}@x@db.example/hosts",
        f"postgresql://ann:p@{SECRET}/x@db.example:5432/hosts",
        f"mysql://a/nn:{SECRET}@db.example/hosts",
        # sqlalchemy 8278, sqlacodegen 254, pgsync 236
        f"postgresql://ann:{SECRET}@@db.example/hosts",
        f"mysql://ann:{SECRET}@db&2019@192.0.2.7:3306/hosts",
        f"postgresql://ann:{SECRET}@$$W0rd01@db_host:5432/hosts",
    ],
)
def test_an_unescaped_sign_is_shown_before_half_a_password_is_asked_for(uri):
    with pytest.raises(ValueError, match=r"more than one @.*write @ as %40") as refused:
        Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
    assert "In a user name or password" in str(refused.value)
    assert SECRET not in str(refused.value).partition("[type")[0]


@pytest.mark.parametrize("revision", ["9999", None])
def test_no_migration_begins_at_a_schema_that_it_does_not_know(
    database, revision, tmp_path, caplog
):
    if make_url(database).get_backend_name() != "sqlite":
        return
    uri = f"sqlite:///{tmp_path}/hosts.sqlite"
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key="x" * 40))
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE hosts (id INTEGER)")
        if revision:
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")

    result = app.test_cli_runner().invoke(args=["db", "upgrade"])

    assert result.exit_code == 1
    wanted = "newer than this version" if revision else "of another program"
    assert wanted in caplog.messages[-1]
    with app.app_context():
        db.engine.dispose()


def test_the_port_of_a_database_may_be_something_else(tmp_path):
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        listener.settimeout(5)
        uri = f"postgresql://ann@127.0.0.1:{listener.getsockname()[1]}/hosts"
        uri += "?connect_timeout=2"
        app = create_app(
            Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
        )
        with app.app_context(), pytest.raises(ConfigError, match="No database server"):
            schema.check(db.engine)
