"""From nobody to an admin and back out, in a browser."""

import re

import pytest

from hostadmin.auth import first_account

from ..helpers.looks import VIEWPORTS

GOOD = "correct horse battery"


@pytest.fixture
def link(app):
    with app.app_context():
        return f"/setup/{first_account.new_link()}"


@pytest.mark.parametrize("role", [""])
@pytest.mark.parametrize("viewport", list(VIEWPORTS), indirect=True)
def test_from_the_link_to_an_account_and_out(page, axe, link, viewport, console_errors):
    page.goto(link)
    axe(page)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("The same again").fill(GOOD)
    page.get_by_role("button", name="Make it and log in").click()
    page.wait_for_url("**/hosts/")

    page.locator(".person summary:visible, .site-menu summary:visible").first.click()
    axe(page)
    page.get_by_role("link", name="Your account").locator("visible=true").click()
    axe(page)
    page.get_by_text("New token").click()
    page.get_by_label("What it is for").fill("prometheus")
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Make the token").click()
    assert re.match("hostadmin_", page.locator("[data-copy-text]").inner_text())
    axe(page)

    page.locator(".person summary:visible, .site-menu summary:visible").first.click()
    page.get_by_role("link", name="All accounts").locator("visible=true").click()
    axe(page)
    page.get_by_role("link", name="ann").click()
    axe(page)
    page.get_by_role("button", name="Disable").click()
    assert "last admin" in page.get_by_role("alert").inner_text()
    console_errors.clear()
    axe(page)

    page.locator(".person summary:visible, .site-menu summary:visible").first.click()
    page.get_by_role("button", name="Log out").locator("visible=true").click()
    page.wait_for_url("**/login")
    axe(page)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    assert "wrong" in page.get_by_role("alert").inner_text()
    console_errors.clear()
    axe(page)
    page.get_by_label("Password").fill(GOOD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/hosts/")


def test_colours_of_the_account_and_of_this_browser(page):
    theme = "document.documentElement.dataset.theme || ''"
    page.goto("/account/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/hosts/")
    assert page.evaluate(theme) == "dark"

    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert page.evaluate(theme) == "light"
    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert page.evaluate(theme) == "dark"
