"""Logging in and out."""

import statistics
import threading
import time

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from hostadmin.auth import accounts, passwords
from hostadmin.db.session import db
from hostadmin.models import Account, LoginAttempt

from ..helpers.logging_in import GOOD, change, copy_of, is_in, send
from ..helpers.pages import csrf, parse

WRONG = "Wrong name or password."


def test_the_right_password_opens_the_page_that_was_wanted(ann, nobody):
    first = nobody.get("/hosts/?q=env:prod")
    assert first.status_code == 302
    assert first.location == "/login?next=/hosts/?q%3Denv:prod"
    form = parse(nobody.get(first.location))
    assert form.select_one("input[name=next]")["value"] == "/hosts/?q=env:prod"

    done = send(nobody, "ANN", GOOD, next="/hosts/?q=env:prod")

    assert (done.status_code, done.location) == (302, "/hosts/?q=env:prod")
    page = parse(nobody.get("/hosts/"))
    assert "ann, editor" in page.text
    assert nobody.get("/login").location == "/hosts/"


@pytest.mark.parametrize("page", ["/hosts/", "/stats/", "/groups/", "/help/"])
def test_every_page_can_log_out_and_a_copied_cookie_is_then_dead(app, client, page):
    copied = copy_of(app, client)
    assert is_in(copied)
    form = parse(client.get(page)).select_one("form[action='/logout']")

    done = client.post("/logout", data={"csrf_token": form.input["value"]})

    assert done.location == "/login"
    assert "You are logged out." in client.get("/login").text
    assert not is_in(client)
    assert not is_in(copied)


def test_a_get_does_not_log_out(client):
    assert client.get("/logout").status_code == 405
    assert is_in(client)


def test_a_password_that_changes_during_the_log_in_lets_nobody_in(
    app, ann, nobody, monkeypatch
):
    original = passwords.is_right

    def slow(*given):
        right = original(*given)
        change(
            app,
            lambda: accounts.set_password(ann, passwords.hash_password(GOOD + "!")),
        )
        return right

    monkeypatch.setattr(passwords, "is_right", lambda *given: run_apart(slow, *given))

    assert send(nobody, "ann", GOOD).status_code == 401
    assert not is_in(nobody)


def run_apart(work, *given):
    """Run in a thread of its own, which has a session of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work(*given)))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ann", "wrong"),
        ("ann", ""),
        ("ann", GOOD + " "),
        ("ann", GOOD.upper()),
        ("ann", "x" * 1_000_000),
        ("nobody-of-that-name", GOOD),
        ("", GOOD),
        ("bob", GOOD),
        ("ann\0", GOOD),
        ("an\u200bn", GOOD),
        ("\u0430nn", GOOD),
        ("' or 1=1 --", GOOD),
        ("x" * 10_000, GOOD),
    ],
)
def test_everything_wrong_looks_the_same(app, ann, nobody, username, password):
    def bob():
        id_ = accounts.add_account("bob", passwords.hash_password(GOOD), "viewer").id
        accounts.set_active(id_, False)

    change(app, bob)
    response = send(nobody, username, password)

    assert response.status_code == 401
    page = parse(response)
    assert [p.text.strip() for p in page.select("[role=alert]")] == [WRONG]
    assert page.select_one("#password").get("value") is None
    assert not is_in(nobody)


def test_the_time_tells_nothing(app, ann, nobody):
    ours = passwords._hasher
    # Slow enough to be seen, quick enough for a test.
    passwords.use(PasswordHasher(time_cost=2, memory_cost=16 * 1024, parallelism=1))
    passwords.prepare()
    try:
        hashed = passwords.hash_password(GOOD)

        def prepare():
            accounts.set_password(ann, hashed)
            id_ = accounts.add_account("bob", hashed, "viewer").id
            accounts.set_active(id_, False)

        change(app, prepare)
        token = csrf(nobody, "/login")
        # Of the processor: what else runs here does not count.
        taken = {name: [] for name in ("ann", "nobody", "bob")}
        for _ in range(7):
            for name, times in taken.items():
                with app.app_context(), db.engine.begin() as connection:
                    connection.execute(sa.delete(LoginAttempt.__table__))
                password = GOOD if name == "bob" else "wrong"
                data = {"csrf_token": token, "username": name, "password": password}
                start = time.process_time()
                assert nobody.post("/login", data=data).status_code == 401
                times.append(time.process_time() - start)
    finally:
        passwords.use(ours)
    medians = [statistics.median(times) for times in taken.values()]
    assert min(medians) > 0.01
    assert max(medians) - min(medians) < max(0.03, 0.35 * max(medians))


def test_a_log_in_without_a_token_is_refused(ann, nobody, client):
    data = {"username": "ann", "password": GOOD}
    assert nobody.post("/login", data=data).status_code == 400
    foreign = data | {"csrf_token": csrf(client, "/hosts/new/")}
    assert nobody.post("/login", data=foreign).status_code == 400
    assert not is_in(nobody)


EVIL = [
    "//evil.example",
    "///evil.example",
    "////evil.example/",
    "https://evil.example/",
    "http:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)//",
    "data:text/html,x",
    "\\\\evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x01//evil.example",
    " //evil.example",
    "/%5cevil.example",
    "/%2f/evil.example",
    "evil.example",
    "hosts/",
    "@evil.example",
    "//localhost@evil.example",
    "/login?next=//evil.example",
    "",
]


@pytest.mark.parametrize("wanted", EVIL)
def test_a_log_in_leads_nowhere_else(ann, nobody, wanted):
    shown = parse(nobody.get("/login", query_string={"next": wanted}))
    field = shown.select_one("input[name=next]")
    assert field is None or field["value"].startswith("/login")

    assert send(nobody, "ann", GOOD, next=wanted).location == "/hosts/"


def test_a_hash_of_old_parameters_is_made_anew(app, ann, nobody):
    ours = passwords._hasher
    passwords.use(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    try:
        assert send(nobody, "ann", GOOD).status_code == 302
        with app.app_context():
            hashed = db.session.get(Account, ann).password_hash
        assert "t=2" in hashed
        assert passwords.is_right(GOOD, hashed)
    finally:
        passwords.use(ours)
    assert is_in(nobody)
