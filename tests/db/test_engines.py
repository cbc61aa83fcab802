"""Which engine it is is asked in one place, and an unknown one is good to work with."""

import ast
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

import hostadmin
from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.engines import ENGINES, Engine, engine_of, waits
from hostadmin.db.engines.trouble import Trouble
from hostadmin.db.session import db, write_transaction
from hostadmin.db.time_limit import time_limit
from hostadmin.history import filters, objects, search
from hostadmin.inventory import groups
from hostadmin.inventory import hosts as inventory
from hostadmin.inventory.list_hosts import iter_hosts, list_hosts
from hostadmin.models import Host
from hostadmin.query.parser import parse
from hostadmin.stats.counts import count_by_many

from ..helpers.accounts import log_in
from ..helpers.apps import build_app
from ..helpers.otherlite import Otherlite
from ..helpers.slow_sql import SLOW

# Where drivers keep the codes of their errors.
CODES = ("sqlstate", "sqlite_errorcode")
ROOM = Path(hostadmin.__file__).parent
DRIVERS = {engine.driver for engine in ENGINES.values() if engine.driver}


def is_question(node):
    """Whether code asks which engine it is, or speaks to a driver by itself."""
    if isinstance(node, ast.Constant):
        return node.value in {*ENGINES, *CODES}
    if isinstance(node, ast.Attribute):
        of_dialect = getattr(node.value, "attr", getattr(node.value, "id", ""))
        return node.attr == "is_mariadb" or (node.attr, of_dialect) == (
            "name",
            "dialect",
        )
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith("sqlalchemy.dialects")
    return isinstance(node, ast.Import) and any(n.name in DRIVERS for n in node.names)


def questions(path):
    tree = ast.parse(path.read_text())
    return [node.lineno for node in ast.walk(tree) if is_question(node)]


def test_which_engine_it_is_is_asked_in_one_place():
    # What a migration made stays as it is, whatever becomes of the engines.
    elsewhere = [
        path
        for path in ROOM.rglob("*.py")
        if not path.is_relative_to(ROOM / "db" / "engines")
        and not path.is_relative_to(ROOM / "migrations")
    ]

    assert {str(path): found for path in elsewhere if (found := questions(path))} == {}
    assert len(elsewhere) > 100
    assert questions(ROOM / "db" / "engines" / "sqlite.py"), "it would be noticed"


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_found_by_its_uri_and_by_its_dialect(name):
    url = sa.make_url(f"{name}://host/path")
    driver = ENGINES[name].driver
    dialect = url.set(drivername=f"{name}+{driver}" if driver else name).get_dialect()

    assert engine_of(url) is engine_of(dialect()) is ENGINES[name]


def test_a_mysql_uri_may_lead_to_mariadb():
    dialect = sa.make_url("mysql+pymysql://host/path").get_dialect()()
    dialect.is_mariadb = True

    assert engine_of(dialect) is ENGINES["mariadb"]


# ---- an engine that nobody knows


@pytest.fixture
def unknown(tmp_path, monkeypatch):
    """An app on an engine of which only the name was added."""
    monkeypatch.setitem(ENGINES, Otherlite.name, Engine())
    app = build_app(f"otherlite:///{tmp_path}/hosts.db")
    with app.app_context():
        assert type(engine_of(db.session)) is Engine
        yield app
        db.session.remove()
        db.engine.dispose()


HOSTS = [
    {"hostname": "web1.a.example", "vars": {"rack": "7", "n": 1, 'q"': {"x": "y"}}},
    {"hostname": "web2.a.example", "ip_addr": "10.0.0.2", "groups": ["web"]},
    {"hostname": "web1.b.example", "ip_addr": "10.0.0.2", "owner": "ann"},
    {"hostname": "10.0.0.9", "aliases": ["mail"], "vars": {"rack": 7, "n": None}},
]
FOUND = {
    "": {0, 1, 2, 3},
    "var.rack=7": {0, 3},
    'var.rack="7"': {0},
    "var.n=1": {0},
    "-var.n:none": {0},
    "name~web1": {0, 2},
    "web1*": {0, 2},
    "mail": {3},
    "group=web": {1},
    "-group=web": {0, 2, 3},
    "group:none": {0, 2, 3},
    "check:same-address": {1, 2},
    "check:same-short-name": {0, 2},
    "ip=10.0.0.0/24 -owner:ann": {1},
}


