"""People of the tests: logged in without a password, which would take its time."""

import itertools
from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from hostadmin.auth.keys import hash_of, new_key
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.models import Account, AccountSession
from hostadmin.permissions.current_user import KEY
from hostadmin.validation.accounts import Role

_numbers = itertools.count(1)


def add_person(
    app: Flask, role: str, name: str = "", seen_at: datetime | None = None
) -> str:
    """Add an account with a session, past the history; return the session's key."""
    name = name or f"{role}-{next(_numbers)}"
    key, now = new_key(), utcnow()
    account = {
        "username": name,
        "username_key": name.lower(),
        "password_hash": "none",
        "role": Role(role),
        "active": True,
        "created_at": now,
        "updated_at": now,
    }
    with app.app_context(), db.engine.begin() as connection:
        added = connection.execute(sa.insert(Account.__table__).values(account))
        connection.execute(
            sa.insert(AccountSession.__table__).values(
                key_hash=hash_of(key),
                account_id=added.inserted_primary_key[0],
                created_at=seen_at or now,
                seen_at=seen_at or now,
            )
        )
    return key


def cookie_of(app: Flask, key: str) -> tuple[str, str]:
    """Return name and value of the cookie that holds this key."""
    serializer = app.session_interface.get_signing_serializer(app)
    return app.config["SESSION_COOKIE_NAME"], serializer.dumps({KEY: key})


def log_in(client: FlaskClient, role: str = "admin", name: str = "") -> FlaskClient:
    """Log the client in as somebody new with that role."""
    app = client.application
    client.set_cookie(*cookie_of(app, add_person(app, role, name)))
    return client
