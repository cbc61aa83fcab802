"""Logging in and out, sessions, the first account, and guessing."""

import contextlib
import re
import statistics
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from hostadmin import create_app, history
from hostadmin.auth import accounts, first_account, passwords, throttle
from hostadmin.clock import utcnow
from hostadmin.config import Settings
from hostadmin.db.engines.waits import LOCK_SECONDS
from hostadmin.db.session import db
from hostadmin.limits import limits
from hostadmin.models import (
    Account,
    AccountAddress,
    AccountSession,
    ChangeEntry,
    ChangeSet,
    LoginAttempt,
)

from ..helpers.accounts import cookie_of, log_in
from ..helpers.pages import csrf, parse

GOOD = "correct horse battery"
WRONG = "The name or the password is wrong."


@pytest.fixture
def ann(app):
    """The id of an editor with a password."""
    with app.app_context(), history.writing("tests"):
        hashed = passwords.hash_password(GOOD)
        accounts.add_account("root", hashed, "admin")
        return accounts.add_account("ann", hashed, "editor").id


def send(browser, username, password, **fields):
    token = csrf(browser, "/login")
    data = {"csrf_token": token, "username": username, "password": password, **fields}
    return browser.post("/login", data=data)


def change(app, work):
    with app.app_context():
        return history.write(history.ActorContext("tests", "command"), work)


def is_in(browser):
    return browser.get("/hosts/").status_code == 200


def copy_of(app, browser):
    """Return another browser with the same cookie."""
    name = app.config["SESSION_COOKIE_NAME"]
    other = app.test_client()
    other.set_cookie(name, browser.get_cookie(name).value)
    return other


def events(app):
    with app.app_context():
        rows = db.session.execute(
            sa.select(
                ChangeSet.actor,
                ChangeSet.address,
                ChangeEntry.subject_name,
                ChangeEntry.action,
            )
            .join(ChangeEntry)
            .order_by(ChangeEntry.id)
        )
        return [tuple(row) for row in rows]


# ---- in and out


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


def test_the_session_is_a_new_one_at_log_in(app, ann, nobody):
    nobody.set_cookie(*cookie_of(app, "planted-by-somebody-else-0123456789abcdef"))
    planted = copy_of(app, nobody)

    assert send(nobody, "ann", GOOD).status_code == 302

    assert is_in(nobody)
    assert not is_in(planted)


def test_logging_in_again_ends_the_session_before(app, ann, nobody):
    send(nobody, "ann", GOOD)
    before = copy_of(app, nobody)
    token = csrf(nobody, "/hosts/")

    nobody.post(
        "/login", data={"csrf_token": token, "username": "root", "password": GOOD}
    )

    assert "root, admin" in nobody.get("/hosts/").text
    assert not is_in(before)


@pytest.mark.parametrize("content", [{}, {"sid": "x" * 43}, {"sid": 1}, {"sid": ["x"]}])
def test_a_cookie_signed_with_the_key_is_worth_nothing(app, ann, nobody, content):
    serializer = app.session_interface.get_signing_serializer(app)
    content = {"account_id": ann, "user_id": ann, "_user_id": str(ann), **content}
    name = app.config["SESSION_COOKIE_NAME"]
    nobody.set_cookie(name, serializer.dumps(content))

    assert nobody.get("/hosts/").status_code == 302


@pytest.mark.parametrize(
    ("seen", "created", "alive"),
    [(59, 60, True), (61, 61, False), (1, 12 * 60 - 1, True), (1, 12 * 60 + 1, False)],
)
def test_a_session_ends_by_itself(app, client, seen, created, alive):
    now = utcnow()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.update(AccountSession.__table__).values(
                seen_at=now - timedelta(minutes=seen),
                created_at=now - timedelta(minutes=created),
            )
        )

    assert is_in(client) is alive
    assert is_in(client) is alive


@pytest.mark.parametrize(
    "work",
    [
        lambda id_: accounts.set_password(id_, passwords.hash_password(GOOD + "!")),
        lambda id_: accounts.change_role(id_, "viewer"),
        lambda id_: accounts.set_active(id_, False),
    ],
    ids=["password", "role", "disabled"],
)
def test_what_weakens_an_account_ends_all_its_sessions(app, ann, nobody, work):
    send(nobody, "ann", GOOD)
    other = app.test_client()
    send(other, "ann", GOOD)
    assert is_in(nobody)
    assert is_in(other)

    change(app, lambda: work(ann))

    assert not is_in(nobody)
    assert not is_in(other)


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


# ---- wrong


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


# ---- guessing


def test_guessing_a_name_is_slowed_from_wherever(app, ann):
    codes = []
    for number in range(12):
        browser = app.test_client()
        browser.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        response = send(browser, "ann", f"wrong {number}")
        codes.append(response.status_code)

    assert codes == [401] * 10 + [429] * 2
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert "too many wrong tries" in response.text
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


def test_strangers_cannot_lock_out_whoever_was_there_before(app, ann, nobody):
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
    assert result.output == "10 wrong tries forgotten.\n"
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


# ---- what is kept of it


def test_the_history_has_every_log_in_with_its_address(app, ann, nobody):
    nobody.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    before = len(events(app))
    send(nobody, "ann", "hunter2-hunter2")
    send(nobody, "my password is hunter2", "x")
    send(nobody, "ann", GOOD)
    nobody.post("/logout", data={"csrf_token": csrf(nobody, "/hosts/")})

    told = events(app)[before:]
    address = "203.0.113.7"
    assert told == [
        ("nobody", address, "ann", "failed log-in"),
        ("nobody", address, "(unknown name)", "failed log-in"),
        ("ann", address, "ann", "logged in"),
        ("ann", address, "ann", "logged out"),
    ]
    with app.app_context(), db.engine.connect() as connection:
        dumped = repr(
            [
                connection.execute(sa.select(table)).all()
                for table in db.metadata.sorted_tables
            ]
        )
    for secret in ("hunter2", GOOD):
        assert secret not in dumped