@pytest.fixture
def inventory_there(unknown):
    ids = []
    with history.writing(actor="tests", source="command"):
        groups.add_group({"name": "web"})
    for fields in HOSTS:
        with history.writing(actor="tests", source="command"):
            ids.append(inventory.add_host(fields).id)
    return ids


def test_an_unknown_engine_answers_queries(unknown, inventory_there, subtests):
    for text, expected in FOUND.items():
        with subtests.test(text):
            page = list_hosts(db.session(), parse(text), size=10)
            found = {inventory_there.index(host.id) for host in page.rows}
            assert found == expected
            assert page.count.value == len(expected)


COUNTED = {
    "domain": {"a.example": 2, "b.example": 1, "0.0.9": 1},
    "var.rack": {"7": 2, None: 2},
    "group": {"web": 1, None: 3},
    "owner": {"ann": 1, None: 3},
}


def test_an_unknown_engine_counts(unknown, inventory_there):
    today = utcnow().date().isoformat()
    times = {"created:day": {today: 4}, "created:month": {today[:7]: 4}}

    for by, expected in (COUNTED | times).items():
        cells = count_by_many(db.session(), by=[by])
        assert {cell.values[0]: cell.count for cell in cells} == expected, by


def test_an_unknown_engine_keeps_a_history(unknown, inventory_there):
    with history.writing(actor="ann", source="command"):
        inventory.change_host(inventory_there[0], {"owner": "bob"}, version=1)
    asked = filters.read({"host": "web1.a.example", "field": "owner"}, utcnow())
    found = objects.find_objects(db.session(), asked)

    [line] = search.list_changes(db.session(), asked, found).lines
    assert line.change.actor == "ann"


def test_an_unknown_engine_takes_files_and_gives_them(unknown):
    lines = ["name,vars,groups", *(f"h{n},,web" for n in range(3000))]
    runner = unknown.test_cli_runner()
    read = runner.invoke(args=["hosts", "import", "-"], input="\n".join(lines))
    written = runner.invoke(args=["hosts", "export", "--format", "csv"])

    assert read.exit_code == written.exit_code == 0, read.output
    assert written.output.count("\n") == 3001
    assert len(list(iter_hosts(db.session()))) == 3000


def test_an_unknown_engine_serves_pages(unknown, inventory_there):
    client = log_in(unknown.test_client(), "admin", "admin")

    for path in ("/hosts/?q=web", "/stats/", "/data-quality/", "/changes/"):
        assert client.get(path).status_code == 200, path
    with time_limit(db.session(), 5):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Host)) == 4


# Half a second of counting, about.
A_WHILE = sa.text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) "
    "SELECT count(*) FROM n"
)


def test_a_page_does_not_read_longer_than_it_may(app, client, monkeypatch):
    with app.app_context():
        engine = db.engine.dialect.name
        # What was connected before has the usual limits.
        db.engine.dispose()
    monkeypatch.setattr(waits, "READ_SECONDS", 0.2)
    slow = sa.text(SLOW[engine])

    with app.test_request_context("/hosts/"):
        started = time.monotonic()
        with pytest.raises(DBAPIError) as caught:
            db.session.execute(slow).all()
        assert time.monotonic() - started < 10
        assert engine_of(db.session()).trouble_of(caught.value.orig) is Trouble.SLOW
        db.session.rollback()
        assert db.session.scalar(sa.text("SELECT 1")) == 1
        db.session.rollback()
        # The next one has all of its time, and what is saved takes as long as it takes.
        if engine == "sqlite":
            monkeypatch.setattr(waits, "READ_SECONDS", 0.01)
            with write_transaction():
                assert db.session.scalar(A_WHILE) == 2_000_000
    with app.app_context():
        if engine == "sqlite":
            assert db.session.scalar(A_WHILE) == 2_000_000
        db.session.rollback()
        db.engine.dispose()
