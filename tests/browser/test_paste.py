"""Pasted names, in a real browser."""

import pytest
from playwright.sync_api import expect

TEXT = "web-1\n10.0.0.9\n<b>gone-1</b>\nroot@web-2:22\n" + "x" * 300


@pytest.fixture
def some(make_host):
    make_host(hostname="web-1", ip_addr="10.0.0.9")
    make_host(hostname="web-2.a-rather-long-domain-of-somebody.example.net")
    make_host(hostname="db-1", addresses=["10.0.0.9"])


def test_pages_of_pasted_names_are_accessible(page, every_look, some):
    page.goto("/hosts/paste/")
    for button in (None, "Look up", "Add as new hosts"):
        if button == "Look up":
            page.get_by_label("Names, aliases or addresses").fill(TEXT)
        if button:
            page.get_by_role("button", name=button).click()
        every_look(page)
    expect(page.get_by_role("heading", name="Add 1 host?")).to_be_visible()


def test_from_a_pasted_list_to_hosts_and_back_without_a_script(
    browser, live_server, page, some
):
    with browser.new_context(
        base_url=live_server,
        java_script_enabled=False,
        storage_state=page.context.storage_state(),
    ) as context:
        page = context.new_page()
        page.goto("/hosts/")
        page.get_by_role("link", name="Paste names").click()
        page.get_by_label("Names, aliases or addresses").fill(TEXT)
        page.get_by_role("button", name="Look up").click()
        page.get_by_label("db-1").check()
        page.get_by_role("button", name="Show 1 host and selected ones").click()
        expect(page.get_by_role("heading", name="2 of 3 hosts")).to_be_visible()

        page.go_back()
        page.get_by_role("button", name="Add as new hosts").click()
        page.get_by_role("button", name="Add 1 host").click()
        expect(page.locator("#messages")).to_contain_text("Added 1 host.")
        expect(page.get_by_role("heading", name="1 of 4 hosts")).to_be_visible()
