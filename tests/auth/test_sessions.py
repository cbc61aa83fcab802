"""How long somebody is logged in, and with which cookie."""

import contextlib
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin.auth import accounts, passwords
from hostadmin.clock import utcnow
from hostadmin.db.engines.waits import LOCK_SECONDS
from hostadmin.db.session import db
from hostadmin.models import AccountSession

from ..helpers.accounts import cookie_of, log_in
from ..helpers.logging_in import GOOD, change, copy_of, is_in, send
from ..helpers.pages import csrf


def test_the_session_is_a_new_one_at_log_in(app, ann, nobody):
    nobody.set_cookie(*cookie_of(app, "planted-by-somebody-else-0123456789abcdef"))
    planted = copy_of(app, nobody)

    assert send(nobody, "ann", GOOD).status_code == 302

    assert is_in(nobody)
    assert not is_in(planted)


def test_logging_in_again_ends_the_session_before(app, ann, nobody):
    send(nobody, "ann", GOOD)
    before = copy_of(app, nobody)
    token = csrf(nobody, "/hosts/")

    nobody.post(
        "/login", data={"csrf_token": token, "username": "root", "password": GOOD}
    )

    assert "root, admin" in nobody.get("/hosts/").text
    assert not is_in(before)


@pytest.mark.parametrize("content", [{}, {"sid": "x" * 43}, {"sid": 1}, {"sid": ["x"]}])
def test_a_cookie_signed_with_the_key_is_worth_nothing(app, ann, nobody, content):
    serializer = app.session_interface.get_signing_serializer(app)
    content = {"account_id": ann, "user_id": ann, "_user_id": str(ann), **content}
    name = app.config["SESSION_COOKIE_NAME"]
    nobody.set_cookie(name, serializer.dumps(content))

    assert nobody.get("/hosts/").status_code == 302


@pytest.mark.parametrize(
    ("seen", "created", "alive"),
    [(59, 60, True), (61, 61, False), (1, 12 * 60 - 1, True), (1, 12 * 60 + 1, False)],
)
def test_a_session_ends_by_itself(app, client, seen, created, alive):
    now = utcnow()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.update(AccountSession.__table__).values(
                seen_at=now - timedelta(minutes=seen),
                created_at=now - timedelta(minutes=created),
            )
        )

    assert is_in(client) is alive
    assert is_in(client) is alive


@pytest.mark.parametrize(
    "work",
    [
        lambda id_: accounts.set_password(id_, passwords.hash_password(GOOD + "!")),
        lambda id_: accounts.change_role(id_, "viewer"),
        lambda id_: accounts.set_active(id_, False),
    ],
    ids=["password", "role", "disabled"],
)
def test_what_weakens_an_account_ends_all_its_sessions(app, ann, nobody, work):
    send(nobody, "ann", GOOD)
    other = app.test_client()
    send(other, "ann", GOOD)
    assert is_in(nobody)
    assert is_in(other)

    change(app, lambda: work(ann))

    assert not is_in(nobody)
    assert not is_in(other)


def test_reading_writes_at_most_once_a_minute(app, client, statements):
    def written():
        with statements() as seen:
            assert is_in(client)
        return [s for s in seen if s.startswith("UPDATE")]

    assert written() == []
    with app.app_context(), db.engine.begin() as connection:
        ago = utcnow() - timedelta(minutes=2)
        connection.execute(sa.update(AccountSession.__table__).values(seen_at=ago))
    assert len(written()) == 1
    assert written() == []


def test_a_database_that_takes_no_writes_is_still_read(app, client):
    with app.app_context(), db.engine.begin() as connection:
        ago = utcnow() - timedelta(minutes=2)
        connection.execute(sa.update(AccountSession.__table__).values(seen_at=ago))

    with refusing_writes(app):
        start = time.monotonic()
        assert is_in(client)
        assert time.monotonic() - start < 3.5, "it waited for the lock"
    # The connection goes back as it was.
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            assert usual == LOCK_SECONDS * 1000


@contextlib.contextmanager
def refusing_writes(app):
    """Hold a lock that no other write gets past."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE")
            yield
            connection.connection.dbapi_connection.execute("ROLLBACK")
            return
        connection.execute(sa.select(AccountSession.id).with_for_update())
        yield


def test_a_session_of_the_tests_is_like_any_other(app):
    browser = log_in(app.test_client(), "viewer", "vera")
    assert "vera, viewer" in browser.get("/hosts/").text
