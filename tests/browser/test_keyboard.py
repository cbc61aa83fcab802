"""Everything can be done with the keyboard alone."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def some(make_host):
    ids = [make_host(hostname=f"web-{number}", owner="ops") for number in range(3)]
    make_host(hostname="db-1", owner="data")
    return ids


def test_the_list_is_two_tabs_away(page, some):
    page.goto("/hosts/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the list")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("tbody tr").first.locator("input")).to_be_focused()


def test_rows_and_cells_are_reached_edited_ticked_and_opened(page, axe, some):
    page.goto("/hosts/?q=web")
    name = page.locator("tbody td.is-main a")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(name.nth(0)).to_be_focused()
    # After a click into a row, keys go on from there.
    page.locator("tbody tr").nth(1).click(position={"x": 5, "y": 2})
    page.keyboard.press("j")
    expect(name.nth(2)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("tbody tr").nth(2).locator("input")).to_be_checked()

    cell = page.locator("tbody tr").nth(2).locator(".col-owner")
    for _ in range(12):
        if cell.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("ArrowRight")
    expect(cell).to_be_focused()
    axe(page)
    page.keyboard.press("e")
    expect(page.locator("form.cell #owner")).to_be_focused()
    page.keyboard.type("me")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved host web-2.")).to_be_visible()
    expect(name.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="web-2")).to_be_visible()


def test_letters_lead_to_pages_and_from_host_to_host(page, some):
    page.goto("/hosts/?q=web")
    for key, words in (
        ("s", "Stats"),
        ("g", "Groups"),
        ("i", "Import"),
        ("h", "Hosts"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.locator(".site-nav [aria-current]")).to_have_text(words)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="New host")).to_be_visible()

    page.goto("/hosts/?q=web")
    page.locator("tbody td.is-main a").first.click()
    expect(page.get_by_role("heading", name="web-0")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("heading", name="web-1")).to_be_visible()
    page.keyboard.press("[")
    expect(page.get_by_role("heading", name="web-0")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("Hostname")).to_have_value("web-0")


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("/hosts/paste/", "Names, aliases or addresses"),
        ("/hosts/field/?id={}&name=owner", "Owner"),
    ],
)
def test_the_only_field_of_a_page_waits_for_what_is_typed(page, some, address, label):
    page.goto(address.format(some[0]))

    expect(page.get_by_label(label)).to_be_focused()
