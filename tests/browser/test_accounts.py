"""From nobody to an admin and back out, in a browser."""

import re

import pytest

from hostadmin.auth import first_account

GOOD = "correct horse battery"


@pytest.fixture
def link(app):
    with app.app_context():
        return f"/setup/{first_account.new_link()}"


@pytest.mark.parametrize("role", [""])
@pytest.mark.parametrize("viewport", ["light", "phone-dark"], indirect=True)
def test_from_the_link_to_an_account_and_out(page, axe, link, viewport, console_errors):
    page.goto(link)
    axe(page)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("Repeat password").fill(GOOD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/hosts/")

    page.locator(".person:visible, .menu-button:visible").first.click()
    axe(page)
    page.get_by_role("link", name="Your account").locator("visible=true").click()
    axe(page)
    page.get_by_text("New token").click()
    page.get_by_label("Name").fill("prometheus")
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Create token").click()
    assert re.match("hostadmin_", page.locator("[data-copy-text]").inner_text())
    axe(page)

    page.locator(".person:visible, .menu-button:visible").first.click()
    page.get_by_role("link", name="Accounts", exact=True).locator(
        "visible=true"
    ).click()
    axe(page)
    page.get_by_role("link", name="ann").click()
    axe(page)
    page.get_by_role("button", name="Disable").click()
    assert "last admin" in page.get_by_role("alert").inner_text()
    console_errors.clear()
    axe(page)

    page.locator(".person:visible, .menu-button:visible").first.click()
    page.get_by_role("button", name="Log out").locator("visible=true").click()
    page.wait_for_url("**/login")
    axe(page)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    assert "Wrong" in page.get_by_role("alert").inner_text()
    console_errors.clear()
    axe(page)
    page.get_by_label("Password").fill(GOOD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/hosts/")


def test_the_first_start_needs_no_script(browser, live_server, link):
    with browser.new_context(
        base_url=live_server, java_script_enabled=False
    ) as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_label("Name").fill("ann")
        page.get_by_label("Password", exact=True).fill(GOOD)
        page.get_by_label("Repeat password").fill(GOOD)
        page.get_by_role("button", name="Create account").click()
        page.get_by_role("link", name="Import hosts").click()
        page.get_by_text("Or paste text").click()
        page.get_by_label("Text of a file").fill("Name,Owner\nweb-1,ops\n")
        page.get_by_role("button", name="Upload and check").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Import 1 host").click()
        page.get_by_text("Imported: 1 host added").wait_for()


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
