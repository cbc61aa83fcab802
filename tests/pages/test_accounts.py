"""Everybody's own page, and the pages of all accounts."""

import pytest
import sqlalchemy as sa

from hostadmin.auth import accounts, passwords, tokens
from hostadmin.db.session import db
from hostadmin.models import Account, AccountSession, ApiToken, ChangeEntry
from hostadmin.validation.accounts import Role

from ..helpers.accounts import add_person, cookie_of, log_in
from ..helpers.dumps import dump_tables
from ..helpers.pages import csrf, parse

GOOD, BETTER = "correct horse battery", "another horse battery"


@pytest.fixture
def ann(app):
    """A browser in which ann, an editor with a password, is logged in."""
    browser = log_in(app.test_client(), "editor", "ann")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.update(Account.__table__).values(
                password_hash=passwords.hash_password(GOOD)
            )
        )
    return browser


def send(browser, url, **fields):
    page = "/account/" if url.startswith("/account/") else "/accounts/"
    return browser.post(url, data={"csrf_token": csrf(browser, page), **fields})


def make_token(browser, **fields):
    given = {"name": "t", "role": "viewer", "own_password": GOOD} | fields
    return send(
        browser,
        "/account/tokens",
        **{name: text for name, text in given.items() if text is not None},
    )


def account_of(app, name):
    with app.app_context():
        account = accounts.find_account(name)
        db.session.expunge(account)
        return account


def another_session(app, name):
    """Return another browser in which the same person is logged in."""
    add_person(app, "viewer", f"{name}-other")
    with app.app_context(), db.engine.begin() as connection:
        other = accounts.find_account(f"{name}-other").id
        connection.execute(
            sa.update(AccountSession.__table__)
            .where(AccountSession.account_id == other)
            .values(account_id=accounts.find_account(name).id, address="203.0.113.8")
        )
    return None


# ---- one's own


def test_the_own_page_shows_who_one_is(ann):
    page = parse(ann.get("/account/"))

    assert page.h1.text.strip() == "ann"
    assert "This session" in page.select_one("#sessions").text
    assert page.select_one("#password").get("value") == ""


def test_a_new_password_ends_the_other_sessions_and_this_one_goes_on(app, ann):
    name = app.config["SESSION_COOKIE_NAME"]
    before = app.test_client()
    before.set_cookie(name, ann.get_cookie(name).value)

    done = send(ann, "/account/password", current=GOOD, password=BETTER, again=BETTER)

    assert (done.status_code, done.location) == (302, "/account/")
    assert "Password changed" in ann.get("/account/").text
    assert before.get("/account/").status_code == 302
    assert passwords.is_right(BETTER, account_of(app, "ann").password_hash)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "wrong"}, "Wrong password."),
        ({"current": ""}, "Wrong password."),
        ({"again": GOOD}, "The passwords do not match."),
        ({"password": "short", "again": "short"}, "Use at least 12 characters"),
        ({"password": "ann-ann-ann-", "again": "ann-ann-ann-"}, "too easy to guess"),
    ],
)
def test_a_password_that_cannot_be_is_shown_at_its_field(app, ann, fields, words):
    given = {"current": GOOD, "password": BETTER, "again": BETTER} | fields

    response = send(ann, "/account/password", **given)

    assert response.status_code == 400
    assert words in parse(response).select_one(".error").text
    assert GOOD not in response.text
    assert BETTER not in response.text
    assert passwords.is_right(GOOD, account_of(app, "ann").password_hash)


def test_an_open_browser_does_not_let_one_guess_the_password(ann):
    codes = [
        send(ann, "/account/password", current=f"wrong {n}").status_code
        for n in range(11)
    ]

    assert codes == [400] * 10 + [429]


