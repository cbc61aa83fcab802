"""What the history costs: its share of a save, an edit of many and an import; its
pages; and undo. Part of ``make bench``.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.inventory import hosts
from hostadmin.models import ChangeSet, Host
from hostadmin.undo import undo

from ..helpers.accounts import log_in
from ..helpers.pages import csrf

ROUNDS, SAVES = 3, 30
LISTENERS = {
    "before_flush": recorder._before_flush,
    "after_flush": recorder._after_flush,
    "before_commit": recorder._before_commit,
}
PAGES = ("/changes/", "/changes/?source=import", "/changes/?field=owner")


@contextlib.contextmanager
def without_history() -> Iterator[None]:
    """Write without entries, which only a measurement may do."""

    def permit(session: Any, *_: object) -> None:
        session.info["permitted"] = history.RECORDED_TABLES

    own = [m for name, m in sys.modules.items() if name.startswith("hostadmin")]
    with contextlib.ExitStack() as stack:
        for module in own:
            if getattr(module, "add_entries", None) is history.add_entries:
                stack.enter_context(mock.patch.object(module, "add_entries"))
        for name, listener in LISTENERS.items():
            event.remove(db.session, name, listener)
        event.listen(db.session, "before_flush", permit)
        try:
            yield
        finally:
            event.remove(db.session, "before_flush", permit)
            for name, listener in LISTENERS.items():
                event.listen(db.session, name, listener)


def share(run: Callable[[], object], undo_it: Callable[[], object]) -> str:
    """Return how long a write takes, and how much of that is its history."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for recorded in (True, False):
            with contextlib.nullcontext() if recorded else without_history():
                start = time.perf_counter()
                run()
                taken[recorded].append(time.perf_counter() - start)
            undo_it()
    whole, bare = (median(taken[recorded]) for recorded in (True, False))
    return f"{whole * 1e3:8.0f} ms, of which history {100 * (1 - bare / whole):4.0f} %"


def bench_changes(app: Flask, count: int, folder: Path) -> None:
    print("\nhistory")
    file = folder / "more.csv"
    file.write_text(
        "hostname,ip_addr,port,environment,os,owner,groups,rack\n"
        + "".join(
            f"more-{n}.example,10.200.{n // 256 % 256}.{n % 256},22,prod,Debian 13,"
            f"team{n % 20},more,r{n % 40}\n"
            for n in range(count)
        )
    )
    client = log_in(app.test_client())
    # Outside of the context, whose session the requests would share.
    print("  form saved", f"{SAVES} times", share(saves(app, client), lambda: None))
    with app.app_context():
        print("  import of", f"{count:,} hosts", share(lambda: bring(file), clear))
        bring(file)
        last = db.session.scalar(sa.select(sa.func.max(ChangeSet.id)))
        ids = db.session.scalars(
            sa.select(Host.id).where(Host.hostname.startswith("more-")).limit(50)
        ).all()
        history.write(
            ActorContext("somebody else", "web"),
            lambda: [hosts.change_host(id_, {"notes": "mine"}) for id_ in ids],
        )
        start = time.perf_counter()
        plan, _ = history.write(
            ActorContext("bench", "command"), lambda: undo(db.session(), last)
        )
        taken = time.perf_counter() - start
        with plan:
            print(
                f"  undo of the import: {plan.back:,} back, {plan.kept_objects:,} "
                f"kept, {taken:.1f} s"
            )
        db.session.remove()
    for url in (*PAGES, f"/changes/{last}/"):
        start = time.perf_counter()
        assert client.get(url).status_code == 200, url
        print(f"  {url:40}{(time.perf_counter() - start) * 1e3:8.1f} ms")


def bring(file: Path) -> None:
    """Import a file as the command does."""
    with importer.staged(str(file)) as plan:
        importer.make_plan(db.session(), plan)
        db.session.rollback()
        history.write(
            ActorContext("bench", "import"),
            lambda: importer.apply_plan(db.session(), plan),
        )


def clear() -> None:
    """Take the hosts out again, past the history."""
    db.session.remove()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM hosts WHERE hostname LIKE 'more-%%'")


def saves(app: Flask, client: Any) -> Callable[[], None]:
    with app.app_context():
        engine = db.engine
        id_ = db.session.scalar(sa.select(sa.func.min(Host.id)))
    url = f"/hosts/edit/?id={id_}"
    token = csrf(client, url)
    numbers = iter(range(1_000_000))

    def run() -> None:
        for _ in range(SAVES):
            with engine.connect() as connection:
                version = connection.scalar(
                    sa.select(Host.version).where(Host.id == id_)
                )
            form = {
                "csrf_token": token,
                "row_version": str(version),
                "hostname": "bench.example",
                "status": "active",
                "owner": f"owner-{next(numbers) % 7}",
                "notes": f"note {next(numbers)}",
            }
            answer = client.post(url, data=form)
            assert answer.status_code == 302, answer.text

    return run
