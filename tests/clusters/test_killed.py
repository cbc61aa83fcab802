"""The app, its node or both are killed in an import, a bulk edit and an undo at once.

On every node there is then all of each, or nothing, as the survivors were told.
"""

import contextlib
import random
import subprocess
import time

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.inventory.check_counts import wrong_counts
from hostadmin.models import ChangeEntry, ChangeSet, Host

from ..helpers.apps import apps_on_nodes
from ..helpers.clusters import wait_for
from ..helpers.hosts import add_hosts
from ..helpers.processes import start_script

pytestmark = pytest.mark.xdist_group("galera")

COUNT = 1_050
# Who is killed, and when; the last time it may have been done.
STAGES = (
    (("app",), "written"),
    (("node",), "written"),
    (("app", "node"), "commit"),
)
# A command that stops after each thousand hosts and before the commit, and goes on when
# it is told to. Its pieces are so small that some are on other nodes by then.
COMMAND = """
import sys
from hostadmin.db import session
from hostadmin.db.engines import mysql_hosts
from hostadmin.inventory import write_edits
mysql_hosts._NODE_SETTINGS = mysql_hosts._NODE_SETTINGS.replace(
    str(mysql_hosts._FRAGMENT_BYTES), "65536"
)
def stop(word):
    print(word, flush=True)
    sys.stdin.readline()
def stopping(write):
    def run(*given):
        write(*given)
        stop("written")
    return run
def commit(commit=session._commit):
    stop("commit")
    commit()
session._commit = commit
for key in (("host", "created"), ("host", "changed")):
    write_edits._WRITERS[key] = stopping(write_edits._WRITERS[key])
from flask.cli import main
sys.argv[0] = "flask"
main()
"""


@pytest.fixture(scope="module")
def nodes(galera):
    """One app for each node, all on the same database."""
    with apps_on_nodes(galera, "killed") as apps:
        yield apps


def prepare(app, folder):
    """Add what is edited and undone; return the arguments of the three commands."""
    with app.app_context(), history.writing("tests"):
        add_hosts(
            {"hostname": f"{name}{n}", "role": name, "owner": "first"}
            for name in ("edit", "undo")
            for n in range(COUNT)
        )
    command = ["hosts", "set", "role:undo", "owner=second", "--yes"]
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 0, done.output
    with app.app_context():
        change = db.session.scalar(
            sa.select(ChangeSet.id).order_by(ChangeSet.at.desc()).limit(1)
        )
    path = folder / "hosts.csv"
    rows = [f"import{n},import" for n in range(COUNT)]
    path.write_text("\n".join(["hostname,role", *rows, ""]))
    return (
        ["hosts", "import", str(path)],
        ["hosts", "set", "role:edit", "owner=second", "--yes"],
        ["changes", "undo", str(change), "--yes"],
    )


def start(uri, arguments):
    return start_script(COMMAND, uri, *arguments, stdin=subprocess.PIPE)


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def wait_until(process, moment):
    """Let a command go on until it stops there."""
    while (line := process.stdout.readline().strip()) != moment:
        assert process.poll() is None, process.stderr.read()
        if line in ("written", "commit"):
            go_on(process)


def there(app):
    """Return whether each was done as this node sees it; fail where one is half."""
    with app.app_context():
        db.session.rollback()

        def count(act, owner):
            return db.session.scalar(
                sa.select(sa.func.count())
                .select_from(Host)
                .where(Host.role == act, Host.owner == owner)
            )

        found = [count("import", None), count("edit", "second"), count("undo", "first")]
        rows = sa.select(sa.func.count()).select_from(ChangeEntry)
        entries = db.session.scalar(rows)
        db.session.rollback()
        assert wrong_counts(db.engine) == []
    assert set(found) <= {0, COUNT}, found
    return [bool(number) for number in found], entries


def strike(node, processes, victims, moment):
    """Kill what is to be killed at that moment; return what each command said."""
    for process in processes:
        wait_until(process, moment)
    if moment == "commit":
        for process in processes:
            go_on(process)
        time.sleep(random.uniform(0, 0.05))
    if "app" in victims:
        for process in processes:
            process.kill()
    if "node" in victims:
        node.kill9()
    messages = [outcome(process, "app" in victims) for process in processes]
    if "node" in victims:
        node.start()
    return messages


def test_each_is_whole_or_not_there(galera, nodes, tmp_path):
    commands = prepare(nodes[1], tmp_path)
    before = there(nodes[1])[1]
    for victims, moment in STAGES:
        with contextlib.ExitStack() as stack:
            processes = [
                stack.enter_context(start(galera.uri("killed"), command))
                for command in commands
            ]
            messages = strike(galera.nodes[0], processes, victims, moment)
        galera.wait_until_whole()

        # A node may still be at the commit that a killed client asked for.
        wait_for(lambda: len({str(there(app)) for app in nodes}) == 1)
        done, entries = there(nodes[0])
        assert entries == before + COUNT * sum(done)
        assert moment == "commit" or not any(done)
        for was_done, words in zip(done, messages, strict=True):
            assert words is None or "Nothing was saved" in words or was_done
    # Nothing is left that would be in the way of what was not done.
    finish(nodes[2], [c for c, was in zip(commands, done, strict=True) if not was])
    assert there(nodes[1])[0] == [True] * 3


def finish(app, commands):
    for command in commands:
        ran = app.test_cli_runner().invoke(args=command)
        assert ran.exit_code == 0, ran.output


def outcome(process, was_killed):
    """Return what a command that lived said; None of one that was killed."""
    if was_killed:
        process.wait(60)
        return None
    _, err = process.communicate("\n\n\n", timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    return err
