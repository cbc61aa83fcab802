"""Nothing typed is lost: a form whose session ended, or whose database went away."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hostadmin import history
from hostadmin.auth import accounts, passwords
from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.models import AccountSession, Host
from hostadmin.web import resubmit

from ..helpers.pages import csrf, form_of, parse

OURS = {"Origin": "http://localhost"}
GOOD = "correct horse battery"


@pytest.fixture
def people(app):
    """An editor and a viewer who have passwords."""
    with app.app_context(), history.writing("tests"):
        hashed = passwords.hash_password(GOOD)
        accounts.add_account("root", hashed, "admin")
        accounts.add_account("ann", hashed, "editor")
        accounts.add_account("vic", hashed, "viewer")


@pytest.fixture
def end_sessions(app):
    def end():
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.delete(AccountSession.__table__))

    return end


def fields_of(response, selector="main form"):
    form = parse(response).select_one(selector)
    return {i["name"]: i.get("value", "") for i in form.select("input[name]")}


def log_in_again(browser, shown, name="ann", password=GOOD):
    data = fields_of(shown) | {"username": name, "password": password}
    return browser.post("/login", data=data, headers=OURS)


def test_what_was_typed_survives_the_end_of_the_session(
    client_of, people, end_sessions, make_host, session
):
    id_, browser = make_host(hostname="a"), client_of("editor")
    url = f"/hosts/edit/?id={id_}"
    typed = form_of(browser, url) | {"owner": "me", "notes": "one\r\ntwo <b>"}
    end_sessions()

    shown = browser.post(url, data=typed, headers=OURS)
    assert shown.status_code == 401
    assert "Your session has ended." in parse(shown).main.text
    assert "what you entered is kept" in parse(shown).main.text
    wrong = log_in_again(browser, shown, password="wrong")
    assert wrong.status_code == 401
    again = log_in_again(browser, wrong)
    page = parse(again)
    assert page.h1.text == "Send your form again?"
    assert ("Owner", "me") in [
        (row.dt.text, row.dd.text) for row in page.select(".facts div")
    ]
    sent = page.select_one("main form")
    saved = browser.post(sent["action"], data=fields_of(again), headers=OURS)

    assert saved.status_code == 302
    host = session.get(Host, id_)
    assert (host.owner, host.notes) == ("me", "one\ntwo <b>")


@pytest.mark.parametrize(("become", "code"), [("changed", 409), ("deleted", 409)])
def test_a_form_sent_again_meets_what_others_did_since(
    app, client_of, people, end_sessions, make_host, become, code
):
    id_, browser = make_host(hostname="a", owner="x"), client_of("editor")
    url = f"/hosts/edit/?id={id_}"
    typed = form_of(browser, url) | {"owner": "me"}
    end_sessions()
    shown = browser.post(url, data=typed, headers=OURS)
    with app.app_context(), history.writing("bob"):
        if become == "changed":
            hosts.change_host(id_, {"owner": "you"})
        else:
            hosts.delete_host(id_)

    again = log_in_again(browser, shown)
    answer = browser.post(url, data=fields_of(again), headers=OURS)

    assert answer.status_code == code
    assert "bob" in parse(answer).main.text


def test_passwords_are_asked_again_and_in_no_page(client_of, people, end_sessions):
    browser = client_of("admin")
    token = csrf(browser, "/accounts/new/")
    end_sessions()
    secret = "not in any page 1"
    data = {"username": "eve", "role": "viewer", "password": secret, "again": secret}
    data |= {"csrf_token": token}

    shown = browser.post("/accounts/new/", data=data, headers=OURS)
    again = log_in_again(browser, shown, "root")

    assert secret not in shown.text + again.text
    kept = resubmit.unpacked
    with browser.application.app_context():
        assert secret not in str(kept(fields_of(shown)["kept"]))
    asked = parse(again).select("main [type=password]")
    assert [field["name"] for field in asked] == ["password", "again"]
    data = fields_of(again) | {"password": secret, "again": secret}
    assert browser.post("/accounts/new/", data=data, headers=OURS).status_code == 302


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/hosts/bulk/edit", {"step": "plan", "ids": "1", "owner": "x"}),
        ("/hosts/bulk/delete", {"step": "do", "ids": "1", "digest": "x"}),
        ("/hosts/paste/", {"text": "web-1 web-2"}),
        ("/changes/1/undo", {"digest": "x"}),
    ],
)
def test_every_page_that_changes_keeps_its_form(
    client_of, people, end_sessions, make_host, url, fields
):
    make_host(hostname="a")
    browser = client_of("editor")
    end_sessions()

    shown = browser.post(url, data=fields, headers=OURS)

    again = log_in_again(browser, shown)
    assert parse(again).select_one("main form")["action"] == url
    assert fields_of(again).items() >= fields.items()


def test_who_may_not_send_it_sends_nothing(client_of, people, end_sessions):
    browser = client_of("editor")
    end_sessions()
    shown = browser.post("/hosts/new/", data={"hostname": "a"}, headers=OURS)

    answer = log_in_again(browser, shown, "vic")

    assert answer.status_code == 302
    assert "is not allowed to save" in browser.get(answer.location).text


def test_strangers_forged_and_long_forms_are_not_kept(client_of, people, end_sessions):
    browser = client_of("editor")
    end_sessions()
    stranger = browser.post("/hosts/new/", data={"hostname": "a"})
    assert (stranger.status_code, stranger.location) == (302, "/login?next=/hosts/new/")

    shown = browser.post("/hosts/new/", data={"hostname": "a"}, headers=OURS)
    good = fields_of(shown)["kept"]
    for forged in (
        "x",
        good[:-9] + ("A" if good[-9] != "A" else "B") + good[-8:],
        good[8:],
    ):
        data = fields_of(shown) | {"kept": forged, "username": "ann", "password": GOOD}
        assert browser.post("/login", data=data, headers=OURS).status_code == 302
        end_sessions()
        shown = browser.post("/hosts/new/", data={"hostname": "a"}, headers=OURS)

    noise = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(30_000))
    shown = browser.post("/hosts/new/", data={"notes": noise}, headers=OURS)
    assert "kept" not in fields_of(shown)
    assert "too large to keep" in parse(shown).main.text


def test_a_database_that_goes_away_gives_the_form_back(app, client, make_host, session):
    id_ = make_host(hostname="a")
    url = f"/hosts/edit/?id={id_}"
    typed = form_of(client, url) | {"owner": "me"}

    def away(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE hosts"):
            raise OperationalError(statement, {}, Exception("server closed"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", away)
    try:
        shown = client.post(url, data=typed, headers=OURS)
    finally:
        event.remove(engine, "before_cursor_execute", away)

    assert shown.status_code == 503
    assert "Nothing was saved." in parse(shown).main.text
    assert parse(shown).select_one("main form")["action"] == url
    again = client.post(url, data=fields_of(shown), headers=OURS)
    assert again.status_code == 302
    assert session.get(Host, id_).owner == "me"
