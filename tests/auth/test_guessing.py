"""Guessing passwords is slowed, and nobody is locked out by it."""

import threading

import sqlalchemy as sa

from hostadmin.auth import throttle
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.models import LoginAttempt

from ..helpers.logging_in import GOOD, send
from ..helpers.pages import csrf


def test_guessing_a_name_is_slowed_from_wherever(app, ann):
    codes = []
    for number in range(12):
        browser = app.test_client()
        browser.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        response = send(browser, "ann", f"wrong {number}")
        codes.append(response.status_code)

    assert codes == [401] * 10 + [429] * 2
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert "Too many failed logins" in response.text
    # Even the right password, from a place that ann never was at.
    assert send(browser, "ANN ", GOOD).status_code == 429
    # Others are not kept out.
    assert send(browser, "root", GOOD).status_code == 302


def test_guessing_from_an_address_is_slowed_whatever_the_name(app, ann, nobody):
    nobody.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    codes = [send(nobody, f"name{n}", "wrong").status_code for n in range(11)]
    assert codes == [401] * 10 + [429]
    # A proxy that nobody trusts can claim what it likes.
    token = csrf(nobody, "/login")
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        response = nobody.post(
            "/login",
            data={"csrf_token": token, "username": "ann", "password": GOOD},
            headers={
                header: "198.51.100.1" if header[0] == "X" else "for=198.51.100.1"
            },
        )
        assert response.status_code == 429

    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.10"
    assert send(elsewhere, "ann", GOOD).status_code == 302


def test_strangers_cannot_lock_out_known_clients(app, ann, nobody):
    nobody.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    assert send(nobody, "ann", GOOD).status_code == 302
    for number in range(12):
        stranger = app.test_client()
        stranger.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        send(stranger, "ann", "wrong")

    browser = app.test_client()
    browser.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    assert send(browser, "ann", GOOD).status_code == 302


def test_a_command_unlocks_and_a_minute_does_too(app, ann, nobody, runner):
    for _ in range(10):
        send(nobody, "ann", "wrong")
    assert send(nobody, "ann", GOOD).status_code == 429
    result = runner.invoke(args=["accounts", "unlock", "Ann"])
    assert result.output == "Cleared 10 failed logins.\n"
    assert send(nobody, "ann", GOOD).status_code == 302

    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    for _ in range(10):
        send(other, "root", "wrong")
    assert send(other, "root", GOOD).status_code == 429
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.update(LoginAttempt.__table__).values(at=utcnow() - throttle.WINDOW)
        )
    assert send(other, "root", GOOD).status_code == 302


def test_many_tries_at_once_are_no_way_around(app, ann):
    browsers = [app.test_client() for _ in range(16)]
    tokens = [csrf(browser, "/login") for browser in browsers]
    barrier = threading.Barrier(len(browsers))
    codes = []

    def guess(browser, token):
        barrier.wait()
        data = {"csrf_token": token, "username": "ann", "password": "wrong"}
        codes.append(browser.post("/login", data=data).status_code)

    threads = [
        threading.Thread(target=guess, args=pair)
        for pair in zip(browsers, tokens, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(codes) == 16
    assert set(codes) <= {401, 429, 503}
    assert codes.count(401) <= 12


def test_a_flood_of_refused_tries_writes_nothing(ann, nobody, statements):
    for _ in range(10):
        send(nobody, "ann", "wrong")
    token = csrf(nobody, "/login")

    with statements() as seen:
        data = {"csrf_token": token, "username": "ann", "password": "wrong"}
        assert nobody.post("/login", data=data).status_code == 429
    assert [s for s in seen if not s.lstrip().upper().startswith("SELECT")] == []
