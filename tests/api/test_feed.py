"""What mirrors follow: all that is changed, in the order of commits."""

import contextlib
import functools
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import bulk_edit, history
from hostadmin.auth import tokens
from hostadmin.bulk_edit import BulkEdit, Selection
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.errors import Busy, Conflict
from hostadmin.inventory import hosts
from hostadmin.models import ChangeEntry, ChangeSet, inventory_changes
from hostadmin.query.ast import EVERYTHING


def follow(program, since="", limit=2):
    """Return all entries after a place, and the place after them."""
    found = []
    while True:
        page = program.get(f"/changes?since={since}&limit={limit}").json
        found += page["items"]
        since = page["next"]
        if not page["more"]:
            return found, since


def summary(entries):
    return [(e["subject"], e["name"], e["action"]) for e in entries]


def test_the_feed_tells_every_change_once_and_where_to_go_on(
    app, reader, make_host, make_group
):
    start = reader.get("/changes?since=now").json["next"]
    make_group(name="g")
    ids = [make_host(hostname=f"h{number}") for number in range(5)]
    with app.app_context(), history.writing("ann", message="why"):
        every = Selection(node=EVERYTHING)
        edit = BulkEdit(fields={"owner": "me"})
        bulk_edit.change(db.session(), every, edit)
    with app.app_context(), history.writing("tests"):
        tokens.add_token("not told", "viewer")

    entries, end = follow(reader, start)

    assert summary(entries) == [
        ("group", "g", "created"),
        *(("host", f"h{number}", "created") for number in range(5)),
        *(("host", f"h{number}", "changed") for number in range(5)),
    ]
    assert entries[-1]["changes"] == {"owner": [None, "me"]}
    assert entries[-1]["change"]["actor"] == "ann"
    assert entries[-1]["change"]["message"] == "why"
    assert follow(reader, end) == ([], end)
    with app.app_context(), history.writing("tests"):
        hosts.delete_host(ids[0])
    assert summary(follow(reader, end)[0]) == [("host", "h0", "deleted")]
    assert summary(follow(reader)[0])[:11] == summary(entries)


def test_a_change_that_comes_to_light_late_is_shown(app, reader, make_host):
    id_ = make_host(hostname="a")
    place = reader.get("/changes?since=now").json["next"]
    with app.app_context(), db.engine.begin() as connection:
        last = connection.scalar(sa.select(sa.func.max(inventory_changes.c.at)))
        row = {"at": utcnow(), "actor": "x", "source": "web", "confirmed_count": 0}
        late = connection.execute(sa.insert(ChangeSet.__table__).values(row))
        [change_set_id] = late.inserted_primary_key
        change = {"at": last - timedelta(seconds=9), "change_set_id": change_set_id}
        connection.execute(sa.insert(inventory_changes).values(change))
        entry = {"subject": "host", "subject_id": id_, "subject_name": "late"}
        entry |= {"action": "changed", "changes": {}, "change_set_id": change_set_id}
        connection.execute(sa.insert(ChangeEntry.__table__).values(entry))

    entries, end = follow(reader, place)

    assert ("host", "late", "changed") in summary(entries)
    assert follow(reader, end) == ([], end)


def test_a_place_of_another_history_is_gone(app, reader, make_host):
    make_host()
    place = reader.get("/changes?since=now").json["next"]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.delete(inventory_changes))

    assert reader.get(f"/changes?since={place}").status_code == 410


def test_who_waits_is_answered_as_soon_as_something_happens(app, reader):
    place = reader.get("/changes?since=now").json["next"]
    started = time.monotonic()

    def change():
        time.sleep(0.3)
        with app.app_context(), history.writing("tests"):
            hosts.add_host({"hostname": "a"})

    thread = threading.Thread(target=change)
    thread.start()
    page = reader.get(f"/changes?since={place}&wait=20").json
    thread.join()

    assert summary(page["items"]) == [("host", "a", "created")]
    assert time.monotonic() - started < 15
    empty = reader.get(f"/changes?since={page['next']}&wait=1").json
    assert (empty["items"], empty["next"]) == ([], page["next"])


def test_a_change_is_shown_with_what_it_did(app, reader, make_host):
    make_host(hostname="a")
    make_host(hostname="b")
    with app.app_context(), history.writing("ann", message="why"):
        edit = BulkEdit(fields={"owner": "me"})
        _, id_ = bulk_edit.change(db.session(), Selection(node=EVERYTHING), edit)

    change = reader.get(f"/changes/{id_}").json
    entries = reader.all(f"/changes/{id_}/entries?limit=1")

    assert (change["actor"], change["counts"]) == ("ann", {"host": {"changed": 2}})
    assert [entry["name"] for entry in entries] == ["a", "b"]


def test_of_people_nothing_is_shown(app, reader):
    with app.app_context():
        sets = db.session.scalars(sa.select(ChangeSet.id)).all()
    assert sets
    for id_ in sets:
        assert reader.get(f"/changes/{id_}").status_code == 404


def writer(app, mark):
    """Return what adds hosts, and changes or deletes those that all know."""

    def change(number):
        hosts.add_host({"hostname": f"{mark}{number}"})
        found = hosts.find_host(f"h{number}")
        if found and mark == "x":
            hosts.delete_host(found.id)
        elif found:
            hosts.change_host(found.id, {"notes": f"{mark}{number}"})

    def work():
        with app.app_context():
            for number in range(6):
                act = history.ActorContext(mark, "command")
                with contextlib.suppress(Conflict, Busy):
                    history.write(act, functools.partial(change, number))

    return work


def test_a_mirror_is_equal_at_the_end_of_writes_by_three(app, reader, make_host):
    for number in range(6):
        make_host(hostname=f"h{number}")
    since = reader.get("/changes?since=now").json["next"]
    mirror = {host["id"]: host for host in reader.all("/hosts?limit=4")}
    threads = [threading.Thread(target=writer(app, mark)) for mark in "xyz"]
    for thread in threads:
        thread.start()

    is_last = False
    while not is_last:
        is_last = not any(thread.is_alive() for thread in threads)
        entries, since = follow(reader, since, 3)
        for id_ in {entry["subject_id"] for entry in entries}:
            answer = reader.get(f"/hosts/{id_}")
            mirror[id_] = answer.json
            if answer.status_code == 404:
                del mirror[id_]

    assert mirror == {host["id"]: host for host in reader.all("/hosts")}
    assert len(mirror) > 6


@pytest.mark.parametrize("query", ["since=now&x=1", "limit=0"])
def test_the_feed_refuses_what_it_does_not_know(reader, query):
    assert reader.get(f"/changes?{query}").status_code == 400
