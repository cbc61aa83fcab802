"""The download of a backup: for an admin in person, who says the password again."""

import pytest

from hostadmin import backups, history
from hostadmin.auth import accounts, passwords
from hostadmin.validation.accounts import Role

from ..helpers.pages import csrf, errors, parse

PASSWORD = "some long password"


@pytest.fixture
def ann(app):
    """Log in by the form, with a password."""
    with app.app_context(), history.writing("tests"):
        accounts.add_account("ann", passwords.hash_password(PASSWORD), Role.ADMIN)
    browser = app.test_client()
    token = csrf(browser, "/login")
    data = {"username": "ann", "password": PASSWORD, "csrf_token": token}
    assert browser.post("/login", data=data).status_code == 302
    return browser


def ask(browser, password):
    token = csrf(browser, "/backup/")
    return browser.post(
        "/backup/", data={"own_password": password, "csrf_token": token}
    )


def test_the_file_is_a_backup_and_the_history_says_who_has_it(
    app, ann, make_host, tmp_path
):
    make_host(hostname="web-1")
    response = ask(ann, PASSWORD)
    assert response.headers["Content-Disposition"].endswith(backups.SUFFIX)
    file = tmp_path / "file"
    file.write_bytes(response.data)
    with app.app_context():
        contents = backups.check_archive(file)
    assert "hosts" in {shape.name for shape in contents.shapes}
    assert "took a backup" in parse(ann.get("/changes/")).main.text


def test_without_the_password_nothing_is_sent(ann):
    for given in ("", "another long password"):
        response = ask(ann, given)
        assert response.status_code == 400
        assert errors(response) == {"own_password": "Wrong password."}
    assert "took a backup" not in ann.get("/changes/").text
