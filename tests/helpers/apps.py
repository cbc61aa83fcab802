"""The app on a database of the tests, and what is there to run it on."""

import contextvars
import functools
import os
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.session import Base, db

from . import servers

TEST_PREFIX = "HOSTADMIN_TEST_"
ENGINES = ("sqlite", "postgresql", "mariadb")
START = {"postgresql": servers.postgresql, "mariadb": servers.mariadb}


def chosen_engines() -> tuple[str, ...]:
    """HOSTADMIN_TEST_DATABASES=sqlite,postgresql leaves the others out."""
    text = os.environ.get(f"{TEST_PREFIX}DATABASES", ",".join(ENGINES))
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := set(chosen) - set(ENGINES):
        raise pytest.UsageError(
            f"{TEST_PREFIX}DATABASES names {', '.join(sorted(unknown))}; "
            f"known: {', '.join(ENGINES)}"
        )
    return chosen


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything must run."""
    if os.environ.get(f"{TEST_PREFIX}REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def build_app(uri: str) -> Flask:
    settings = Settings(_env_file=None, database_uri=uri, secret_key="x" * 40)
    # Nothing outside the tests can switch this on.
    app = create_app(settings.model_copy(update={"testing": True}))
    app.test_client_class = SeparateClient
    with app.app_context():
        Base.metadata.create_all(db.engine)
    return app


def check_trigrams(connection: sa.Connection) -> None:
    """Whatever a test wrote, the index over letters of names must fit the names."""
    if connection.dialect.name != "sqlite":
        return
    there = set(sa.inspect(connection).get_table_names())
    for name in (name for name in there if name.endswith("_trigrams")):
        connection.exec_driver_sql(
            f"INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
        )


class SeparateClient(FlaskClient):
    """A client whose requests do not see the app context, and session, of the test."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> TestResponse:
        # Read to its end: a stream needs the context that it began in.
        call = functools.partial(super().open, *args, buffered=buffered, **kwargs)
        return contextvars.Context().run(call)
