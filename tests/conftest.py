"""The app on every engine, and what tests need around it."""

import contextlib
import functools
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

from .helpers import clusters

TEST_PREFIX = "HOSTADMIN_TEST_"
# Settings of anyone who runs the tests must not decide what is tested.
for name in [key for key in os.environ if key.startswith("HOSTADMIN_")]:
    if not name.startswith(TEST_PREFIX):
        del os.environ[name]

from argon2 import PasswordHasher  # noqa: E402

from hostadmin import history  # noqa: E402
from hostadmin.auth import passwords, tokens  # noqa: E402
from hostadmin.db.session import db  # noqa: E402
from hostadmin.inventory import groups, hosts  # noqa: E402
from hostadmin.limits import limits  # noqa: E402

from .helpers.accounts import log_in  # noqa: E402
from .helpers.apps import (  # noqa: E402
    START,
    CompiledTemplates,
    build_app,
    check_trigrams,
    chosen_engines,
    empty_tables,
    one_unless_named,
    started,
    with_cluster,
)
from .helpers.query_reference import Row  # noqa: E402
from .helpers.random_queries import add_rows  # noqa: E402

# By chance, which no test of what a write costs can reckon with.
limits.fold_rows = 10**9
# Each app would compile them for itself.
Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
# Slow on purpose elsewhere; a test that wants that uses its own.
passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

# Random tests look for the unknown. What decides whether a change may land takes the
# same dice each time, or it would blame a change for what was there before.
hypothesis.settings.register_profile("landing", derandomize=True)
if os.environ.get(f"{TEST_PREFIX}REQUIRE_ALL") == "1":
    hypothesis.settings.load_profile("landing")

MakeRow = Callable[..., int]
Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the engines of a module that says it wants more or fewer than usual."""
    if "database" not in metafunc.fixturenames:
        return
    if getattr(metafunc.module, "ON_A_CLUSTER", False):
        engines = with_cluster()
    elif getattr(metafunc.module, "ON_ONE_ENGINE", False):
        engines = one_unless_named()
    else:
        return
    # As a mark, it goes before the parameters of the fixture.
    metafunc.definition.add_marker(
        pytest.mark.parametrize("database", engines, indirect=True, scope="session")
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one server on one worker, so that it starts only once."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        engine = callspec.params.get("database") if callspec else None
        if engine in START:
            item.add_marker(pytest.mark.xdist_group(engine))


def pytest_collection_finish() -> None:
    """Spare the garbage collector the tests themselves, which all stay to the end."""
    gc.collect()
    gc.freeze()


# By the URI of the database; what is left out is a single server.
_clusters: dict[str, clusters.Galera] = {}


@pytest.fixture(scope="session")
def sqlite_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/hosts.sqlite"


@pytest.fixture(scope="session", params=chosen_engines())
def database(request: pytest.FixtureRequest, sqlite_uri: str) -> str:
    """The URI of a database: fresh in this run, and the same for all its tests."""
    if request.param == "sqlite":
        return sqlite_uri
    server = started(request.param)
    if isinstance(server, clusters.Galera):
        uri = server.uris("hostadmin")[0]
        _clusters[uri] = server
        return uri
    return server.uri("hostadmin")


@pytest.fixture(params=chosen_engines())
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URI of a database without tables, beside the one of the app."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite"
        return
    server = started(request.param)
    server.create_database("empty")
    yield server.uri("empty")
    server.drop_database("empty")


@pytest.fixture(scope="session")
def built_apps() -> Iterator[dict[str, Flask]]:
    """One app for each URI: building one costs more than most tests."""
    apps: dict[str, Flask] = {}
    yield apps
    for app in apps.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(database: str, built_apps: dict[str, Flask]) -> Iterator[Flask]:
    """The app on this database, whose tables are emptied after the test."""
    if database not in built_apps:
        built_apps[database] = build_app(database, _clusters.get(database))
    yield built_apps[database]
    with built_apps[database].app_context(), db.engine.begin() as connection:
        check_trigrams(connection)
        empty_tables(connection)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which an admin is logged in."""
    return log_in(app.test_client(), "admin", "admin")


@pytest.fixture
def client_of(app: Flask) -> Callable[[str], FlaskClient]:
    """``client_of("viewer")`` is a browser in which one is logged in."""
    return functools.cache(lambda role: log_in(app.test_client(), role))


@pytest.fixture
def nobody(app: Flask) -> FlaskClient:
    """A browser in which nobody is logged in."""
    return app.test_client()


@pytest.fixture
def with_token(app: Flask) -> dict[str, str]:
    """The header with which a tool may read."""
    with app.app_context(), history.writing(actor="tests", source="command"):
        key = tokens.add_token("tool", "viewer")[1]
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session[Session]]:
    """The session of an app context that stays open during the test.

    After a request or ``make_host`` it shows what it read before; roll it back first.
    """
    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def make_host(app: Flask) -> MakeRow:
    """Add a host with these fields, committed, and return its id."""
    numbers = iter(range(1, 1_000_000))

    def make(**fields: object) -> int:
        given = {"hostname": f"host{next(numbers)}.example.net", **fields}
        with app.app_context(), history.writing(actor="tests", source="command"):
            return hosts.add_host(given).id

    return make


@pytest.fixture
def make_group(app: Flask) -> MakeRow:
    """Add a group with these fields, committed, and return its id."""
    numbers = iter(range(1, 1_000_000))

    def make(**fields: object) -> int:
        given = {"name": f"group{next(numbers)}", **fields}
        with app.app_context(), history.writing(actor="tests", source="command"):
            return groups.add_group(given).id

    return make


@pytest.fixture
def statements(app: Flask) -> Statements:
    """``with statements() as seen:`` collects the SQL that the block sends."""

    @contextlib.contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(
            _connection: object, _cursor: object, statement: str, *_: object
        ) -> None:
            # Only on SQLite do we begin transactions by a statement of our own.
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return collect


@pytest.fixture
def rows(
    session: scoped_session[Session], make_host: MakeRow, make_group: MakeRow
) -> list[Row]:
    """Hosts that differ in everything a query can ask, and what each is in Python."""
    return add_rows(session, make_host, make_group)
