"""Who leaves what they typed is asked first; nobody else is."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect


@pytest.fixture
def asked(page: Page) -> Iterator[list[str]]:
    """What the browser asked; the answer is always to stay."""
    found: list[str] = []

    def stay(dialog: Dialog) -> None:
        found.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    yield found
    page.remove_listener("dialog", stay)


@pytest.fixture
def form(page: Page, make_host) -> Page:
    page.goto(f"/hosts/edit/?id={make_host(hostname='web-1')}")
    return page


def leave(page: Page) -> None:
    page.get_by_role("link", name="Stats", exact=True).first.click()


def test_a_link_does_not_take_what_was_typed_along(form, asked):
    form.get_by_label("Owner").press_sequentially("me")
    with form.expect_event("dialog"):
        leave(form)

    expect(form.get_by_label("Owner")).to_have_value("me")
    expect(form).to_have_url(re.compile("/hosts/edit/"))
    assert asked == ["beforeunload"]


def test_a_save_is_no_loss(form, asked):
    form.get_by_label("Owner").press_sequentially("me")
    form.get_by_role("button", name="Save host", exact=True).first.click()
    expect(form.get_by_text("Saved host web-1.")).to_be_visible()
    leave(form)

    expect(form).to_have_url(re.compile("/stats/"))
    assert asked == []


def test_a_form_that_nobody_changed_is_left_without_a_question(form, asked):
    # A browser asks only where somebody did something.
    form.get_by_label("Owner").click()
    form.keyboard.press("Tab")
    leave(form)

    expect(form).to_have_url(re.compile("/stats/"))
    assert asked == []
