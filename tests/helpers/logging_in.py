"""What tests of logging in do: as a browser, and past it."""

import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.models import ChangeEntry, ChangeSet

from .pages import csrf

GOOD = "correct horse battery"


def send(browser, username, password, **fields):
    token = csrf(browser, "/login")
    data = {"csrf_token": token, "username": username, "password": password, **fields}
    return browser.post("/login", data=data)


def change(app, work):
    with app.app_context():
        return history.write(history.ActorContext("tests", "command"), work)


def is_in(browser):
    return browser.get("/hosts/").status_code == 200


def copy_of(app, browser):
    """Return another browser with the same cookie."""
    name = app.config["SESSION_COOKIE_NAME"]
    other = app.test_client()
    other.set_cookie(name, browser.get_cookie(name).value)
    return other


def events(app):
    """Return actor, address, name and action of all that the history has."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(
                ChangeSet.actor,
                ChangeSet.address,
                ChangeEntry.subject_name,
                ChangeEntry.action,
            )
            .join(ChangeEntry)
            .order_by(ChangeEntry.id)
        )
        return [tuple(row) for row in rows]
