"""Killed while it saves: all that was acknowledged is there, and nothing half."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.inventory.check_counts import wrong_counts
from hostadmin.models import ChangeEntry, Host, HostAlias

from ..helpers.accounts import add_person, cookie_of
from ..helpers.paths import ROOT
from ..helpers.servers import free_port

ACKNOWLEDGED = 30
# Writes host after host, and tells each as soon as it is saved.
WRITER = """
import sys
from hostadmin import create_app, history
from hostadmin.config import Settings
from hostadmin.history import ActorContext
from hostadmin.inventory import hosts
app = create_app(
    Settings(_env_file=None, database_uri=sys.argv[1], secret_key="x" * 40)
)
with app.app_context():
    for n in range(100_000):
        given = {"hostname": f"h{n}", "aliases": [f"a{n}"], "vars": {"n": n}}
        history.write(ActorContext("ann", "web"), lambda: hosts.add_host(given))
        print(n, flush=True)
"""


@pytest.mark.parametrize("_time", range(3))
def test_all_that_was_acknowledged_is_there_and_nothing_half(
    app, database, session, _time
):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, database], stdout=subprocess.PIPE, text=True
    )
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(ACKNOWLEDGED)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    names = set(session.scalars(sa.select(Host.hostname)))
    # The last one may have been saved without having been shown.
    assert (
        {f"h{n}" for n in acknowledged}
        <= names
        <= {f"h{n}" for n in range(len(acknowledged) + 1)}
    )
    recorded = session.scalars(sa.select(ChangeEntry)).all()
    assert sorted(entry.subject_name for entry in recorded) == sorted(names)
    for name in names:
        assert [str(alias) for alias in hosts.find_host(name).aliases] == [
            f"a{name[1:]}"
        ]
    assert wrong_counts(db.engine) == []


# Changes all hosts together, again and again, and puts counts together meanwhile.
MANY = """
import sys, threading, time
from hostadmin import create_app, history
from hostadmin.bulk_edit import Selection, change, read_edit
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.history.kept_counts import fold
from hostadmin.query.ast import EVERYTHING
app = create_app(
    Settings(_env_file=None, database_uri=sys.argv[1], secret_key="x" * 40)
)

def keep_folding():
    with app.app_context():
        while True:
            fold(db.engine)
            # Or SQLite's lock is taken again before the other thread asks for it.
            time.sleep(0.01)

with app.app_context():
    all_hosts = Selection(EVERYTHING)
    for n in range(100_000):
        edit = read_edit([("owner", f"o{n % 3}"), ("port", str(1 + n % 2))])
        history.write(
            ActorContext("ann", "web"), lambda: change(db.session(), all_hosts, edit)
        )
        if not n:
            threading.Thread(target=keep_folding, daemon=True).start()
        print(n, flush=True)
"""


@pytest.mark.parametrize("edits", [1, 2, 4])
def test_killed_while_many_change_the_counts_are_those_of_the_hosts(
    app, database, session, make_host, edits
):
    for number in range(60):
        make_host(hostname=f"h{number}", environment=("prod", "dev")[number % 2])
    writer = subprocess.Popen(
        [sys.executable, "-c", MANY, database], stdout=subprocess.PIPE, text=True
    )
    with writer:
        for _ in range(edits):
            assert writer.stdout.readline()
        time.sleep(edits / 50)
        writer.send_signal(signal.SIGKILL)

    # All of them, or none.
    assert len(set(session.scalars(sa.select(Host.owner)))) == 1
    assert wrong_counts(db.engine) == []


class Browser:
    """Enough of one to save a form: it keeps the cookie that it was given last."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie

    def wait(self) -> None:
        for _ in range(300):
            with contextlib.suppress(OSError):
                self.get("/healthz")
                return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def get(self, path: str) -> str:
        answer, text = self._ask("GET", path)
        for header in answer.headers.get_all("Set-Cookie", ()):
            self._cookie = header.partition(";")[0]
        return text

    def post(self, path: str, form: dict[str, str]) -> int:
        return self._ask("POST", path, urlencode(form))[0].status

    def _ask(self, method: str, path: str, body: str | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read().decode()


def test_what_a_page_said_is_saved_is_there_after_a_kill(app, database, session):
    """The same over HTTP: the server is killed while forms are saved."""
    key = add_person(app, "editor", "ann")
    name, value = cookie_of(app, key)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ
        | {
            "HOSTADMIN_DATABASE_URI": database,
            "HOSTADMIN_SECRET_KEY": "x" * 40,
            "HOSTADMIN_BIND": f"127.0.0.1:{port}",
        },
        stderr=subprocess.DEVNULL,
    )
    acknowledged: list[str] = []
    enough = threading.Event()

    def save(writer: int) -> None:
        browser = Browser(port, f"{name}={value}")
        token = BeautifulSoup(browser.get("/hosts/new/"), "html.parser").select_one(
            "[name=csrf_token]"
        )
        form = {"status": "active", "aliases": "x", "csrf_token": token["value"]}
        for number in range(10_000):
            hostname = f"w{writer}-{number}"
            try:
                status = browser.post("/hosts/new/", {**form, "hostname": hostname})
            except (OSError, http.client.HTTPException):
                return
            assert status == 302
            acknowledged.append(hostname)
            if len(acknowledged) >= ACKNOWLEDGED:
                enough.set()

    writers = [threading.Thread(target=save, args=(n,)) for n in range(4)]
    try:
        Browser(port, "").wait()
        for writer in writers:
            writer.start()
        assert enough.wait(60)
    finally:
        server.kill()
        server.wait()
    for writer in writers:
        writer.join()

    names = set(session.scalars(sa.select(Host.hostname)))
    assert set(acknowledged) <= names
    # Each writer may have saved one more, whose answer did not arrive.
    assert len(names) <= len(acknowledged) + len(writers)
    recorded = session.scalars(sa.select(ChangeEntry).filter_by(subject="host")).all()
    assert sorted(entry.subject_name for entry in recorded) == sorted(names)
    assert all(entry.change_set.actor == "ann" for entry in recorded)
    assert set(session.scalars(sa.select(HostAlias.name))) == {"x"}
