"""The query bar, the facets and the columns, with keys and without a script."""

import re

import pytest
from playwright.sync_api import expect

from hostadmin.limits import limits


@pytest.fixture(autouse=True)
def enough_time(monkeypatch):
    monkeypatch.setattr(limits, "facet_seconds", 30.0)
    monkeypatch.setattr(limits, "completion_seconds", 30.0)


@pytest.fixture
def some(make_host):
    for number in range(3):
        make_host(hostname=f"web-{number}", environment="prod", os="Debian 13")
    make_host(hostname="db-1", environment="dev")


def test_a_query_is_completed_by_keys_alone(page, axe, some):
    page.goto("/hosts/")
    page.keyboard.press("/")
    page.keyboard.type("en")
    expect(page.locator(".options li").first).to_contain_text("env")
    axe(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".options li", has_text="prod")).to_contain_text("3")
    page.keyboard.type("p")
    expect(page.locator(".options li").first).to_contain_text("prod")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#find")).to_have_value("env:prod ")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="3 of 4 hosts")).to_be_visible()
    expect(page.get_by_text("Hosts in prod", exact=True)).to_be_visible()


def test_facets_narrow_and_widen(page, some):
    page.goto("/hosts/")
    page.locator("#facet-env").get_by_role("link", name="prod").click()
    expect(page.get_by_role("heading", name="3 of 4 hosts")).to_be_visible()
    page.locator("#facet-env").get_by_role("link", name="dev").click()
    expect(page.locator("#find")).to_have_value("env:prod,dev")
    page.locator("#facet-env").get_by_role("link", name="prod").click()
    expect(page.get_by_role("heading", name="1 of 4 hosts")).to_be_visible()


def test_facets_that_a_list_left_out_come_after_it(page, some, monkeypatch):
    monkeypatch.setattr(limits, "filtered_facet_hosts", 0)
    page.goto("/hosts/?q=web")

    expect(page.locator("#facet-os").get_by_role("link", name="Debian")).to_be_visible()
    expect(page.locator(".facet").get_by_role("link", name="count")).to_have_count(0)


