"""What was typed is there again: the session ended, or the database went away."""

import contextlib

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hostadmin import history
from hostadmin.auth import accounts, passwords
from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.models import AccountSession

GOOD = "correct horse battery"


@pytest.fixture(params=["with a script", "without a script"])
def visitor(request, browser, app, live_server, page):
    """The page of somebody who is logged in, of both kinds of browser."""
    with app.app_context(), history.writing("tests"):
        accounts.add_account("ann", passwords.hash_password(GOOD), "admin")
    with browser.new_context(
        base_url=live_server,
        java_script_enabled=request.param == "with a script",
        storage_state=page.context.storage_state(),
    ) as context:
        context.set_default_timeout(10_000)
        yield context.new_page()


def end_session(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.delete(AccountSession.__table__))


def log_in_and_send(page: Page, app: Flask) -> None:
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Send your form again?")).to_be_visible()


def test_a_form_whose_session_ended_is_sent_again(visitor, app, make_host):
    id_ = make_host(hostname="web-1")
    visitor.goto(f"/hosts/edit/?id={id_}")
    visitor.get_by_label("Owner").fill("me")
    end_session(app)
    visitor.get_by_role("button", name="Save").first.click()
    log_in_and_send(visitor, app)
    expect(visitor.get_by_text("me", exact=True)).to_be_visible()
    visitor.get_by_role("button", name="Send again").click()

    expect(visitor.get_by_text("Saved host web-1.")).to_be_visible()


def test_its_host_was_deleted_meanwhile(visitor, app, make_host):
    id_ = make_host(hostname="web-1")
    visitor.goto(f"/hosts/edit/?id={id_}")
    visitor.get_by_label("Owner").fill("me")
    end_session(app)
    visitor.get_by_role("button", name="Save").first.click()
    with app.app_context(), history.writing("bob"):
        hosts.delete_host(id_)
    log_in_and_send(visitor, app)
    visitor.get_by_role("button", name="Send again").click()

    expect(visitor.locator("main")).to_contain_text("bob")
    expect(visitor.locator("main")).to_contain_text("me")


def start_bulk_edit(page: Page) -> str:
    page.goto("/hosts/bulk/edit?all=1&q=web&step=plan&status=retired")
    return "Change 1 host"


def start_delete(page: Page) -> str:
    page.goto("/hosts/bulk/delete?all=1&q=web&step=plan")
    return "Delete 1 host"


def start_one_delete(page: Page) -> str:
    page.goto("/hosts/")
    page.get_by_role("link", name="web-1", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    return "Delete host"


def start_undo(page: Page) -> str:
    page.goto("/changes/")
    page.locator("tbody a", has_text="Undo").first.click()
    return "Delete 1 host"


def start_paste(page: Page) -> str:
    page.goto("/hosts/paste/")
    page.get_by_label("Names, aliases or addresses").fill("web-1 web-2")
    return "Look up"


def start_account(page: Page) -> str:
    page.goto("/accounts/new/")
    page.get_by_label("Name").fill("eve")
    for label in ("Password", "Repeat password"):
        page.get_by_label(label, exact=True).fill(GOOD)
    return "Create account"


@pytest.mark.parametrize(
    ("start", "again", "end"),
    [
        (start_bulk_edit, "Change 1 host", "1 host changed"),
        (start_delete, "Delete 1 host", "1 host deleted"),
        (start_one_delete, "Delete host web-1", "Deleted host web-1"),
        (start_undo, "Delete 1 host", "1 host deleted"),
        (start_paste, "Send again", "web-2"),
        (start_account, "Send again", "eve"),
    ],
)
def test_whatever_was_on_its_way_arrives(visitor, app, make_host, start, again, end):
    make_host(hostname="web-1", environment="prod", os="Debian 13", status="active")
    button = start(visitor)
    end_session(app)
    visitor.get_by_role("button", name=button).first.click()
    log_in_and_send(visitor, app)
    for field in visitor.locator("main [type=password]").all():
        field.fill(GOOD)
    visitor.get_by_role("button", name=again).click()

    expect(visitor.locator("main")).to_contain_text(end)


@contextlib.contextmanager
def without_database(app: Flask):
    def away(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE hosts"):
            raise OperationalError(statement, {}, Exception("server closed"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", away)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", away)


def test_a_database_that_goes_away_takes_nothing_along(visitor, app, make_host):
    id_ = make_host(hostname="web-1")
    visitor.goto(f"/hosts/edit/?id={id_}")
    visitor.get_by_label("Owner").fill("me")
    with without_database(app):
        visitor.get_by_role("button", name="Save").first.click()
        expect(visitor.get_by_text("Nothing was saved.")).to_be_visible()
    visitor.get_by_role("button", name="again").click()

    expect(visitor.get_by_text("Saved host web-1.")).to_be_visible()


def test_two_tabs_of_one_host_do_not_overwrite_each_other(visitor, make_host):
    id_ = make_host(hostname="web-1", owner="old")
    other = visitor.context.new_page()
    for tab, owner in ((visitor, "first"), (other, "second")):
        tab.goto(f"/hosts/edit/?id={id_}")
        tab.get_by_label("Owner").fill(owner)
    visitor.get_by_role("button", name="Save").first.click()
    expect(visitor.get_by_text("Saved host web-1.")).to_be_visible()
    other.get_by_role("button", name="Save").first.click()

    expect(other.get_by_text("Choose a value for each field.").first).to_be_visible()
    other.get_by_role("group", name="Owner").get_by_label("Use mine").check()
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Saved host web-1.")).to_be_visible()


def test_back_after_saving_meets_what_was_saved(visitor, make_host):
    id_ = make_host(hostname="web-1")
    visitor.goto(f"/hosts/edit/?id={id_}")
    visitor.get_by_label("Owner").fill("me")
    visitor.get_by_role("button", name="Save").first.click()
    expect(visitor.get_by_text("Saved host web-1.")).to_be_visible()
    visitor.go_back()
    expect(visitor.get_by_label("Owner")).to_have_value("me")
    visitor.get_by_label("Owner").fill("you")
    visitor.get_by_role("button", name="Save").first.click()

    expect(visitor.locator("main")).to_contain_text("web-1")
    visitor.goto(f"/hosts/edit/?id={id_}")
    expect(visitor.get_by_label("Owner")).to_have_value("you")
