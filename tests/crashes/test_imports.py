"""Whatever ends an import of 5,000 hosts: it was written, or nothing of it."""

import contextlib
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hostadmin.db.session import db
from hostadmin.models import ChangeEntry, ChangeSet, Group, Host, group_members

from ..helpers import servers
from ..helpers.apps import build_app
from ..helpers.processes import start_script

COUNT = 5_000
GROUPS = 20
# ``flask hosts import``, which tells when it has written a thousand hosts.
IMPORT = """
import sys
from hostadmin.history import CREATED
from hostadmin.inventory import write_edits
write = write_edits._WRITERS["host", CREATED]
def write_and_tell(session, edits):
    write(session, edits)
    print("written", flush=True)
write_edits._WRITERS["host", CREATED] = write_and_tell
from flask.cli import main
sys.argv = ["flask", "hosts", "import", sys.argv[1]]
main()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory"
    lines = [f"[g{n}:vars]\nn={n}\n" for n in range(GROUPS)]
    for group in range(GROUPS):
        lines.append(f"[g{group}]\n")
        lines += [f"h{n} n={n}\n" for n in range(group, COUNT, GROUPS)]
    path.write_text("".join(lines))
    return path


def start_import(uri: str, path: Path) -> "subprocess.Popen[str]":
    return start_script(IMPORT, uri, str(path))


def count_rows(session: sa.orm.Session) -> list[int]:
    session.rollback()
    counts = [
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in (Host, group_members, Group, ChangeEntry, ChangeSet)
    ]
    session.rollback()
    return counts


def check_all_or_nothing(session: sa.orm.Session) -> bool:
    """Return whether it was written; fail where it was half."""
    counts = count_rows(session)
    # A server may still be at the commit that the killed client asked for.
    while (again := count_rows(session)) != counts:
        counts = again
    everything = [COUNT, COUNT, GROUPS, COUNT + GROUPS, 1]
    assert counts in ([0] * 5, everything)
    return counts == everything


def finish(uri: str, path: Path) -> None:
    with start_import(uri, path) as process:
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")


def test_killed_at_any_moment(app, database, session, inventory):
    session.rollback()
    # Before the first thousand, in the middle, and at the moment of the commit.
    for thousands in (0, 3, 5):
        with start_import(database, inventory) as process:
            assert process.stdout is not None
            for _ in range(thousands):
                assert process.stdout.readline() == "written\n"
            time.sleep(random.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            process.wait()

        written = check_all_or_nothing(session)
        assert thousands == 5 or not written
    finish(database, inventory)
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == COUNT


def test_a_full_disk_leaves_sqlite_as_it_was(tmp_path, inventory):
    uri = f"sqlite:///{tmp_path}/hosts.sqlite"
    app = build_app(uri)
    limit = 1024**2
    with app.app_context():
        with start_import(uri, inventory) as process:
            # A write beyond fails as one on a full disk does.
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
            out, err = process.communicate(timeout=120)
        assert (process.returncode, out.count("written") < 5) == (1, True)
        assert err.startswith("Error: ")
        assert err.count("\n") == 1
        assert not check_all_or_nothing(db.session())
        finish(uri, inventory)
        assert check_all_or_nothing(db.session())
        db.engine.dispose()


def test_a_server_that_restarts_has_all_or_nothing(server, inventory):
    server.drop_database("hosts")
    server.create_database("hosts")
    uri = server.uri("hosts")
    app = build_app(uri)
    with app.app_context():
        db.engine.dispose()
        with start_import(uri, inventory) as process:
            assert process.stdout is not None
            for _ in range(3):
                assert process.stdout.readline() == "written\n"
            server.restart()
            _, err = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "Traceback" not in err
        assert "Nothing was saved." in err.splitlines()[-1]
        assert not check_all_or_nothing(db.session())
        finish(uri, inventory)
        assert check_all_or_nothing(db.session())
        db.session.remove()
        db.engine.dispose()


def test_a_full_disk_of_a_server(server, inventory):
    if server.engine == "seekdb":
        pytest.skip("It takes its place on the disk once, in files of a fixed size.")
    server.drop_database("hosts")
    server.create_database("hosts")
    uri = server.uri("hosts")
    text = "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=6_000))
    big = inventory.with_name("big.jsonl")
    with big.open("w") as file:
        for number in range(COUNT):
            file.write(f'{{"hostname": "h{number}", "notes": "{number} {text}"}}\n')
    app = build_app(uri)
    with app.app_context():
        db.engine.dispose()
        with limited(server), start_import(uri, big) as process:
            _, err = process.communicate(timeout=120)
        assert process.returncode == 1
        assert (err.startswith("Error: "), err.count("\n")) == (True, 1)
        if server.engine == "mariadb":
            assert "The disk of the database is full" in err
        assert "Traceback" not in err
        assert not check_all_or_nothing(db.session())
        finish(uri, inventory)
        assert check_all_or_nothing(db.session())
        db.session.remove()
        db.engine.dispose()


@contextlib.contextmanager
def limited(server: servers.Server) -> Iterator[None]:
    """Let no file of the server grow beyond 17 MiB: to it, that is a full disk.

    Its journal has files of 16 MiB, or of 8, which must go on.
    """
    command = server._server_command
    # PostgreSQL ignores the signal by itself.
    limit = ["sh", "-c", 'trap "" XFSZ; ulimit -S -f 34816; exec "$0" "$@"']
    more = ["--innodb-log-file-size=8M"] if server.engine == "mariadb" else []
    server._server_command = lambda: [*limit, *command(), *more]  # type: ignore[method-assign]
    server.restart()
    try:
        yield
    finally:
        server._server_command = command  # type: ignore[method-assign]
        server.restart()
