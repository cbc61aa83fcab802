"""The pages of errors: readable by everybody, with a menu and without."""

import pytest
from sqlalchemy.exc import OperationalError


@pytest.mark.parametrize("viewport", ["light", "phone-dark"], indirect=True)
def test_error_pages_are_as_readable_as_others(page, axe, console_errors, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed"))

    page.goto("/nope")
    assert page.inner_text("h1") == "Not found"
    axe(page)

    monkeypatch.setattr("hostadmin.admin.hosts.list_page.list_hosts", away)
    page.goto("/hosts/")
    assert page.inner_text("h1") == "Not available right now"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    # It tells of each answer that is no 200.
    assert len(console_errors) == 2
    console_errors.clear()
