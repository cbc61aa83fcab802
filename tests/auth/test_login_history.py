"""What is kept of log-ins, and for how long."""

from datetime import timedelta

import sqlalchemy as sa

from hostadmin import history
from hostadmin.auth import accounts
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.limits import limits
from hostadmin.models import AccountAddress, AccountSession, ChangeSet, LoginAttempt

from ..helpers.logging_in import GOOD, change, events, send
from ..helpers.pages import csrf


def test_the_history_has_every_log_in_with_its_address(app, ann, nobody):
    nobody.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    before = len(events(app))
    send(nobody, "ann", "hunter2-hunter2")
    send(nobody, "my password is hunter2", "x")
    send(nobody, "ann", GOOD)
    nobody.post("/logout", data={"csrf_token": csrf(nobody, "/hosts/")})

    happened = events(app)[before:]
    address = "203.0.113.7"
    assert happened == [
        ("unknown user", address, "ann", "failed login"),
        ("unknown user", address, "(unknown name)", "failed login"),
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
        names = [event[2] for event in events(app) if event[3] == "failed login"]
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.delete(LoginAttempt.__table__))
        return sorted(names)

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

    happened = events(app)
    assert [event[2:] for event in happened] == [
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