def test_a_token_is_shown_once_and_works(app, ann, nobody):
    made = make_token(ann, name="prometheus", expires="3")
    key = parse(made).select_one("[data-copy-text]").text

    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    assert (
        nobody.get(
            "/export/csv", headers={"Authorization": f"Bearer {key}"}
        ).status_code
        == 200
    )
    again = ann.get("/account/")
    assert "prometheus" in again.text
    assert key not in again.text
    with app.app_context():
        token = db.session.scalars(sa.select(ApiToken)).one()
        assert token.account.username == "ann"
        assert (token.expires_at - token.created_at).days == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"role": "admin"}, "higher role than yours"),
        ({"role": "root"}, "is not a role"),
        ({"role": ""}, "is not a role"),
        ({"expires": "0"}, "Enter 1–365 days"),
        ({"expires": "soon"}, "Enter 1–365 days"),
        ({"expires": "99999999999"}, "Enter 1–365 days"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(app, ann, fields, words):
    before = dump_tables(app)

    response = make_token(ann, **fields)

    assert response.status_code == 400
    assert words in parse(response).select_one(".error").text
    # The password was right: from where is known now.
    assert dump_tables(app) | {"account_addresses": []} == before


@pytest.mark.parametrize("password", ["", "wrong", GOOD.upper(), None])
def test_a_token_is_made_for_the_password_only(app, ann, password):
    response = make_token(ann, own_password=password)

    assert response.status_code == 400
    error = parse(response).select_one("#own_password-text")
    assert error.text == "Wrong password."
    assert parse(response).select_one("#own_password")["value"] == ""
    with app.app_context():
        assert tokens.list_tokens() == []


def test_a_token_is_no_way_to_guess_the_password(ann):
    codes = [make_token(ann, own_password=str(n)).status_code for n in range(11)]

    assert codes == [400] * 10 + [429]


def test_a_token_lasts_no_longer_than_the_setting_says(app, ann):
    assert "Enter 1–365 days." in make_token(ann, expires="366").text
    assert make_token(ann, expires="").status_code == 200
    with app.app_context():
        [token] = tokens.list_tokens()
        assert (token.expires_at - token.created_at).days == 365


def test_the_tick_that_ends_tokens_is_on(app, client, ann):
    make_token(ann)
    url = f"/accounts/{account_of(app, 'ann').id}/"
    for page, browser, count in (("/account/", ann, 1), (url, client, 2)):
        ticks = parse(browser.get(page)).select("input[name=end_tokens]")
        assert len(ticks) == count
        assert all(tick.has_attr("checked") for tick in ticks)

    send(client, f"{url}role", role="viewer")
    with app.app_context():
        assert len(tokens.list_tokens()) == 1
    send(client, f"{url}password", password=BETTER, again=BETTER, end_tokens="1")
    with app.app_context():
        assert tokens.list_tokens() == []


def test_one_revokes_ones_own_tokens_and_no_others(app, ann, client_of):
    make_token(ann)
    with app.app_context():
        id_ = db.session.scalars(sa.select(ApiToken.id)).one()

    other = client_of("editor")
    assert send(other, "/account/tokens/revoke", id=id_).status_code == 404
    assert "Revoke" not in other.get("/account/").text
    assert send(ann, "/account/tokens/revoke", id=id_).status_code == 302
    assert send(ann, "/account/tokens/revoke", id=id_).status_code == 404
    with app.app_context():
        assert tokens.list_tokens() == []


def test_one_ends_ones_own_sessions_and_no_others(app, ann, client_of):
    another_session(app, "ann")
    other = client_of("editor")
    form = parse(ann.get("/account/")).select_one("#sessions form:has([name=id])")
    id_ = form.select_one("[name=id]")["value"]

    send(other, "/account/sessions/end", id=id_)
    assert form.select_one("[name=id]")["value"] in ann.get("/account/").text
    assert send(ann, "/account/sessions/end", id=id_).status_code == 302
    page = parse(ann.get("/account/"))
    assert "1 session ended." in page.text
    assert page.select("#sessions form") == []


def test_all_other_sessions_end_at_once(app, ann):
    another_session(app, "ann")
    send(ann, "/account/sessions/end")

    assert "1 session ended." in ann.get("/account/").text


def test_colours_are_kept_with_the_account_and_are_no_change(app, ann):
    with app.app_context():
        before = db.session.scalar(sa.select(sa.func.count(ChangeEntry.id)))
    for sent, kept in (("dark", "dark"), ("purple", None), ("light", "light")):
        send(ann, "/account/theme", theme=sent)
        assert parse(ann.get("/hosts/")).html.get("data-theme") == kept
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(ChangeEntry.id))) == before


# ---- all accounts


