"""``flask database …``: check, copy, back up, restore, upgrade, as scripts see it."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy as sa

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.history.kept_counts import fold
from hostadmin.limits import limits
from hostadmin.models import ChangeEntry, Host, host_counts

from ..helpers.paths import ROOT


@pytest.fixture
def flask(runner):
    """Run ``flask database`` on the database of the app: exit code, stdout, stderr."""

    def run(*words, stdin=None):
        result = runner.invoke(args=["database", *map(str, words)], input=stdin)
        assert not result.exception or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return run


def flask_on(uri):
    """Run it on another database, with the tables that commands make."""
    settings = Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
    app = create_app(settings)

    def run(*words):
        result = app.test_cli_runner().invoke(args=["database", *map(str, words)])
        assert not result.exception or isinstance(result.exception, SystemExit)
        with app.app_context():
            db.engine.dispose()
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def other(tmp_path):
    return f"sqlite:///{tmp_path}/other.sqlite"


def test_to_move_takes_one_command_and_the_other_uri(flask, make_host, other, tmp_path):
    make_host(hostname="a")
    code, out, err = flask("copy", "--to", other)
    assert (code, out) == (0, "")
    assert "verified by SHA-256" in err
    assert (tmp_path / "other.sqlite").stat().st_mode & 0o077 == 0

    assert flask_on(other)("check")[0] == 0
    code, _, err = flask("copy", "--to", "-", stdin=f"{other}\n")
    assert (code, err) == (
        1,
        "Error: The target is not empty; use a new, empty database.\n",
    )


def test_a_backup_is_for_its_owner_and_never_overwritten(
    flask, make_host, other, tmp_path
):
    make_host(hostname="a")
    file = tmp_path / "b"
    assert flask("backup", file)[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert "already exists" in flask("backup", file)[2]

    assert flask_on(other)("restore", file)[0] == 0
    assert flask_on(other)("check") == (
        0,
        "connection\tok\nserver\tok\nschema\tok\nforeign keys\tok\nhistory\tok\n"
        "stored counts\tok\n",
        "",
    )
    assert flask_on(other)("restore", file)[0] == 1


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sqlite:////nowhere/x.sqlite", "cannot be"),
        ("nonsense", "--to is not a database URI"),
        ("postgresql://u:secret@127.0.0.1:9/x", "No database server answers"),
    ],
)
def test_a_target_that_cannot_be_used_is_shown_in_a_line(flask, uri, words):
    code, out, err = flask("copy", "--to", uri)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert "secret" not in err


def test_to_itself_is_refused(app, flask):
    with app.app_context():
        uri = db.engine.url.render_as_string(hide_password=False)
    assert "to copy from" in flask("copy", "--to", uri)[2]


def test_what_is_wrong_with_the_rows_is_found(app, flask, make_host):
    make_host(hostname="a", aliases=["b"])
    assert flask("check")[0] == 0

    # Past everything that would prevent it.
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.delete(ChangeEntry.__table__))
    code, out, _ = flask("check")
    assert code == 1
    assert "history\t1 wrong count of entries" in out
    assert "history\t1 host without a “created” entry" in out


def test_a_wrong_count_is_found_and_replaced(app, flask, make_host):
    make_host(hostname="a", environment="prod")
    with app.app_context(), db.engine.begin() as connection:
        of_prod = host_counts.c.fields == "environment"
        connection.execute(sa.update(host_counts).where(of_prod).values(hosts=7))

    code, out, err = flask("check")
    assert (code, err) == (1, "To replace them: flask database check --repair\n")
    assert out.endswith("stored counts\tenvironment=prod: 7 stored, 1 counted\n")

    code, out, err = flask("check", "--repair")
    assert (code, err) == (0, "Wrong stored counts replaced: 1.\n")
    assert out.endswith("stored counts\tok\n")
    assert flask("check")[0] == 0


def test_many_wrong_counts_are_told_by_the_first(app, flask, make_host):
    make_host(hostname="a", environment="prod")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.delete(host_counts))

    code, out, _ = flask("check")
    assert code == 1
    assert out.count("stored counts\t") == 11
    assert out.endswith("stored counts\t18 more\n")


def test_what_is_not_kept_is_said_and_kept_again(app, flask, make_host, monkeypatch):
    for name in ("kept_values", "kept_pairs"):
        monkeypatch.setattr(limits, name, 1)
    for owner in ("a", "b"):
        make_host(hostname=owner, owner=owner)
    with app.app_context():
        fold(db.engine)

    code, out, err = flask("check")
    assert (code, out.splitlines()[-1]) == (0, "stored counts\tok")
    assert err.startswith("Counts by environment and owner; location and")
    assert err.endswith("status and owner are not stored: too many values\n")

    for name in ("kept_values", "kept_pairs"):
        monkeypatch.setattr(limits, name, 2)
    assert "To store counts by environment and owner; " in flask("check")[2]
    code, out, err = flask("check", "--repair")
    assert (code, err) == (0, "")
    assert out.endswith("stored counts\tok\n")
    assert flask("check")[2] == ""


def test_a_row_that_names_nothing_is_found(other, tmp_path):
    run = flask_on(other)
    assert run("upgrade")[0] == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as file:
        file.execute("INSERT INTO host_aliases VALUES (1, 77, 'x', 'x')")
        file.commit()
    code, out, _ = run("check")
    assert code == 1
    assert "foreign keys\t1 row of host_aliases without a matching row in hosts" in out


def test_the_schema_is_made_and_then_current(other):
    run = flask_on(other)
    assert run("check")[0] == 1
    assert run("upgrade") == (0, "", "The schema is now up to date.\n")
    assert run("upgrade") == (0, "", "The schema is up to date.\n")
    assert run("check")[0] == 0


@pytest.mark.parametrize("command", ["copy", "restore"])
def test_killed_on_its_way_the_target_is_not_used(
    app, database, flask, make_host, other, tmp_path, command
):
    for number in range(30):
        make_host(hostname=f"h{number}")
    file = tmp_path / "file"
    assert flask("backup", file)[0] == 0
    words = ["copy", "--to", other] if command == "copy" else ["restore", str(file)]
    # One row at a time, and it stops in the middle.
    script = (
        "import os, signal, sys\n"
        "from hostadmin.limits import limits\n"
        "from hostadmin.backups import rows, target\n"
        "from app import make_app\n"
        "limits.backup_batch = 1\n"
        "before = target.write_rows\n"
        "def write(connection, shape, some):\n"
        "    before(connection, shape, some)\n"
        "    if shape.name == 'hosts' and some[0][0] % 20 == 0:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "target.write_rows = write\n"
        "make_app().test_cli_runner(catch_exceptions=False).invoke("
        "args=['database', *sys.argv[1:]])\n"
    )
    begun = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        env={
            **os.environ,
            "HOSTADMIN_DATABASE_URI": database if command == "copy" else other,
            "HOSTADMIN_SECRET_KEY": "x9" * 20,
        },
        capture_output=True,
        check=False,
    )
    assert begun.returncode == -signal.SIGKILL, begun.stderr

    code, out, _ = flask_on(other)("check")
    assert (code, "has not finished" in out) == (1, True)
    assert flask("check")[0] == 0
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Host.id))) == 30
    # The same command again begins anew.
    run = flask if command == "copy" else flask_on(other)
    assert run(*words)[0] == 0
    assert flask_on(other)("check")[0] == 0
