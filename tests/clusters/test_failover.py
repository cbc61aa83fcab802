"""A node is killed or frozen under load: nothing that was acknowledged is lost."""

import contextlib
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa

from hostadmin.db.session import db

from ..helpers import clusters, servers
from ..helpers.accounts import add_person, cookie_of
from ..helpers.apps import app_on, chosen_engines, unavailable
from ..helpers.haproxy import (
    SCALING,
    before_servers,
    documented,
    haproxy,
    wait_until_down,
)
from ..helpers.load import Load, written
from ..helpers.web_server import served

# Without a save, at most, and a request, at most: three times what is documented, for
# a busy machine. Something that hangs would be at it for longer.
GAP_SECONDS = 15
SECONDS = 15
ENOUGH = 15
NO_STANDBY = "DO 'BEGIN ASSERT NOT pg_is_in_recovery(); END'"


def drop_database(galera):
    galera.wait_until_whole()
    galera.drop_database("failover")


def make_database(galera):
    """Make it on a cluster that is whole again, whatever a test before left."""
    drop_database(galera)
    galera.create_database("failover")


@pytest.fixture
def galera_app(galera):
    make_database(galera)
    with app_on(galera.uri("failover")) as app:
        yield app
    drop_database(galera)


@pytest.fixture
def pair():
    if "postgresql" not in chosen_engines():
        pytest.skip("HOSTADMIN_TEST_DATABASES leaves postgresql out")
    try:
        started = clusters.pair()
    except servers.Unavailable as error:
        unavailable(str(error))
    started.primary.create_database("failover")
    yield started
    started.stop()


def node_in_use(app, galera):
    """Return the one node that all connections of an app lead to."""
    with app.app_context():
        port = db.session.scalar(sa.text("SELECT @@port"))
    return next(node for node in galera.nodes if node.port == port)


def check(app, answers, gap=GAP_SECONDS):
    """Compare what the clients were shown with what is there."""
    there = written(app)
    assert answers.saved <= there.keys(), "lost"
    assert there.keys() <= answers.saved | answers.unknown, (
        "written, and told otherwise"
    )
    assert set(there.values()) == {1}, "written twice"
    assert answers.longest < SECONDS
    assert answers.longest_wait < gap


def mixed_load(app):
    load = Load(app, writers=2, editors=1, readers=1)
    load.wait_for_more(ENOUGH)
    return load


@pytest.fixture
def behind_haproxy(galera, tmp_path):
    """An app that knows of HAProxy alone, which is as documented."""
    make_database(galera)
    galera.nodes[0].execute("CREATE USER IF NOT EXISTS 'haproxy'@'127.0.0.1'")
    changed = {
        f"10.0.0.{number}:3306": f"127.0.0.1:{node.port}"
        for number, node in enumerate(galera.nodes, 1)
    }
    changed["127.0.0.1:3307"] = "127.0.0.1:PORT"
    with (
        haproxy(documented(SCALING, "galera"), changed, tmp_path) as port,
        app_on(f"mariadb://root@127.0.0.1:{port}/failover") as app,
    ):
        yield app
    drop_database(galera)


@pytest.mark.xdist_group("galera")
@pytest.mark.parametrize(
    ("way", "how"),
    [
        ("galera_app", "kill9"),
        ("galera_app", "freeze"),
        ("behind_haproxy", "kill9"),
    ],
)
def test_another_node_goes_on_when_the_one_in_use_is_gone(request, galera, way, how):
    app = request.getfixturevalue(way)
    node = node_in_use(app, galera)
    with mixed_load(app) as load:
        getattr(node, how)()
        try:
            load.wait_for_more(ENOUGH)
            assert node_in_use(app, galera) is not node
        finally:
            node.thaw() if how == "freeze" else node.start()
        load.wait_for_more(ENOUGH)
        answers = load.stop()
    galera.wait_until_whole()

    # Of a node that is only frozen, each has to find out by waiting.
    check(app, answers, GAP_SECONDS if how == "kill9" else 2 * SECONDS)
    # What the node missed, it has by now.
    with app_on(node.uri("failover")) as own:
        assert written(own) == written(app)


@pytest.mark.xdist_group("galera")
def test_a_node_without_the_others_says_so_and_recovers(galera, galera_app):
    """Without a majority nobody writes, and nobody reads what may be old."""
    others = [n for n in galera.nodes if n is not node_in_use(galera_app, galera)]
    with mixed_load(galera_app) as load:
        for node in others:
            node.freeze()
        load.wait_for(lambda answers: 503 in answers.read and answers.refused)
        for node in others:
            node.thaw()
        load.wait_for_more(ENOUGH)
        answers = load.stop()

    check(galera_app, answers, clusters.START_SECONDS)


@contextlib.contextmanager
def asked_who_is_primary(pair):
    """Answer as Patroni does beside each server: 200 for the primary alone."""

    class Answer(BaseHTTPRequestHandler):
        def do_OPTIONS(self):
            try:
                self.server.database.execute(NO_STANDBY)
                self.send_response(200)
            except psycopg.Error:
                self.send_response(503)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with contextlib.ExitStack() as stack:
        ports = []
        for database in (pair.primary, pair.standby):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
            server.database = database
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            ports.append(server.server_address[1])
        yield ports


@pytest.fixture
def pair_behind_haproxy(pair, tmp_path):
    changed = {"127.0.0.1:5433": "127.0.0.1:PORT"}
    with asked_who_is_primary(pair) as ports:
        for number, server in enumerate((pair.primary, pair.standby), 1):
            old = f"10.0.0.{number}:5432 check port 8008"
            changed[old] = f"127.0.0.1:{server.port} check port {ports[number - 1]}"
        with haproxy(documented(SCALING, "postgresql"), changed, tmp_path) as port:
            wait_until_down(tmp_path)
            with app_on(f"postgresql://tests@127.0.0.1:{port}/failover") as app:
                yield app


@pytest.fixture
def pair_app(pair):
    with app_on(pair.uri("failover")) as app:
        yield app


@pytest.mark.xdist_group("pair")
@pytest.mark.parametrize("way", ["pair_app", "pair_behind_haproxy"])
def test_the_standby_goes_on_when_it_is_promoted(request, pair, way):
    app = request.getfixturevalue(way)
    with mixed_load(app) as load:
        pair.primary.kill9()
        load.wait_for(lambda answers: answers.refused or 503 in answers.read)
        pair.standby.promote()
        promoted = time.monotonic()
        load.wait_for_more(ENOUGH)
        assert time.monotonic() - promoted < GAP_SECONDS
        answers = load.stop()
    check(app, answers, 2 * GAP_SECONDS)


# ---- several servers on one database


def test_one_of_two_servers_is_enough_and_people_stay_logged_in(tmp_path):
    uri = f"sqlite:///{tmp_path}/hosts.sqlite"
    with contextlib.ExitStack() as stack:
        apps = [stack.enter_context(app_on(uri)) for _ in range(2)]
        last = stack.enter_context(contextlib.ExitStack())
        ports = [
            last.enter_context(served(apps[0])),
            stack.enter_context(served(apps[1])),
        ]
        port = stack.enter_context(before_servers(ports, tmp_path))
        name, value = cookie_of(apps[0], add_person(apps[0], "admin"))
        request = urllib.request.Request(
            f"http://localhost:{port}/hosts/", headers={"Cookie": f"{name}={value}"}
        )

        def page():
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return urlsplit(answer.url).path

        assert {page() for _ in range(6)} == {"/hosts/"}
        last.close()
        wait_until_down(tmp_path)
        assert {page() for _ in range(6)} == {"/hosts/"}