def test_a_facet_that_takes_longer_is_counted_in_its_place(page, some, monkeypatch):
    monkeypatch.setattr(limits, "facet_seconds", 0.0)
    monkeypatch.setattr(limits, "more_facets_seconds", 0.0)
    page.goto("/hosts/?q=web")
    page.locator("#facet-os").get_by_role("link", name="count").click()

    expect(page.locator("#facet-os").get_by_role("link", name="Debian")).to_be_visible()
    expect(page.locator("#facet-env").get_by_role("link", name="count")).to_be_visible()


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_filters_are_a_panel_on_a_phone(page, axe, some):
    page.goto("/hosts/?q=env:prod")
    expect(page.locator("#facet-env")).to_be_hidden()
    page.get_by_role("link", name="Filters · 1").click()
    expect(page.locator("#facet-env")).to_be_visible()
    axe(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            '#filters a, .finder a, .finder summary, .finder input, .list tbody .name')]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
            .filter(([text, box]) => box.height < 44 && !one_of_a_row(text, box))
            .map(([text, box]) => `${text}: ${box.height}`);
            function one_of_a_row(text) { return /^web-/.test(text); }"""
    )
    assert small == []
    page.get_by_role("link", name="Show 3 of 4 hosts").click()
    expect(page.locator("#facet-env")).to_be_hidden()


def test_columns_are_chosen_without_a_script(plain_page, some):
    page = plain_page
    page.goto("/hosts/")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Owner").uncheck()
    page.get_by_role("button", name="Move Status left").click()
    expect(page.locator(".choose-columns li").nth(1)).to_have_text(re.compile("Status"))
    page.get_by_role("button", name="Apply columns").click()
    expect(page.locator("thead th").nth(2)).to_have_text("Status")
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)

    page.goto("/hosts/")
    expect(page.locator("thead th").nth(2)).to_have_text("Status")


def test_columns_are_chosen_in_the_list_by_keys_alone(page, axe, some):
    page.goto("/hosts/?q=web")
    page.get_by_role("link", name="Columns").press("Enter")
    expect(page.locator("#columns > summary")).to_be_focused()
    axe(page)
    page.get_by_role("checkbox", name="Owner").press("Space")
    left = page.get_by_role("button", name="Move Status left")
    left.press("Enter")
    expect(left).to_be_focused()
    expect(page.locator("#live")).to_have_text("Column 2")
    page.get_by_role("button", name="Apply columns").press("Enter")

    expect(page.locator("thead th").nth(2)).to_have_text("Status")
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)
    expect(page.locator("#find")).to_have_value("web")


@pytest.mark.parametrize("name", ["Columns", "Export", "Examples", "Sort"])
def test_a_panel_opens_in_the_list_and_closes_like_every_menu(page, axe, some, name):
    page.goto("/hosts/?q=web")
    page.locator("[data-swap]", has_text=name).click()
    panel = page.locator(f"#{name.lower()}")
    expect(panel.locator(".pop-panel")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(panel.locator(".pop-panel")).to_be_hidden()
    expect(panel.locator("summary")).to_be_focused()
    panel.locator("summary").click()
    expect(panel.locator(".pop-panel")).to_be_visible()
    page.get_by_text("Count by…").click()
    expect(panel.locator(".pop-panel")).to_be_hidden()
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    assert page.url.endswith("/hosts/?q=web")


@pytest.mark.parametrize("path", ["columns", "files", "examples", "sort"])
def test_panels_are_pages_in_every_look(page, every_look, some, path):
    page.goto(f"/hosts/{path}/?q=web")
    every_look(page)


def test_the_heads_of_columns_stay_in_sight(page, make_host):
    for number in range(60):
        make_host(hostname=f"web-{number}")
    page.set_viewport_size({"width": 1500, "height": 600})
    page.goto("/hosts/")
    page.keyboard.press("End")

    expect(page.get_by_role("columnheader", name="Hostname")).to_be_in_viewport()


@pytest.mark.parametrize("url", ["/hosts/", "/hosts/?q=env:prod", "/hosts/#filters"])
def test_a_window_of_320_pixels_is_enough(page, some, url):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(url)

    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("width", [1280, 1024])
def test_the_usual_columns_fit_a_notebook(page, make_host, make_group, width):
    groups = ["backup", "a-group-with-a-long-name", "kubernetes-workers"]
    for name in groups:
        make_group(name=name)
    make_host(
        hostname="kubernetes-worker-1177.syd1.staging.example.net",
        ip_addr="10.123.145.145",
        port=3389,
        status="maintenance",
        environment="staging",
        os="Windows 2025",
        location="fra1",
        owner="payments",
        groups=groups,
    )
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/hosts/")

    expect(page.get_by_role("columnheader", name="Updated")).to_be_in_viewport()
    assert page.locator(".list .scroll").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.locator(".hosts .is-main a").evaluate("e => e.offsetWidth") >= 90


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_views_filters_order_and_new_share_a_line_on_a_phone(page, make_host):
    make_host(environment="prod")
    page.goto("/hosts/?q=env:prod&sort=hostname")

    shown = (".views > summary", "a.phone-only", ".sort > a", ".new")
    boxes = [page.locator(f".finder {part}").bounding_box() for part in shown]
    assert len({box["y"] for box in boxes}) == 1


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_what_is_not_set_takes_no_room_on_a_phone(page, make_host):
    make_host(hostname="bare", ip_addr=None, port=None, owner=None)
    make_host(hostname="owned", ip_addr=None, port=None, owner="ops")
    page.goto("/hosts/")

    shown = page.locator(".hosts tbody").inner_text()
    assert "(not set)" not in shown
    dot = "e => getComputedStyle(e, '::before').content"
    assert page.get_by_role("cell", name="ops").evaluate(dot) == "none"


def test_a_double_click_edits_a_cell_and_a_click_filters_by_it(page, axe, some):
    page.goto("/hosts/?q=web")
    page.locator("tbody tr").nth(1).locator(".col-owner").dblclick()
    axe(page)
    page.get_by_role("textbox", name="Owner").fill("me")
    page.keyboard.press("Escape")
    expect(page.locator("form.cell")).to_have_count(0)
    page.locator("tbody tr").nth(1).locator(".col-owner").dblclick()
    page.get_by_role("textbox", name="Owner").fill("me")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved host web-1.")).to_be_visible()
    expect(page.locator("#find")).to_have_value("web")
    expect(page.locator("tbody tr").nth(1).locator(".col-owner")).to_have_text("me")
    expect(page.get_by_role("link", name="web-1", exact=True).last).to_be_focused()
    page.locator("tbody tr").nth(1).locator(".col-owner").click()
    expect(page.locator("#find")).to_have_value("web owner:me")
    expect(page.get_by_role("heading", name="1 of 4 hosts")).to_be_visible()


def test_keys_jump_help_and_leave_the_query_as_it_is(page, axe, some):
    page.goto("/hosts/?q=web")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).not_to_be_focused()
    expect(page.locator("#find")).to_have_value("web")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Jump to a host")
    keys = page.locator("dialog dt")
    assert keys.evaluate_all("all => all.every(e => e.scrollWidth <= e.clientWidth)")
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("db-")
    expect(page.locator("dialog li").first).to_contain_text("db-1")
    axe(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="db-1")).to_be_visible()
    page.keyboard.press("e")
    page.get_by_label("Owner").fill("me")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved host db-1.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator(".site-nav [aria-current]")).to_have_text("Changes")


def test_tab_takes_a_suggestion_and_then_leaves(page, some):
    page.goto("/hosts/")
    page.keyboard.press("/")
    page.keyboard.type("en")
    expect(page.locator(".options li").first).to_contain_text("env")
    page.keyboard.press("Tab")
    expect(page.locator("#find")).to_have_value("env:")
    page.keyboard.type("p")
    expect(page.locator(".options li").first).to_contain_text("prod")
    page.keyboard.press("Tab")
    expect(page.locator("#find")).to_have_value("env:prod ")
    page.keyboard.press("Tab")
    expect(page.locator("#find")).not_to_be_focused()
