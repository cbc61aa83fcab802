"""The day of somebody whose requests go to two servers in turn, behind HAProxy."""

import contextlib
from collections import Counter

import pytest
from flask import request, request_started
from playwright.sync_api import expect

from hostadmin import history
from hostadmin.auth import accounts, passwords
from hostadmin.db.session import db

from ..helpers.apps import build_app, chosen_engines, started
from ..helpers.haproxy import before_servers
from ..helpers.web_server import served

GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def database():
    """One that two machines could share."""
    if "postgresql" not in chosen_engines():
        pytest.skip("HOSTADMIN_TEST_DATABASES leaves postgresql out")
    return started("postgresql").uri("hostadmin")


@pytest.fixture
def role():
    return ""


@pytest.fixture
def asked():
    """How many requests for pages each server had, by method."""
    return Counter()


@pytest.fixture
def live_server(app, database, asked, tmp_path):
    other = build_app(database, create=False)
    apps = {id(app): "one", id(other): "two"}

    def note(sender):
        if not request.path.startswith("/static/"):
            asked[apps[id(sender)], request.method] += 1

    with contextlib.ExitStack() as stack:
        stack.enter_context(request_started.connected_to(note))
        ports = [stack.enter_context(served(one)) for one in (app, other)]
        port = stack.enter_context(before_servers(ports, tmp_path))
        yield f"http://localhost:{port}"
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def person(app):
    with app.app_context(), history.writing("tests"):
        accounts.add_account("ann", passwords.hash_password(GOOD), "admin")


def log_in(page):
    page.goto("/hosts/")
    page.wait_for_url("**/login**")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/hosts/")


def edit_one(page):
    page.get_by_role("link", name="web-1", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Owner").fill("payments")
    page.get_by_role("button", name="Save host").click()
    expect(page.get_by_text("payments").first).to_be_visible()


def edit_three_and_undo_it(page):
    page.goto("/hosts/?q=role:web")
    page.get_by_role("checkbox", name="Select web-1").click()
    page.get_by_role("checkbox", name="Select web-3").click(modifiers=["Shift"])
    page.locator("#bulk").get_by_role("button", name="Edit").click()
    page.get_by_label("Owner", exact=True).first.fill("you")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Change 3 hosts").click()
    expect(page.locator("#messages")).to_contain_text("3 hosts changed.")
    page.locator("#messages").get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Revert 3 hosts").click()
    expect(page.locator("#messages")).to_contain_text("3 hosts reverted")


def import_two(page):
    page.goto("/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"hostname\nnew-1\nnew-2\n"}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Import 2 hosts").click()
    expect(page.get_by_text("Imported: 2 hosts added")).to_be_visible()


def test_a_day(page, person, make_host, asked):
    for number in (1, 2, 3):
        make_host(hostname=f"web-{number}", role="web")
    log_in(page)
    edit_one(page)
    edit_three_and_undo_it(page)
    import_two(page)
    page.goto("/hosts/")
    expect(page.get_by_role("heading", name="5 hosts")).to_be_visible()

    assert {server for server, _ in asked} == {"one", "two"}
    assert {server for server, method in asked if method == "POST"} == {"one", "two"}
