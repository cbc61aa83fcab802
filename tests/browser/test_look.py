"""What a table and its panels look like: on a screen, in a narrow window, on paper."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from hostadmin.db.session import db
from hostadmin.models import Host

BACKGROUND = "e => getComputedStyle(e).backgroundColor"


@pytest.fixture
def some(make_host, make_group):
    for name in ("backup", "databases", "pci"):
        make_group(name=name)
    for number in range(3):
        make_host(
            hostname=f"kubernetes-worker-{number}.fra1.prod.example.net",
            ip_addr=f"10.0.0.{number + 1}",
            environment="prod" if number else "dev",
            owner="a rather long name of an owner" if number else None,
            groups=["backup", "databases", "pci"],
        )


@pytest.mark.parametrize("viewport", ["light", "phone"], indirect=True)
def test_each_table_to_choose_has_a_line_of_its_own(page, axe, some):
    page.goto("/stats/")
    page.get_by_text("Choose tables").click()
    boxes = page.locator(".choose label")
    tops = [box.bounding_box()["y"] for box in boxes.all()]

    assert len(tops) > 5
    assert tops == sorted(set(tops))
    axe(page)
    for box in boxes.all():
        box.locator("input").set_checked(box.inner_text() in ("Role", "OS"))
    page.get_by_role("button", name="Show tables").click()
    tables = page.locator(".panels h2", has_text="By ")
    expect(tables).to_have_text(["By OS", "By role"], ignore_case=True)


def test_a_tick_in_the_head_tints_the_rows_alone(page, some):
    page.goto("/hosts/")
    head, row = page.locator("thead th").nth(1), page.locator("tbody td").nth(1)
    before = head.evaluate(BACKGROUND)
    page.locator("[data-tick-page]").click()
    page.mouse.move(0, 0)

    assert head.evaluate(BACKGROUND) == before
    assert page.locator("thead th").first.evaluate(BACKGROUND) == before
    assert row.evaluate(BACKGROUND) != before


def test_columns_are_as_wide_for_one_query_as_for_the_next(page, some):
    widths = []
    for query in ("", "env:prod", "env:dev"):
        page.goto(f"/hosts/?q={query}")
        heads = page.locator("thead th").all()
        widths.append([round(head.bounding_box()["width"]) for head in heads])

    assert widths[0] == widths[1] == widths[2]


def test_a_long_name_loses_its_end_and_groups_end_in_a_number(page, some):
    page.set_viewport_size({"width": 1100, "height": 800})
    page.goto("/hosts/")
    name = page.locator("tbody td.is-main")
    groups = page.locator("tbody td", has=page.locator(".chip"))

    assert name.first.evaluate("e => getComputedStyle(e).textOverflow") == "ellipsis"
    expect(name.first).to_contain_text("kubernetes-worker-0.fra1")
    expect(groups.first).to_have_text("backup +2")


@pytest.fixture
def addresses(make_host):
    """Hosts with long addresses and with the longest of the usual values."""
    texts = (
        "2001:db8:4::5f",
        "2001:db8:1234:5678:9abc:def0:1234:5678",
        "10.31.250.250",
    )
    for number, text in enumerate(texts):
        make_host(
            hostname=f"web-{number}",
            ip_addr=text,
            port=22222,
            status="maintenance",
            environment="staging",
            os="Windows 2025",
        )


@pytest.mark.parametrize("width", [390, 1024, 1280, 1500, 1920])
def test_addresses_and_usual_values_are_shown_in_full(page, axe, addresses, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/hosts/")
    cut = "cells => cells.filter(e => e.scrollWidth > e.clientWidth).length"

    assert page.locator("tbody td:not(.is-main)").evaluate_all(cut) == 0
    height = page.locator("tbody tr").first.bounding_box()["height"]
    assert height < (80 if width < 641 else 32)
    axe(page)


def test_a_click_on_a_long_address_filters_by_it(page, addresses):
    page.goto("/hosts/")
    page.locator("tbody .col-ip").nth(1).click()
    expect(page.get_by_role("heading", name="1 of 3 hosts")).to_be_visible()


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_a_card_on_a_phone_begins_with_the_name_and_the_bar_with_edit(page, some):
    page.goto("/hosts/")
    row = page.locator("tbody tr").first
    parts = [part.bounding_box() for part in row.locator("td:visible").all()]
    texts = row.locator("td.is-main, td:visible:not(.tick)")
    name = row.locator("td.is-main").bounding_box()

    assert texts.count() > 2
    assert name["y"] <= min(part["y"] for part in parts if part["x"] >= name["x"]) + 6
    row.locator("input").click()
    buttons = page.locator(".bulk .buttons button:visible")
    assert buttons.first.inner_text() == "Edit…"
    assert buttons.last.inner_text() == "Delete…"


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_long_names_break_after_the_slash_or_end_in_dots(page, axe, some):
    page.goto("/groups/")
    page.get_by_role("link", name="pci").first.click()
    name = page.locator(".members td").first
    link = name.locator("a")
    assert name.evaluate("e => e.scrollWidth > e.clientWidth")
    assert link.evaluate("e => getComputedStyle(e).display") == "inline"
    assert link.bounding_box()["height"] >= 44
    axe(page)
    link.click()
    page.locator("[data-key=e]").click()
    crumb = page.locator(".crumbs li").nth(-2)
    first = "e => e.getClientRects()[0].top - e.parentElement.getClientRects()[0].top"

    assert crumb.inner_text().startswith("kubernetes")
    assert abs(crumb.locator("a").evaluate(first)) < 16


@pytest.mark.parametrize("link", ["accounts", "groups"])
def test_a_status_has_one_dot(page, some, make_host, link):
    page.goto(f"/{link}/")
    if link == "groups":
        page.get_by_role("link", name="pci").first.click()
    dots = """cell => [cell, ...cell.querySelectorAll("*")].filter(
        part => getComputedStyle(part, "::before").content === '""').length"""

    assert page.locator("td.col-status").first.evaluate(dots) == 1


def test_the_labels_of_a_diagram_are_within_it(page, app, make_host):
    ids = [make_host(hostname=f"web-{month}") for month in range(24)]
    with app.app_context(), db.engine.begin() as connection:
        for month, id_ in enumerate(ids):
            at = datetime(2024 + month // 12, month % 12 + 1, 5, tzinfo=UTC)
            one = sa.update(Host).where(Host.id == id_)
            connection.execute(one.values(created_at=at))
    page.goto("/stats/?by=created:month")
    outer = page.locator(".diagram").bounding_box()
    boxes = [tick.bounding_box() for tick in page.locator(".diagram .tick").all()]
    shown = [box for box in boxes if box["width"]]

    assert len(shown) > 5
    for box in shown:
        assert outer["x"] <= box["x"]
        assert box["x"] + box["width"] <= outer["x"] + outer["width"]


def test_facets_are_a_drawer_in_a_narrow_window(page, axe, some):
    page.set_viewport_size({"width": 1024, "height": 800})
    page.goto("/hosts/")
    side = page.locator("#filters")
    expect(side).to_be_hidden()
    page.locator(".finder .phone-only").click()

    expect(side).to_be_visible()
    assert side.bounding_box()["x"] == 0
    axe(page)
    side.get_by_role("link", name="prod 2").click()
    expect(page.get_by_role("heading", name="2 of 3 hosts")).to_be_visible()
    for leave in (
        lambda: page.mouse.click(800, 400),
        lambda: page.keyboard.press("Escape"),
    ):
        page.locator(".finder .phone-only").click()
        expect(side).to_be_visible()
        leave()
        expect(side).to_be_hidden()
        # What is below the shade took no part in it.
        expect(page.get_by_role("heading", name="2 of 3 hosts")).to_be_visible()


def test_the_drawer_is_left_without_a_script(plain_page, some):
    plain_page.set_viewport_size({"width": 1024, "height": 800})
    plain_page.goto("/hosts/#filters")
    expect(plain_page.locator("#filters")).to_be_visible()
    plain_page.mouse.click(800, 400)

    expect(plain_page.locator("#filters")).to_be_hidden()


def test_paper_shows_the_table_and_nothing_to_press(page, some):
    page.goto("/hosts/?q=kubernetes")
    page.emulate_media(media="print")
    # A4 with usual margins.
    page.set_viewport_size({"width": 718, "height": 1000})

    expect(page.locator("tbody td.is-main a")).to_have_count(3)
    for part in page.locator("tbody tr").first.locator("td.is-main, td.col-ip").all():
        expect(part).to_be_visible()
    for part in (".site", ".finder", "aside.facets", ".bulk", ".pager", ".actions"):
        expect(page.locator(part).first).to_be_hidden()
    box = page.locator(".list .scroll")
    assert box.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.locator("#filters").is_hidden()
    assert page.locator("tbody td.is-main").first.bounding_box()["width"] > 200
    rows = page.locator("tbody tr")
    assert all(row.bounding_box()["height"] < 70 for row in rows.all())
    assert rows.first.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(scheme) == "light"
    assert len(page.pdf()) > 5_000