def test_failed_log_ins_of_anybody_do_not_fill_the_history(
    app, ann, monkeypatch, statements
):
    monkeypatch.setattr(limits, "failures_an_hour", 3)

    def fail(times):
        for number in range(times):
            browser = app.test_client()
            browser.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
            for name in ("ann", f"name {number}"):
                assert send(browser, name, "wrong").status_code == 401
        told = [event[2] for event in events(app) if event[3] == "failed log-in"]
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.delete(LoginAttempt.__table__))
        return sorted(told)

    kept = ["(unknown name)"] * 3 + ["ann"] * 3
    assert fail(5) == kept
    assert fail(2) == kept
    all_happened(app, timedelta(hours=1))
    assert fail(1) == sorted([*kept, "ann", "(unknown name)"])


def all_happened(app, ago):
    """Let all that happened have happened so long ago."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(ChangeSet.__table__).values(at=utcnow() - ago))


def test_old_log_ins_are_forgotten_and_changes_never(app, ann, nobody, make_host):
    host = make_host(hostname="web-1")
    send(nobody, "nobody", "wrong")
    send(nobody, "ann", "wrong")
    send(nobody, "ann", GOOD)
    send(app.test_client(), "root", GOOD)
    nobody.post("/logout", data={"csrf_token": csrf(nobody, "/hosts/")})

    def first():
        accounts.record(accounts.get_account(ann), "logged in")
        accounts.set_active(ann, False)
        accounts.set_active(ann, True)

    change(app, first)
    before = len(events(app))
    all_happened(app, timedelta(days=364))
    send(app.test_client(), "root", GOOD)
    assert len(events(app)) == before + 1
    all_happened(app, timedelta(days=366))
    send(app.test_client(), "root", GOOD)
    send(app.test_client(), "ann", GOOD)

    told = events(app)
    assert [event[2:] for event in told] == [
        ("root", "created"),
        ("ann", "created"),
        ("web-1", "created"),
        ("ann", "changed"),
        ("ann", "changed"),
        ("root", "logged in"),
        ("ann", "logged in"),
    ]
    with app.app_context():
        sets = db.session.scalars(sa.select(ChangeSet.id)).all()
        assert len(sets) == 5
        [entry] = history.changes_of(db.session(), "host", host)
        assert entry.change_set_id in sets


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


def test_old_rows_are_cleared_away(app, ann, nobody):
    long_ago = utcnow() - timedelta(days=40)
    with app.app_context(), db.engine.begin() as connection:
        for table, row in (
            (LoginAttempt, {"at": long_ago, "name_hash": "x", "address": "::1"}),
            (AccountAddress, {"account_id": ann, "address": "x", "seen_at": long_ago}),
            (
                AccountSession,
                {
                    "key_hash": "x",
                    "account_id": ann,
                    "seen_at": long_ago,
                    "created_at": long_ago,
                },
            ),
        ):
            connection.execute(sa.insert(table.__table__).values(row))

    send(nobody, "ann", GOOD)

    with app.app_context():
        for table, left in (
            (LoginAttempt, 0),
            (AccountAddress, 1),
            (AccountSession, 1),
        ):
            assert (
                db.session.scalar(sa.select(sa.func.count()).select_from(table)) == left
            )


# ---- noting that somebody is there


def test_reading_writes_at_most_once_a_minute(app, client, statements):
    def written():
        with statements() as seen:
            assert is_in(client)
        return [s for s in seen if s.startswith("UPDATE")]

    assert written() == []
    with app.app_context(), db.engine.begin() as connection:
        ago = utcnow() - timedelta(minutes=2)
        connection.execute(sa.update(AccountSession.__table__).values(seen_at=ago))
    assert len(written()) == 1
    assert written() == []


def test_a_database_that_takes_no_writes_is_still_read(app, client):
    with app.app_context(), db.engine.begin() as connection:
        ago = utcnow() - timedelta(minutes=2)
        connection.execute(sa.update(AccountSession.__table__).values(seen_at=ago))

    with refusing_writes(app):
        start = time.monotonic()
        assert is_in(client)
        assert time.monotonic() - start < 3.5, "it waited for the lock"
    # The connection goes back as it was.
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            assert usual == LOCK_SECONDS * 1000


@contextlib.contextmanager
def refusing_writes(app):
    """Hold a lock that no other write gets past."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE")
            yield
            connection.connection.dbapi_connection.execute("ROLLBACK")
            return
        connection.execute(sa.select(AccountSession.id).with_for_update())
        yield


# ---- the first account


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
    browser = create_app(settings).test_client()
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
        ({"password": "short", "again": "short"}, "12 characters or more"),
        ({"again": GOOD + "!"}, "not the same"),
        ({"username": "a b"}, "cannot be a user name"),
        ({"username": ""}, "A name is needed"),
        ({"password": "password1234", "again": "password1234"}, "one of the first"),
    ],
)
def test_what_is_wrong_stands_at_its_field(app, nobody, link, fields, words):
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


def test_a_session_of_the_tests_is_like_any_other(app):
    browser = log_in(app.test_client(), "viewer", "vera")
    assert "vera, viewer" in browser.get("/hosts/").text