def test_an_admin_adds_lists_and_changes_accounts(app, client):
    done = send(
        client,
        "/accounts/new/",
        username="bob",
        role="viewer",
        password=GOOD,
        again=GOOD,
    )
    assert (done.status_code, done.location) == (302, "/accounts/")
    rows = parse(client.get("/accounts/")).select("tbody tr")
    assert [row.text.split()[:3] for row in rows] == [
        ["admin", "admin", "active"],
        ["bob", "viewer", "active"],
    ]
    url = f"/accounts/{account_of(app, 'bob').id}"
    assert send(client, f"{url}/role", role="editor").location == f"{url}/"
    assert account_of(app, "bob").role is Role.EDITOR
    send(client, f"{url}/password", password=BETTER, again=BETTER)
    assert passwords.is_right(BETTER, account_of(app, "bob").password_hash)
    send(client, f"{url}/state", active="0")
    send(client, f"{url}/state", active="0")
    assert not account_of(app, "bob").active
    page = parse(client.get(f"{url}/"))
    assert "disabled" in page.select_one(".status").text
    send(client, f"{url}/state", active="1")
    assert account_of(app, "bob").active
    with app.app_context():
        recorded = db.session.execute(
            sa.select(ChangeEntry.subject_name, ChangeEntry.action)
            .where(ChangeEntry.subject == "account")
            .order_by(ChangeEntry.id)
        ).all()
    assert [tuple(entry) for entry in recorded] == [
        ("bob", "created"),
        ("bob", "changed"),
        ("bob", "new password"),
        ("bob", "changed"),
        ("bob", "changed"),
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "ADMIN"}, "already exists"),
        ({"username": "a b"}, "is not a valid name"),
        ({"role": "root"}, "is not a role"),
        ({"again": BETTER}, "do not match"),
        ({"password": "short"}, "12 characters"),
    ],
)
def test_an_account_that_cannot_be_is_not_made(app, client, fields, words):
    before = dump_tables(app)
    given = {"username": "bob", "role": "editor", "password": GOOD, "again": GOOD}

    response = send(client, "/accounts/new/", **(given | fields))

    assert response.status_code == 400
    page = parse(response)
    assert words in page.select_one(".error").text
    assert page.select_one("#username")["value"] == (given | fields)["username"]
    assert GOOD not in response.text
    assert dump_tables(app) == before


def test_the_last_admin_is_kept_and_the_page_says_why(app, client):
    url = f"/accounts/{account_of(app, 'admin').id}"
    for path, fields in (("role", {"role": "viewer"}), ("state", {"active": "0"})):
        response = send(client, f"{url}/{path}", **fields)
        assert response.status_code == 409
        assert "last admin" in parse(response).select_one("[role=alert]").text
    assert client.get("/accounts/").status_code == 200


def test_what_an_admin_takes_away_is_gone_at_the_next_request(app, client, ann):
    url = f"/accounts/{account_of(app, 'ann').id}"
    assert ann.get("/hosts/new/").status_code == 200

    send(client, f"{url}/state", active="0")

    assert ann.get("/hosts/").status_code == 302


def test_an_admin_revokes_tokens_of_others_too(app, client, ann, with_token):
    make_token(ann)
    url = f"/accounts/{account_of(app, 'ann').id}/"
    for page in ("/accounts/", url):
        form = parse(client.get(page)).select_one(
            "form[action='/accounts/tokens/revoke']"
        )
        id_ = form.select_one("[name=id]")["value"]
        assert send(client, "/accounts/tokens/revoke", id=id_).location == page
    with app.app_context():
        assert tokens.list_tokens() == []


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_nobody_but_an_admin_sees_or_changes_accounts(app, client_of, ann, role):
    browser = client_of(role)
    before = dump_tables(app)
    id_ = account_of(app, "ann").id
    token = csrf(browser, "/account/")
    data = {"csrf_token": token, "role": "admin", "active": "0", "id": "1"}
    for path in ("role", "state", "password"):
        assert browser.post(f"/accounts/{id_}/{path}", data=data).status_code == 403
    for url in ("/accounts/new/", "/accounts/tokens/revoke"):
        assert browser.post(url, data=data).status_code == 403
    assert "/accounts/" not in browser.get("/hosts/").text
    assert dump_tables(app) == before


@pytest.mark.parametrize("id_", ["0", "-1", "x", "99999999999", "1,2", "%00"])
def test_an_account_that_is_not_there_is_not_found(client, id_):
    assert client.get(f"/accounts/{id_}/").status_code == 404
    for path in ("role", "state", "password"):
        response = send(client, f"/accounts/{id_}/{path}", role="viewer", active="1")
        assert response.status_code == 404


def test_no_page_shows_a_hash(app, client, ann):
    id_ = account_of(app, "ann").id
    for url in ("/account/", "/accounts/", f"/accounts/{id_}/", "/changes/"):
        text = client.get(url).text
        assert "argon2" not in text
        assert "hostadmin_" not in text


def test_a_cookie_of_the_tests_names_the_session_alone(app):
    name, value = cookie_of(app, "x" * 43)
    assert name == app.config["SESSION_COOKIE_NAME"]
    assert "admin" not in value
