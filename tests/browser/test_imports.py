"""A newcomer brings in a spreadsheet, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hostadmin.auth import first_account
from hostadmin.db.session import db, write_transaction
from hostadmin.jobs import add_job
from hostadmin.jobs.table import end_in, take_turn
from hostadmin.models import Host

from ..helpers.workbooks import sheet, xlsx

PASSWORD = "correct horse battery"
ROWS = [
    ["Servers of the data centre"],
    [],
    ["VM", "Name", "Primary IP Address", "State", "Rack"],
    *(
        [f"web-{n}", "Ann", f"10.0.0.{n}", "Running" if n % 2 else "Mothballed", "B1"]
        for n in range(1, 13)
    ),
]
# One sheet of two that have rows, a name that could be two columns, two odd words.
BOOK = xlsx({"Servers": sheet(ROWS), "Notes": sheet([["to do"], ["more"]])})


class Counted:
    """What somebody does on a page, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def click(self, role: Any, name: str) -> None:
        self.page.get_by_role(role, name=name).locator("visible=true").click()
        self.actions += 1

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)
        self.actions += 1

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label).select_option(option)
        self.actions += 1

    def give_file(self) -> None:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        file: Any = {"name": "servers.xlsx", "mimeType": kind, "buffer": BOOK}
        self.page.get_by_label("File", exact=True).set_input_files(file)
        self.actions += 1


@pytest.mark.parametrize("role", [""])
@pytest.mark.parametrize("viewport", ["light", "phone-dark"], indirect=True)
def test_from_the_first_start_to_the_hosts_of_a_spreadsheet(
    app, page, axe, session, console_errors
):
    with app.app_context():
        link = f"/setup/{first_account.new_link()}"
    who = Counted(page)

    def look() -> None:
        axe(page)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{page.url} scrolls sideways"

    page.goto(link)
    who.fill("Name", "ann")
    who.fill("Password", PASSWORD)
    who.fill("Repeat password", PASSWORD)
    who.click("button", "Create account")
    who.click("link", "Import hosts")
    look()
    who.give_file()
    who.click("button", "Upload and check")
    expect(page.get_by_role("alert")).to_contain_text("2 sheets")
    look()
    who.choose("Sheet", "Servers")
    who.click("button", "Read file again")
    expect(page.get_by_role("alert")).to_contain_text("could be the name")
    look()
    who.choose("VM", "hostname")
    who.choose("Name", "owner")
    who.click("button", "Continue")
    # The word is known only now that the rows were read.
    expect(page.get_by_text("Choose what these values mean")).to_be_visible()
    look()
    who.click("link", "Choose what these values mean")
    who.choose("Mothballed as status in 6 rows means", "retired")
    who.click("button", "Continue")
    look()
    who.click("button", "Import 12 hosts")
    expect(page.get_by_text("Imported: 12 hosts added")).to_be_visible()
    look()

    assert who.actions < 25
    assert session.query(Host).filter_by(owner="Ann").count() == 12


@pytest.mark.parametrize("role", ["editor"])
def test_the_pages_work_without_a_script(browser, live_server, page, session):
    with browser.new_context(
        base_url=live_server,
        java_script_enabled=False,
        storage_state=page.context.storage_state(),
    ) as context:
        page = context.new_page()
        page.goto("/import/")
        page.get_by_text("Or paste text").click()
        page.get_by_label("Text of a file").fill("Name,Rack\nweb-1,B1\n")
        page.get_by_role("button", name="Upload and check").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Import 1 host").click()
        expect(page.get_by_text("Imported: 1 host added")).to_be_visible()
        page.go_back()
        page.reload()
        expect(page.get_by_text("Imported: 1 host added")).to_be_visible()


@pytest.mark.parametrize("role", ["editor"])
def test_the_page_of_a_running_import_goes_on_by_itself(page, axe, session):
    with write_transaction():
        job_id = add_job(db.session(), "prepare", 0)
    assert take_turn(session(), job_id, "another process")
    page.goto("/import/")
    page.get_by_text("Or paste text").click()
    page.get_by_label("Text of a file").fill("hostname\nweb-1\n")
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("1 other import ahead")).to_be_visible()
    axe(page)

    with write_transaction():
        end_in(db.session(), job_id, "another process")

    expect(page.get_by_role("button", name="Import 1 host")).to_be_visible()
