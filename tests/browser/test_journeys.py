"""What people do all day, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect


def add_host(page: Page, name: str, **fields: str) -> None:
    page.goto("/hosts/new/")
    page.get_by_label("Hostname").fill(name)
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Create host").click()
    expect(page.locator("#messages")).to_contain_text(f"Added host {name}.")


def test_from_the_first_host_to_the_last(page):
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    add_host(page, "web-1", Environment="prod", Address="10.0.0.1")
    add_host(page, "web-2", Environment="dev")

    page.goto("/hosts/")
    page.get_by_text("Add filter").click()
    page.get_by_label("Field").select_option("env")
    page.get_by_label("Condition").select_option("equals")
    page.get_by_label("Value").fill("prod")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="1 of 2 hosts")).to_be_visible()

    page.get_by_role("link", name="web-1", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Owner").fill("payments")
    page.get_by_label("Reason").fill("new team")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("payments").first).to_be_visible()
    expect(page.get_by_text("new team")).to_be_visible()

    page.get_by_role("link", name="Stats").first.click()
    page.get_by_role("link", name="payments").click()
    expect(page.get_by_role("heading", name="1 of 2 hosts")).to_be_visible()

    page.get_by_role("link", name="web-1", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", name="web-1")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    # Back to the list that led here, which has no host any more.
    expect(page.get_by_role("heading", name="0 of 1 host")).to_be_visible()


def test_every_page_is_accessible(page, every_look, make_host, make_group):
    make_group(name="inner")
    group = make_group(name="outer", children=["inner"], vars={"a": 1})
    host = make_host(
        hostname="web-1",
        ip_addr="10.0.0.1",
        environment="prod",
        groups=["inner"],
        vars={"rack": "B14"},
        notes="Talk to the owner.",
    )
    make_host(hostname="web-2", status="offline")

    for url in (
        "/hosts/",
        "/hosts/?flt_env_equals=prod&sort=-ip",
        "/hosts/?flt_env_equals=nowhere",
        "/hosts/new/",
        f"/hosts/details/?id={host}",
        f"/hosts/edit/?id={host}",
        f"/hosts/delete/?id={host}",
        "/stats/",
        "/data-quality/",
        "/stats/?by=os&top=1",
        "/stats/?by=env&by=network/24",
        "/stats/?by=created:week",
        "/groups/",
        f"/groups/details/?id={group}",
        f"/groups/edit/?id={group}",
        "/help/",
        "/api/",
        "/changes/",
        "/changes/?host=web-1&actor=tests&field=vars",
        f"/hosts/?ids={host}",
        f"/hosts/bulk/edit?ids={host}",
        f"/hosts/bulk/edit?ids={host}&step=plan&owner=x&clear=port",
        "/hosts/bulk/delete?all=1&q=web",
        f"/hosts/bulk/groups?ids={host}",
        "/hosts/bulk/rename?field=environment",
    ):
        page.goto(url)
        every_look(page)


def test_error_pages_are_accessible(page, every_look, console_errors):
    for url in ("/hosts/?flt_statu_equals=x", "/nope", "/hosts/details/?id=7"):
        page.goto(url)
        every_look(page)
    # The browser notes each status that is not 200.
    assert all("Failed to load resource" in line for line in console_errors)
    console_errors.clear()


@pytest.mark.parametrize("viewport", ["light", "phone"], indirect=True)
def test_a_form_with_errors_is_accessible(page, axe, console_errors):
    page.goto("/hosts/new/")
    page.get_by_label("Hostname").fill("web-1")
    page.get_by_label("Address", exact=True).fill("10.0.0.300")
    page.get_by_role("button", name="Create host").click()

    expect(page.get_by_label("Address", exact=True)).to_have_attribute(
        "aria-invalid", "true"
    )
    axe(page)
    console_errors.clear()


def test_groups_are_picked_by_typing(page, make_group):
    for name in ("webservers", "databases"):
        make_group(name=name)
    page.goto("/hosts/new/")
    page.get_by_label("Hostname").fill("web-1")
    groups = page.get_by_label("Groups")
    groups.press_sequentially("datab")
    page.get_by_role("option", name="databases").click()
    page.get_by_role("button", name="Create host").click()

    expect(page.get_by_role("link", name="databases")).to_be_visible()


PRESS_TWICE = """form => [1, 2].map(() => form.dispatchEvent(
    new Event("submit", { bubbles: true, cancelable: true })))"""


def test_a_second_press_sends_nothing_again(page, make_host):
    make_host(hostname="web-1")
    page.goto("/hosts/new/")
    writing = page.locator("form[method=post]:has([name=hostname])")
    assert writing.evaluate(PRESS_TWICE) == [True, False]

    page.goto("/hosts/")
    reading = page.locator("form:has(#find)")
    assert reading.evaluate(PRESS_TWICE) == [True, True]


def test_a_slash_leads_to_the_search(page, make_host):
    make_host(hostname="web-1")
    make_host(hostname="db-1")
    page.goto("/hosts/")
    page.keyboard.press("/")
    page.keyboard.type("web")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="1 of 2 hosts")).to_be_visible()


def test_it_works_without_a_script(plain_page, make_group):
    make_group(name="web")
    page = plain_page
    page.goto("/hosts/new/")
    page.get_by_label("Hostname").fill("web-1")
    page.get_by_label("Groups").fill("web")
    page.get_by_role("button", name="Create host").click()
    expect(page.get_by_role("link", name="web", exact=True)).to_be_visible()

    page.goto("/hosts/")
    page.get_by_text("Add filter").click()
    page.get_by_label("Field").select_option("group")
    page.get_by_label("Value").fill("web")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="1 of 1 host")).to_be_visible()

    page.get_by_role("link", name="web-1", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    page.goto("/hosts/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


def test_styles_and_scripts_are_small(page):
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto("/help/")
    page.wait_for_load_state("networkidle")

    weighed = [size for url, size in sizes.items() if url.endswith((".css", ".js"))]
    assert len(weighed) == 3
    assert sum(weighed) < 60 * 1024


@pytest.mark.parametrize("viewport", ["light", "phone"], indirect=True)
def test_icons_come_from_their_file(page, make_host):
    make_host(environment="prod")
    page.goto("/hosts/?q=env:prod")
    page.wait_for_load_state("networkidle")
    uses = page.locator("use").all()

    assert len(uses) > 10
    # In what is hidden nothing is drawn, nor measured.
    drawn = [use.evaluate("e => e.getBBox().width") for use in uses if use.is_visible()]
    assert drawn
    assert all(drawn)


def test_what_a_column_cuts_and_exact_times_are_shown_under_the_mouse(page, make_host):
    make_host(hostname="web-1", os="Debian GNU/Linux 13 with quite some words after it")
    page.goto("/hosts/")
    cut = page.get_by_role("cell", name="Debian")
    updated = page.locator("td:has(time)")

    cut.hover()
    expect(cut).to_have_attribute("title", re.compile("words after it$"))
    updated.hover()
    expect(updated).to_have_attribute("title", re.compile(r"^\d{4}-.* \d\d:\d\d UTC$"))


def test_ticks_are_kept_over_pages_by_mouse_and_keyboard(page, axe, make_host):
    for number in range(1, 8):
        make_host(hostname=f"web-{number}", owner="me")
    page.goto("/hosts/?per_page=3")
    bar = page.locator("#bulk")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select web-1").click()
    page.get_by_role("checkbox", name="Select web-3").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected")
    page.get_by_role("link", name="Next").click()
    expect(bar).to_contain_text("3 selected, 3 on other pages")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("4 selected, 3 on other pages")
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("checkbox", name="Select web-2").uncheck()
    page.reload()
    expect(page.get_by_role("checkbox", name="Select web-2")).not_to_be_checked()
    expect(bar).to_contain_text("3 selected, 1 on other pages")
    axe(page)

    bar.get_by_role("button", name="Edit").click()
    page.get_by_label("Owner", exact=True).first.fill("you")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change 3 hosts?")).to_be_visible()
    page.reload()
    page.go_back()
    page.go_forward()
    page.get_by_role("button", name="Change 3 hosts").click()
    expect(page.locator("#messages")).to_contain_text("3 hosts changed.")
    expect(bar).to_be_hidden()
    page.locator("#messages").get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Revert 3 hosts").click()

    page.goto("/hosts/?q=web-1")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select the matching host").check()
    expect(bar).to_contain_text("All selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


def test_many_change_without_a_script(plain_page, make_host):
    for number in range(1, 5):
        make_host(hostname=f"web-{number}")
    page = plain_page
    page.goto("/hosts/?per_page=2")
    page.get_by_role("checkbox", name="Select web-1").check()
    page.get_by_role("button", name="Next, keep selection").click()
    page.get_by_role("checkbox", name="Select web-4").check()
    page.get_by_role("button", name="Groups").click()
    page.get_by_label("Add to groups").fill("new")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Create group “new”").check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Change 2 hosts").click()
    expect(page.locator("#messages")).to_contain_text("2 hosts changed, group new")

    page.goto("/hosts/?q=group:new")
    page.get_by_role("checkbox", name="Select web-1").check()
    page.get_by_label("Select all 2 matching hosts").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 2 hosts").click()
    expect(page.locator("#messages")).to_contain_text("2 hosts deleted.")


@pytest.mark.parametrize("viewport", ["phone"], indirect=True)
def test_many_change_on_a_phone(page, axe, make_host):
    for number in range(1, 4):
        make_host(hostname=f"web-{number}")
    page.goto("/hosts/?q=web")
    page.get_by_role("checkbox", name="Select web-1").check()
    page.get_by_role("checkbox", name="Select web-3").check()
    axe(page)
    page.get_by_role("button", name="Retire").click()
    axe(page)
    page.get_by_role("button", name="Retire 2 hosts").click()
    expect(page.locator("#messages")).to_contain_text("2 hosts changed.")
