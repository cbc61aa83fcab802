"""The app on a database of the tests, and what is there to run it on."""

import contextlib
import contextvars
import functools
import os
from collections.abc import Iterator
from typing import Any, NoReturn

import jinja2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.engines import engine_of
from hostadmin.db.session import Base, db, engine_options

from . import clusters, servers

TEST_PREFIX = "HOSTADMIN_TEST_"
ENGINES = ("sqlite", "postgresql", "mariadb")
# Three nodes, of which each connection meets another. Only what is marked with it runs
# there, unless it is asked for by name.
CLUSTER = "galera"
# Runs where it is asked for by name: a server of MySQL's kind, and a slow one.
ON_REQUEST = "seekdb"
START = {
    "postgresql": servers.postgresql,
    "mariadb": servers.mariadb,
    CLUSTER: clusters.galera,
    ON_REQUEST: servers.seekdb,
}


def chosen_engines() -> tuple[str, ...]:
    """HOSTADMIN_TEST_DATABASES=sqlite,postgresql leaves the others out."""
    text = os.environ.get(f"{TEST_PREFIX}DATABASES", ",".join(ENGINES))
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := set(chosen) - {*ENGINES, CLUSTER, ON_REQUEST}:
        raise pytest.UsageError(
            f"{TEST_PREFIX}DATABASES names {', '.join(sorted(unknown))}; "
            f"known: {', '.join(ENGINES)}, {CLUSTER}, {ON_REQUEST}"
        )
    return chosen


def is_chosen(engine: str) -> bool:
    """Whether tests for one engine, or for a cluster of it, are to run."""
    return engine in chosen_engines() or f"{TEST_PREFIX}DATABASES" not in os.environ


def with_cluster() -> tuple[str, ...]:
    """Return the engines of modules that say ``ON_A_CLUSTER = True``."""
    cluster = (CLUSTER,) if is_chosen(CLUSTER) else ()
    return tuple(dict.fromkeys((*chosen_engines(), *cluster)))


def one_unless_named() -> tuple[str, ...]:
    """Return the engines of modules that say ``ON_ONE_ENGINE = True``.

    Their subject is what a page or a command makes of its input; what they ask of a
    database, others ask of each engine. Which engines are named run all of it.
    """
    return chosen_engines() if f"{TEST_PREFIX}DATABASES" in os.environ else ENGINES[:1]


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything must run."""
    if os.environ.get(f"{TEST_PREFIX}REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@functools.cache
def _server(engine: str) -> servers.Server | clusters.Galera | Exception:
    # What went wrong once is kept, too, and not tried again for each test.
    try:
        server = START[engine]()
        server.create_database("hostadmin")
    except (servers.Unavailable, RuntimeError) as error:
        return error
    return server


def started(engine: str) -> servers.Server | clusters.Galera:
    """Return the server or cluster of this kind, which is started once in a run."""
    server = _server(engine)
    if isinstance(server, servers.Unavailable):
        unavailable(str(server))
    if isinstance(server, Exception):
        raise server
    return server


def build_app(
    uri: str, cluster: clusters.Galera | None = None, *, create: bool = True
) -> Flask:
    """Build the app, with its tables; on all nodes of a cluster by turns."""
    settings = Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
    # Nothing outside the tests can switch this on.
    app = create_app(settings.model_copy(update={"testing": True}))
    app.test_client_class = SeparateClient
    with app.app_context():
        _dare_on_disk(db.engine)
        if create:
            Base.metadata.create_all(db.engine)
        if cluster is not None:
            clusters.spread(db.engine, cluster)
    return app


@contextlib.contextmanager
def app_on(uri: str) -> Iterator[Flask]:
    """Build an app that leaves no connection open."""
    app = build_app(uri)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextlib.contextmanager
def apps_on_nodes(cluster: clusters.Galera, name: str) -> Iterator[list[Flask]]:
    """Build an app on each node, all on one new database of this name."""
    cluster.wait_until_whole()
    cluster.create_database(name)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(app_on(uri)) for uri in cluster.uris(name)]
    cluster.wait_until_whole()
    cluster.drop_database(name)


def connected(uri: str) -> sa.Engine:
    """Return an engine on this database, configured as that of an app."""
    engine = sa.create_engine(uri, **engine_options(uri, 1))
    engine_of(engine).configure(engine)
    return engine


def _dare_on_disk(engine: sa.Engine) -> None:
    """Let SQLite not wait for the disk, like the servers that the tests start.

    A fifth of the time of a test went into it. What a loss of power leaves is tested by
    programs of their own, with the settings of the product.
    """
    if engine.dialect.name == "sqlite":
        engine.dispose()
        sa.event.listen(
            engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF")
        )


def check_trigrams(connection: sa.Connection) -> None:
    """Whatever a test wrote, the index over letters of names must fit the names."""
    if connection.dialect.name != "sqlite":
        return
    there = "SELECT name FROM sqlite_master WHERE name LIKE '%\\_trigrams' ESCAPE '\\'"
    for name in connection.exec_driver_sql(there).scalars().all():
        connection.exec_driver_sql(
            f"INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
        )


@functools.cache
def _tables() -> list[sa.Table]:
    """Return all tables, those that refer to others first."""
    return Base.metadata.sorted_tables[::-1]


@functools.cache
def _which_have_rows() -> sa.Select[tuple[bool, ...]]:
    one = sa.literal_column("1")
    return sa.select(*(sa.select(one).select_from(t).exists() for t in _tables()))


def empty_tables(connection: sa.Connection) -> None:
    """Delete all rows. A test fills few of the tables, so it asks first which."""
    filled = connection.execute(_which_have_rows()).one()
    for table, has_rows in zip(_tables(), filled, strict=True):
        if has_rows:
            connection.execute(sa.delete(table))


class CompiledTemplates(jinja2.BytecodeCache):
    """Templates that one app compiled, for all that are built after it."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


class SeparateClient(FlaskClient):
    """A client whose requests do not see the app context, and session, of the test."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> TestResponse:
        # Read to its end: a stream needs the context that it began in.
        call = functools.partial(super().open, *args, buffered=buffered, **kwargs)
        return contextvars.Context().run(call)
