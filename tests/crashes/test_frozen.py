"""A database server that is there and says nothing: reported within seconds."""

import contextlib
import time

import pytest
from flask import Flask
from sqlalchemy import event

from hostadmin.db.engines import waits
from hostadmin.db.engines.mysql_hosts import split_place
from hostadmin.db.session import db

from ..helpers import servers
from ..helpers.accounts import log_in
from ..helpers.apps import START, build_app, chosen_engines, unavailable
from ..helpers.pages import csrf

# What a page may wait, and what these tests wait instead.
SECONDS = 6
SHORT = {
    "PING_SECONDS": 0.5,
    "LOCK_SECONDS": 1,
    "READ_SECONDS": 1.0,
    "SILENCE_SECONDS": 2.0,
}
ENGINES = [
    pytest.param(engine, marks=pytest.mark.xdist_group(f"frozen-{engine}"))
    for engine in START
    if engine in chosen_engines()
]


@pytest.fixture(scope="module", params=ENGINES)
def server(request):
    try:
        started = START[request.param]()
    except servers.Unavailable as error:
        unavailable(str(error))
    started.create_database("frozen")
    yield started
    started.stop()


@pytest.fixture
def impatient(monkeypatch):
    for name, seconds in SHORT.items():
        monkeypatch.setattr(waits, name, seconds)


@pytest.fixture(scope="module")
def app(server):
    app = build_app(server.uri("frozen"))
    yield app
    with app.app_context():
        db.engine.dispose()


@contextlib.contextmanager
def frozen(server):
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def timed(ask):
    begun = time.monotonic()
    response = ask()
    return response, time.monotonic() - begun


def test_no_request_hangs_and_the_next_one_after_it_is_answered(server, app, impatient):
    client = log_in(app.test_client())
    token = csrf(client, "/hosts/new/")
    with frozen(server):
        for ask in (
            lambda: client.get("/hosts/"),
            lambda: client.post(
                "/hosts/new/", data={"hostname": "a", "csrf_token": token}
            ),
            lambda: client.get("/readyz"),
        ):
            response, seconds = timed(ask)
            assert (response.status_code, seconds < SECONDS) == (503, True), seconds
        assert client.get("/healthz").status_code == 200
    assert client.get("/hosts/").status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_frozen_in_the_middle_of_a_request(server, app, impatient, method):
    client = log_in(app.test_client())
    token = csrf(client, "/hosts/new/")
    statement = {"get": "FROM hosts", "post": "INSERT INTO hosts"}[method]
    stopped = []

    def stop(_connection, _cursor, text, *_):
        if statement in text and not stopped:
            server.freeze()
            stopped.append(text)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", stop)
    try:
        response, seconds = timed(
            lambda: (
                client.get("/hosts/")
                if method == "get"
                else client.post(
                    "/hosts/new/", data={"hostname": "b", "csrf_token": token}
                )
            )
        )
    finally:
        server.thaw()
        event.remove(engine, "before_cursor_execute", stop)
    assert stopped
    assert (response.status_code, seconds < SECONDS) == (503, True), seconds
    assert "b" not in client.get("/export/hosts").text.split()
    assert client.get("/hosts/").status_code == 200


def test_what_a_page_waits_for_in_all_is_bounded():
    """Of the original values: a sign of life, connections and an answer, in turn."""
    assert waits.SILENCE_SECONDS + 3 * waits.LEAST_SECONDS < SECONDS
    whole = max(waits.READ_SECONDS, waits.LOCK_SECONDS) + waits.MARGIN_SECONDS
    assert whole <= waits.SILENCE_SECONDS
    page = Flask(__name__)
    with page.test_request_context():
        waited = 0
        for step in (waits.PING_SECONDS, waits.CONNECT_SECONDS, whole, whole):
            seconds = waits.left(step)
            waits.note_silence(seconds)
            waited += seconds
        assert waited <= waits.SILENCE_SECONDS + 2 * waits.LEAST_SECONDS
    # The next page begins anew; commands wait for as long as is usual.
    with page.test_request_context():
        assert waits.left(whole) == whole
    assert waits.left(60) == 60


# ---- several hosts


def uri_of(server, *places):
    hosts = "&".join(f"host={place}" for place in places)
    user = {"postgresql": "tests", "mariadb": "root"}[server.engine]
    more = {"postgresql": "&target_session_attrs=read-write", "mariadb": ""}
    return f"{server.engine}://{user}@/frozen?{hosts}{more[server.engine]}"


def answer_of(uri):
    app = build_app(uri, create=False)
    response = app.test_client().get("/readyz")
    with app.app_context():
        db.engine.dispose()
    return response.status_code


def test_of_several_hosts_one_that_serves_is_enough(server, app):
    if server.engine == "seekdb":
        pytest.skip("It is reached by a socket, not by host and port.")
    alive, dead = f"127.0.0.1:{server.port}", f"127.0.0.1:{servers.free_port()}"
    assert answer_of(uri_of(server, dead, alive)) == 200
    assert answer_of(uri_of(server, alive, dead)) == 200
    (answer, seconds) = timed(lambda: answer_of(uri_of(server, dead, dead)))
    assert (answer, seconds < SECONDS) == (503, True)


def test_a_host_may_be_written_in_any_way():
    assert split_place("db") == ("db", 3306)
    assert split_place("db:3307") == ("db", 3307)
    assert split_place("10.0.0.1:3307") == ("10.0.0.1", 3307)
    assert split_place("[::1]:3307") == ("::1", 3307)
    assert split_place("[::1]") == split_place("::1") == ("::1", 3306)
