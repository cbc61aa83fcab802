"""The query bar, the facets and the columns, with keys and without a script."""

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
    expect(page.locator(".options li")).to_have_count(1)
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


def test_a_facet_is_counted_where_it_stands(page, some, monkeypatch):
    monkeypatch.setattr(limits, "facet_seconds", 0.0)
    page.goto("/hosts/")
    page.locator("#facet-os").get_by_role("link", name="count").click()

    expect(page.locator("#facet-os").get_by_role("link")).to_have_count(2)
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
    page.get_by_role("button", name="Status further to the left").click()
    expect(page.locator("thead th").nth(2)).to_have_text("Status")
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)

    page.goto("/hosts/")
    expect(page.locator("thead th").nth(2)).to_have_text("Status")


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
    assert page.locator(".hosts .name").evaluate("e => e.offsetWidth") >= 90


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_views_filters_order_and_new_share_a_line_on_a_phone(page, make_host):
    make_host(environment="prod")
    page.goto("/hosts/?q=env:prod&sort=hostname")

    shown = (".views > summary", "a.phone-only", ".sort > summary", ".new")
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
