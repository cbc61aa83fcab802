"""What a change to many hosts costs, against the bare statements of the same."""

import random
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from hostadmin import history
from hostadmin.bulk_edit import (
    DELETE,
    BulkEdit,
    Selection,
    change,
    plan_change,
    read_edit,
)
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.models import ChangeEntry, ChangeSet, Host
from hostadmin.undo import undo

MANY = 10_000
BATCH = 500
ACT = ActorContext("bench", "command")


def bench_many(app: Flask) -> None:
    """Plan, write and undo changes to 10,000 hosts, or half of what there is."""
    with app.app_context():
        ids = list(db.session.scalars(sa.select(Host.id)))
        db.session.rollback()
        random.seed(7)
        random.shuffle(ids)
        many = min(MANY, len(ids) // 2)
        bare = _taken(lambda: _bare(sorted(ids[many : 2 * many])))
        print(f"\n{many:,} hosts at once; the bare statements take {bare:.2f} s")
        print(f"{'':12}{'plan s':>8}{'write s':>9}{'undo s':>8}{'write / bare':>14}")
        selection = Selection(ids=tuple(ids[:many]))
        for name, edit in (
            ("owner", read_edit([("owner", "bench")])),
            ("group", read_edit(add_groups=["bench"], make_groups=True)),
            ("variable", read_edit([("var.net.mtu", "9000")])),
            ("delete", BulkEdit(DELETE)),
        ):
            plan, write, back = _measured(selection, edit)
            ratio = f"{write / bare:14.1f}" if name == "owner" else ""
            print(f"{name:12}{plan:8.2f}{write:9.2f}{back:8.2f}{ratio}")


def _taken(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _measured(selection: Selection, edit: BulkEdit) -> tuple[float, float, float]:
    kept: dict[str, Any] = {}

    def plan() -> None:
        kept["plan"] = plan_change(db.session(), selection, edit)
        db.session.rollback()

    def write() -> None:
        digest = kept["plan"].digest
        _, kept["id"] = history.write(
            ACT, lambda: change(db.session(), selection, edit, digest)
        )

    def back() -> None:
        history.write(ACT, lambda: undo(db.session(), kept["id"]))[0].close()

    return _taken(plan), _taken(write), _taken(back)


def _bare(ids: list[int]) -> None:
    """Write an owner and an entry for each host, without looking at any of them."""
    hosts, now = Host.__table__, utcnow()
    columns = {"owner": "bare", "updated_at": now, "confirmed_at": now}
    with db.engine.begin() as connection:
        act = {"at": now, "actor": "bench", "source": "command"}
        made = connection.execute(sa.insert(ChangeSet).values(act))
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            connection.execute(
                sa.update(hosts)
                .where(hosts.c.id.in_(some))
                .values(**columns, version=hosts.c.version + 1)
            )
            connection.execute(
                sa.insert(ChangeEntry.__table__),
                [
                    {
                        "change_set_id": made.inserted_primary_key[0],
                        "subject": "host",
                        "subject_id": host_id,
                        "subject_name": "bare",
                        "action": "changed",
                        "changes": {"owner": ["from", "to"]},
                    }
                    for host_id in some
                ],
            )
