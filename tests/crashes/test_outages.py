"""The database restarted, killed, locked, full, read-only: told, and nothing lost.

With servers of their own, which keep what they acknowledged.
"""

import contextlib
import inspect
import itertools
import re
import sqlite3
import threading
import time
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hostadmin.db.engines import waits
from hostadmin.db.session import db
from hostadmin.models import ChangeEntry, Host
from hostadmin.web.errors import SAVED_TITLE, UNKNOWN_TITLE

from ..helpers import servers
from ..helpers.accounts import log_in
from ..helpers.apps import build_app, chosen_engines, unavailable
from ..helpers.pages import csrf, parse

START = {"postgresql": servers.postgresql, "mariadb": servers.mariadb}
ENGINES = [
    pytest.param(engine, marks=pytest.mark.xdist_group(f"outage-{engine}"))
    for engine in START
    if engine in chosen_engines()
]
TITLES_503 = ("Not available just now", SAVED_TITLE, UNKNOWN_TITLE)
# What a page may take at most, and some more on a busy machine.
SECONDS = 8
LOCK = {"postgresql": "LOCK TABLE hosts", "mariadb": "LOCK TABLES hosts WRITE"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait for a second instead of four."""
    monkeypatch.setattr(waits, "LOCK_SECONDS", 1)
    monkeypatch.setattr(waits, "READ_SECONDS", 1.0)


@pytest.fixture(scope="module", params=ENGINES)
def server(request):
    try:
        started = START[request.param](durable=True)
    except servers.Unavailable as error:
        unavailable(str(error))
    yield started
    started.stop()


@pytest.fixture
def server_app(server):
    server.create_database("outage")
    app = build_app(server.uri("outage"))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    server.drop_database("outage")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "hosts.sqlite"


@pytest.fixture
def file_app(file):
    app = build_app(f"sqlite:///{file}")
    yield app
    with app.app_context():
        db.engine.dispose()


def is_unavailable(response):
    """Check a 503: it says so in words, and when to come again."""
    if response.status_code != 503:
        return False
    assert response.headers["Retry-After"].isdigit()
    page = parse(response)
    assert page.main.h1.text in TITLES_503
    assert response.headers["X-Request-ID"] in page.main.text
    for leak in ("psycopg", "pymysql", "sqlite", "INSERT", "Traceback", "127.0.0.1:"):
        assert leak not in response.text
    return True


def add(client, token, name):
    return client.post("/hosts/new/", data={"hostname": name, "csrf_token": token})


@dataclass
class Told:
    """What the clients were told."""

    saved: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    read: list[int] = field(default_factory=list)
    longest: float = 0

    def note(self, response, name=None):
        if name is None:
            self.read.append(response.status_code)
        elif response.status_code == 302 or SAVED_TITLE in response.text:
            self.saved.add(name)
        elif UNKNOWN_TITLE in response.text:
            self.unknown.add(name)
        else:
            self.refused.add(name)
        if response.status_code >= 400:
            # Somebody who is refused does not ask a hundred times a second.
            time.sleep(0.05)
            assert is_unavailable(response), f"{response.status}: {response.text}"


class Load:
    """Clients that add hosts and look at them until told to stop."""

    def __init__(self, app, writers=3, readers=2):
        self.told = Told()
        self.faults = []
        self._stop = threading.Event()
        client = log_in(app.test_client())
        token = csrf(client, "/hosts/new/")
        cookie = client.get_cookie("hostadmin").value
        self.threads = []
        for number in range(writers + readers):
            own = app.test_client()
            own.set_cookie("hostadmin", cookie)
            name = f"w{number}" if number < writers else None
            target = self._guarded(own, token, name)
            self.threads.append(threading.Thread(target=target))
        for thread in self.threads:
            thread.start()

    def _guarded(self, client, token, name):
        def run():
            try:
                for count in itertools.count():
                    if self._stop.is_set():
                        return
                    begun = time.monotonic()
                    if name:
                        full = f"{name}-{count}"
                        self.told.note(add(client, token, full), full)
                    else:
                        self.told.note(client.get("/hosts/"))
                    took = time.monotonic() - begun
                    self.told.longest = max(self.told.longest, took)
            except BaseException as error:
                self.faults.append(error)

        return run

    def wait_for(self, what):
        end = time.monotonic() + 30
        while not what(self.told) and not self.faults and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self):
        self._stop.set()
        for thread in self.threads:
            thread.join(30)
        assert self.faults == []
        return self.told


@pytest.mark.parametrize("how", ["kill9", "stop"])
def test_a_restart_under_load_loses_nothing_and_nothing_is_told_wrongly(
    server, server_app, how
):
    load = Load(server_app)
    load.wait_for(lambda told: len(told.saved) > 10 and len(told.read) > 5)
    getattr(server, how)()
    load.wait_for(lambda told: len(told.refused) > 3 and 503 in told.read)
    server.start()
    known = len(load.told.saved)
    load.wait_for(lambda told: len(told.saved) > known + 10)
    told = load.stop()

    assert told.refused
    assert 503 in told.read
    assert len(told.saved) > known + 10, "back by itself"
    assert told.longest < SECONDS
    with server_app.app_context():
        names = set(db.session.scalars(sa.select(Host.hostname)))
        entries = set(db.session.scalars(sa.select(ChangeEntry.subject_name)))
    assert told.saved <= names
    assert names <= told.saved | told.unknown
    assert entries == names


@contextlib.contextmanager
def held(app, statement):
    """Let somebody else hold a lock."""
    with app.app_context(), contextlib.closing(db.engine.raw_connection()) as raw:
        raw.cursor().execute(statement)
        yield
        raw.rollback()
        if "TABLES" in statement:
            raw.cursor().execute("UNLOCK TABLES")


def test_a_locked_table_is_waited_for_not_longer_than_a_page_may_take(
    server, server_app
):
    client = log_in(server_app.test_client())
    token = csrf(client, "/hosts/new/")
    with held(server_app, LOCK[server.engine]):
        for ask in (
            lambda: client.get("/hosts/"),
            lambda: add(client, token, "a"),
            lambda: client.get("/export/csv", headers={"Accept": "text/html"}),
        ):
            begun = time.monotonic()
            assert is_unavailable(ask())
            assert 0.9 < time.monotonic() - begun < SECONDS
        assert client.get("/healthz").status_code == 200

    assert add(client, token, "a").status_code == 302
    assert client.get("/hosts/").status_code == 200


def test_readiness_follows_the_database(server, server_app):
    client = log_in(server_app.test_client())
    assert client.get("/readyz").status_code == 200
    server.stop()
    try:
        away = client.get("/readyz")
        assert (away.status_code, client.get("/healthz").status_code) == (503, 200)
        assert "127.0.0.1" not in away.text
    finally:
        server.start()
    assert client.get("/readyz").status_code == 200


def test_a_server_that_takes_no_changes_is_read(server, server_app):
    if server.engine != "postgresql":
        pytest.skip("The tests are root there, who may write all the same.")
    client = log_in(server_app.test_client())
    token = csrf(client, "/hosts/new/")
    server.execute("ALTER DATABASE outage SET default_transaction_read_only = on")
    with server_app.app_context():
        db.engine.dispose()

    response = add(client, token, "a")
    assert is_unavailable(response)
    assert "takes no changes" in response.text
    assert client.get("/hosts/").status_code == 200

    server.execute("ALTER DATABASE outage SET default_transaction_read_only = off")
    # A connection may still be from before; it is not used again.
    assert 302 in [add(client, token, name).status_code for name in "ab"]


def test_no_page_waits_longer_than_five_seconds():
    # Of the original values, which the other tests shorten.
    source = inspect.getsource(waits)
    limits = dict(re.findall(r"^([A-Z]+_SECONDS) = ([\d.]+)$", source, re.M))

    assert set(limits) == {"CONNECT_SECONDS", "LOCK_SECONDS", "READ_SECONDS"}
    assert all(0 < float(seconds) < 5 for seconds in limits.values())


# ---- SQLite


def test_a_locked_file_is_read_and_waited_for(file_app, file):
    client = log_in(file_app.test_client())
    token = csrf(client, "/hosts/new/")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        response = add(client, token, "a")
        assert is_unavailable(response)
        assert time.monotonic() - begun < SECONDS
        assert "stayed locked" in response.text
        assert client.get("/hosts/").status_code == 200
        other.execute("ROLLBACK")

    assert add(client, token, "a").status_code == 302


@contextlib.contextmanager
def each_connection(app, pragma):
    """Run a pragma on each connection of the app."""

    def run(connection, _record, _proxy):
        connection.execute(pragma)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", run)
    try:
        yield
    finally:
        event.remove(engine, "checkout", run)


def test_a_full_disk_is_told_and_reading_goes_on(file_app, file):
    client = log_in(file_app.test_client())
    token = csrf(client, "/hosts/new/")
    saved = set()
    with contextlib.closing(sqlite3.connect(file)) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    with each_connection(file_app, f"PRAGMA max_page_count = {pages + 2}"):
        for number in range(100):
            data = {"hostname": f"h{number}", "notes": "x" * 5000, "csrf_token": token}
            response = client.post("/hosts/new/", data=data)
            if response.status_code != 302:
                break
            saved.add(f"h{number}")
        assert is_unavailable(response)
        assert "disk of the database is full" in response.text
        assert "Nothing of this request was saved" in response.text
        assert client.get("/hosts/").status_code == 200
    with each_connection(file_app, "PRAGMA max_page_count = 1000000"):
        assert add(client, token, "more").status_code == 302

    with file_app.app_context():
        names = set(db.session.scalars(sa.select(Host.hostname)))
    assert names == {*saved, "more"}


def test_a_file_that_takes_no_changes_is_read(file_app):
    client = log_in(file_app.test_client())
    token = csrf(client, "/hosts/new/")
    with each_connection(file_app, "PRAGMA query_only = ON"):
        response = add(client, token, "a")
        assert is_unavailable(response)
        assert "takes no changes" in response.text
        assert client.get("/hosts/").status_code == 200
    with each_connection(file_app, "PRAGMA query_only = OFF"):
        assert add(client, token, "a").status_code == 302
