"""The link that makes the first account."""

import re
import threading

import pytest
import sqlalchemy as sa

from hostadmin import create_app
from hostadmin.auth import accounts, first_account
from hostadmin.config import Settings
from hostadmin.db.session import db

from ..helpers.logging_in import GOOD, change, events, send
from ..helpers.pages import csrf, parse


@pytest.fixture
def link(app):
    with app.app_context():
        return f"/setup/{first_account.new_link()}"


def test_the_link_makes_the_first_admin_once(app, nobody, link):
    assert "There are no accounts yet" in nobody.get("/login").text
    form = {
        "csrf_token": csrf(nobody, link),
        "username": "ann",
        "password": GOOD,
        "again": GOOD,
        "role": "viewer",
    }

    done = nobody.post(link, data=form)

    assert done.location == "/hosts/"
    assert "ann, admin" in nobody.get("/hosts/").text
    assert nobody.get(link).status_code == 404
    assert nobody.post(link, data=form | {"username": "eve"}).status_code in (400, 404)
    with app.app_context():
        assert [account.username for account in accounts.list_accounts()] == ["ann"]
    assert [event[3] for event in events(app)] == ["created", "logged in"]


def test_the_link_works_behind_tls(database, link):
    settings = Settings(
        _env_file=None,
        database_uri=database,
        secret_key="x" * 40,
        production=True,
        allowed_hosts=("hosts.example",),
        trusted_proxies=("127.0.0.1",),
    )
    served = create_app(settings)
    browser = served.test_client()
    browser.environ_base |= {
        "HTTP_HOST": "hosts.example",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_REFERER": f"https://hosts.example{link}",
        "HTTP_ORIGIN": "https://hosts.example",
        "HTTP_SEC_FETCH_SITE": "same-origin",
    }
    browser_url = {"base_url": "https://hosts.example"}
    form = parse(browser.get(link, **browser_url))
    token = form.select_one("input[name=csrf_token]")["value"]
    data = {"csrf_token": token, "username": "ann", "password": GOOD, "again": GOOD}

    done = browser.post(link, data=data, **browser_url)

    assert (done.status_code, done.location) == (302, "/hosts/")
    assert "ann, admin" in browser.get("/hosts/", **browser_url).text
    with served.app_context():
        db.engine.dispose()


def test_a_new_start_makes_the_link_void_and_an_account_does_too(app, nobody, link):
    with app.app_context():
        second = f"/setup/{first_account.new_link()}"
    assert nobody.get(link).status_code == 404
    assert nobody.get(second).status_code == 200

    change(app, lambda: accounts.add_account("ann", "x", "viewer"))

    assert nobody.get(second).status_code == 404
    with app.app_context():
        assert first_account.new_link() is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": GOOD + "!"}, "do not match"),
        ({"username": "a b"}, "is not a valid name"),
        ({"username": ""}, "Enter a name"),
        ({"password": "password1234", "again": "password1234"}, "too easy to guess"),
    ],
)
def test_what_is_wrong_is_at_its_field(app, nobody, link, fields, words):
    form = {"username": "ann", "password": GOOD, "again": GOOD} | fields

    response = nobody.post(link, data=form | {"csrf_token": csrf(nobody, link)})

    assert response.status_code == 400
    page = parse(response)
    assert words in page.select_one(".error").text
    assert page.select_one("#username")["value"] == form["username"]
    assert GOOD not in response.text
    with app.app_context():
        assert not accounts.have_accounts()
        assert first_account.is_valid(link.removeprefix("/setup/"))


def test_two_who_use_the_link_at_once_make_one_account(app, link):
    browsers = [app.test_client() for _ in range(2)]
    tokens = [csrf(browser, link) for browser in browsers]
    barrier = threading.Barrier(2)
    codes = []

    def make(number):
        form = {"username": f"ann{number}", "password": GOOD, "again": GOOD}
        barrier.wait()
        data = form | {"csrf_token": tokens[number]}
        codes.append(browsers[number].post(link, data=data).status_code)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [302, 404]
    with app.app_context():
        assert len(accounts.list_accounts()) == 1


@pytest.mark.parametrize("key", ["x", "x" * 43, "%00", "é", "x" * 5000])
def test_a_link_that_was_not_given_is_none(nobody, link, key):
    assert nobody.get(f"/setup/{key}").status_code == 404


def test_no_key_is_kept_as_it_is(app, nobody, link, ann):
    send(nobody, "ann", GOOD)
    name = app.config["SESSION_COOKIE_NAME"]
    serializer = app.session_interface.get_signing_serializer(app)
    key = serializer.loads(nobody.get_cookie(name).value)["sid"]
    with app.app_context(), db.engine.connect() as connection:
        dumped = repr(
            [
                connection.execute(sa.select(table)).all()
                for table in db.metadata.sorted_tables
            ]
        )
    assert key not in dumped
    assert link.removeprefix("/setup/") not in dumped
    assert re.search(r"\$argon2id\$", dumped)
