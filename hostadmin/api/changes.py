"""What was changed: one change, and all of them as a feed that a mirror follows."""

import threading
import time
from typing import Any

from flask import Response, abort
from sqlalchemy import orm

from ..db.session import db
from ..errors import NotFound
from ..history.feed import FeedPage, Gone, read_feed
from ..history.filters import PERSONAL
from ..history.inventory_version import START, Place, last_place, read_place
from ..history.search import counts_of, find_change, list_entries, summarised
from ..models import ChangeEntry, ChangeSet
from ..validation.numbers import MAX_BIG_ID
from . import shapes
from .blueprint import answer, bp, next_address
from .documented import documented
from .records import time_text

TAG = "Changes"
ID = f"/changes/<int(min=1,max={MAX_BIG_ID}):change_id>"
LOOKED_EVERY = 1.0
# Anyone who waits holds a thread; the others are answered at once.
WAITING = threading.BoundedSemaphore(3)


@bp.get("/changes")
@documented(shapes.Feed, tag=TAG)
def follow(query: shapes.FeedQuery) -> Response:
    """Follow changes

    Entries of hosts, groups and variables of all hosts after a position, oldest first.
    With `wait`, the response comes as soon as there is an entry, or after that many
    seconds. Only a few requests can wait at once; others are answered immediately.
    """
    session = db.session()
    if query.since == "now":
        place = last_place(session)
        return answer({"items": [], "next": str(place), "more": False})
    place = read_place(query.since) if query.since else START
    page = _read(session, place, query.limit)
    if not page.entries and not page.more and query.wait and WAITING.acquire(False):
        try:
            page = _wait(session, page.next, query)
        finally:
            WAITING.release()
    items = [_entry(entry) for entry in page.entries]
    return answer({"items": items, "next": str(page.next), "more": page.more})


def _read(session: orm.Session, place: Place, limit: int) -> FeedPage:
    try:
        return read_feed(session, place, limit)
    except Gone:
        abort(
            410,
            "This position is not in the history: the database was restored to an "
            "earlier state. Read everything again, then continue from “now”.",
        )


def _wait(session: orm.Session, place: Place, query: shapes.FeedQuery) -> FeedPage:
    end = time.monotonic() + query.wait
    while True:
        left = end - time.monotonic()
        page = _read(session, place, query.limit)
        if page.entries or left <= 0:
            return page
        place = page.next
        # Nobody waits with a connection in hand.
        session.rollback()
        time.sleep(min(LOOKED_EVERY, left))


@bp.get(ID)
@documented(shapes.Change, tag=TAG, path={"change_id": "ID of the change."})
def show_change(change_id: int) -> Response:
    """Show a change"""
    session = db.session()
    change = _get(session, change_id)
    [line] = summarised(session, [change])
    found = counts_of(session, [change_id]).get(change_id, {})
    counts: dict[str, dict[str, int]] = {}
    for (subject, action), number in found.items():
        counts.setdefault(subject, {})[action] = number
    data = {
        **_head(change),
        "summary": line.summary,
        "confirmed": change.confirmed_count,
        "counts": counts,
    }
    return answer(data)


@bp.get(f"{ID}/entries")
@documented(shapes.ChangeEntries, tag=TAG, path={"change_id": "ID of the change."})
def list_change_entries(change_id: int, query: shapes.Paged) -> Response:
    """List what a change did, object by object"""
    session = db.session()
    _get(session, change_id)
    page = list_entries(session, change_id, query.cursor or None, query.limit)
    items = [_entry(entry) for entry in page.rows]
    response = answer({"items": items, "next": page.next_cursor})
    response.headers.update(next_address(page.next_cursor))
    return response


def _get(session: orm.Session, change_id: int) -> ChangeSet:
    change = find_change(session, change_id, PERSONAL)
    if change is None:
        raise NotFound(f"Change {change_id} does not exist.")
    return change


def _entry(entry: ChangeEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "name": entry.subject_name,
        "action": entry.action,
        "changes": entry.changes,
        "change": _head(entry.change_set),
    }


def _head(change: ChangeSet) -> dict[str, Any]:
    return {
        "id": change.id,
        "at": time_text(change.at),
        "actor": change.actor,
        "source": change.source,
        "message": change.message,
    }
