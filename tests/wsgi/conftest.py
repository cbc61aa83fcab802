"""An app with pages that take long, for what goes on in front of any app."""

import threading

import pytest
from flask import Response

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.permissions import policy

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def database(sqlite_uri):
    """What goes on in front of the app is the same on every engine."""
    return sqlite_uri


@pytest.fixture
def own_app(app, database, monkeypatch):
    """An app with pages that take long, on the tables of ``app``."""
    for endpoint in ("held", "endless"):
        monkeypatch.setitem(policy.POLICY, endpoint, {"GET": policy.OPEN})
    built = create_app(Settings(_env_file=None, database_uri=database, secret_key=KEY))
    built.begun = threading.Event()
    built.release = threading.Event()
    built.closed = threading.Event()

    @built.get("/held")
    def held():
        built.begun.set()
        built.release.wait(20)
        return "done"

    @built.get("/endless")
    def endless():
        def pieces():
            try:
                while True:
                    yield b"x" * 65536
            finally:
                built.closed.set()

        return Response(pieces())

    yield built
    built.release.set()
    with built.app_context():
        db.engine.dispose()
