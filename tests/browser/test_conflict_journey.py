"""Two people edit one host; the second one chooses, then takes it back."""

import pytest
from playwright.sync_api import expect

from hostadmin import history
from hostadmin.history import ActorContext
from hostadmin.inventory import hosts


@pytest.mark.parametrize("viewport", ["light", "phone-dark"], indirect=True)
def test_the_second_chooses_with_the_keyboard_and_takes_it_back(
    page, axe, app, make_host, console_errors
):
    id_ = make_host(hostname="web-1", owner="old", notes="long\n" * 200)
    page.goto(f"/hosts/edit/?id={id_}")
    page.get_by_label("Owner").fill("mine")
    page.get_by_label("Notes").fill("mine, too")
    with app.app_context():
        change = {"owner": "theirs", "os": "Debian 13"}
        history.write(
            ActorContext("bob", "web", "why"), lambda: hosts.change_host(id_, change)
        )
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("bob changed ")
    axe(page)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    owner = page.get_by_role("group", name="Owner")
    expect(owner).to_contain_text("When you opened it: old")
    # Nothing is chosen, and the browser asks before anything is sent.
    page.get_by_role("button", name="Save").click()
    expect(owner).to_be_visible()
    owner.get_by_label("Keep theirs").focus()
    page.keyboard.press("ArrowDown")
    expect(owner.get_by_label("Use mine")).to_be_checked()
    page.get_by_role("button", name="Save").press("Enter")

    message = page.locator("#messages")
    expect(message).to_contain_text("Saved host web-1")
    message.get_by_role("link", name="Undo").click()
    axe(page)
    page.get_by_role("button", name="Revert 1 host").click()
    expect(page.locator("#messages")).to_contain_text("1 host reverted")
    page.locator("a", has_text="All changes").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change")
    axe(page)
    # The browser notes the answer 409.
    assert all("409" in line for line in console_errors)
    console_errors.clear()


def test_it_is_chosen_without_a_script(browser, live_server, page, app, make_host):
    id_ = make_host(hostname="web-1", owner="old")
    cookies = page.context.cookies()
    with browser.new_context(
        base_url=live_server, java_script_enabled=False
    ) as context:
        context.add_cookies(cookies)
        plain = context.new_page()
        plain.goto(f"/hosts/edit/?id={id_}")
        plain.get_by_label("Owner").fill("mine")
        with app.app_context():
            history.write(
                ActorContext("bob", "web"),
                lambda: hosts.change_host(id_, {"owner": "theirs"}),
            )
        plain.get_by_role("button", name="Save").click()
        plain.get_by_role("group", name="Owner").get_by_label("Use mine").check()
        plain.get_by_role("button", name="Save").click()
        expect(plain.get_by_text("Saved host web-1")).to_be_visible()
        plain.goto("/changes/")
        plain.get_by_text("Filter", exact=True).click()
        plain.get_by_label("Who").fill("bob")
        plain.get_by_label("Field").select_option("owner")
        plain.get_by_role("button", name="Apply filters").click()
        expect(plain.locator("tbody tr")).to_have_count(1)
