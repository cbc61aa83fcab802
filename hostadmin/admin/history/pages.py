"""The pages of the history: which changes, one of them, one entry in full."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ...clock import utcnow
from ...db.session import db
from ...db.time_limit import TooSlow, time_limit
from ...errors import NotFound, QueryError
from ...formatting import time_text
from ...history import SOURCES
from ...history.filters import (
    FIELDS,
    KINDS,
    NAMES,
    PERSONAL,
    SHORTHANDS,
    HistoryFilter,
    read,
)
from ...history.objects import existing, find_objects
from ...history.search import (
    ChangePage,
    Line,
    find_change,
    list_changes,
    list_entries,
    summarised,
)
from ...history.undone import find_undone
from ...inventory.list_hosts import NOT_COUNTED
from ...keyset.pages import Count, capped_count
from ...limits import limits
from ...models import ChangeEntry, ChangeSet
from ...query.ast import EQUALS, Term
from ...query.sql.compiler import select_ids
from ...undo import UNDONE
from ...validation.accounts import Role
from ...validation.values import quoted
from ..current_user import me
from ..generated.change_entries import parse_big_id, shown_entry
from ..generated.list_context import Chip, Listing, read_request
from ..generated.urls import ViewUrl, hosts_of_change_url

# The tab of log-ins, for admins.
SIGN_INS = "sign_ins"
PARAMETERS = (*NAMES, *SHORTHANDS, SIGN_INS, "per_page", "cursor")
# How a condition reads on its chip.
CHIPS = {
    "actor": "by {}",
    "source": "source: {}",
    "kind": "kind: {}",
    "object": "{}",
    "host": "host {}",
    "group": "group {}",
    "field": "field: {}",
    "since": "since {}",
    "until": "until {}",
}


class ChangeListing(Listing):
    """What is around a list of changes, which nobody counts."""

    @property
    def range_text(self) -> str:
        return f"{self.start:,}–{self.start + self.shown - 1:,}" if self.shown else ""


@dataclass(frozen=True)
class Row:
    id: int
    url: str
    undo_url: str | None
    undone_by: int | None
    hosts_url: str | None
    # The link, and what follows it.
    head: str
    rest: str
    actor: str
    actor_url: str
    source: str
    at: datetime
    message: str | None


class ChangesPage(BaseView):
    """Read only: nothing can edit or delete what was recorded."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        view = read_request("changes.index", request.args, PARAMETERS)
        if view.filters:
            raise QueryError(
                f"Unknown parameter {quoted(view.filters[0][0])}.", "Remove it."
            )
        given = dict(view.url.pairs)
        if len(given) < len(view.url.pairs):
            raise QueryError("A filter is set more than once. Use each filter once.")
        only = given.get(SIGN_INS)
        if only not in (None, "1"):
            raise QueryError(f"{quoted(only)} is not valid for {SIGN_INS}.", "Use 1.")
        asked = replace(
            read(given, utcnow()), hidden=hidden_kinds(), sign_ins=only == "1"
        )
        if asked.kind and not only:
            # Of accounts, all that they did is asked for.
            asked = replace(asked, sign_ins=None)
        if asked.kind in asked.hidden or (asked.sign_ins and asked.hidden):
            abort(403, "Only admins can see changes to accounts and tokens.")
        session = db.session()
        objects = find_objects(session, asked)
        page = list_changes(session, asked, objects, view.cursor, view.size)
        listing = _listing(view.url, view.size, page, asked)
        return str(
            self.render(
                "history/list.html",
                listing=listing,
                rows=_rows(page, view.url),
                asked=asked,
                given=given,
                hint=_hint(asked, objects, page),
                sign_ins_url=url_for("changes.index", sign_ins=1),
                kinds=[kind for kind in KINDS if kind not in asked.hidden],
                fields=FIELDS,
                sources=SOURCES,
            )
        )

    @expose("/<change_set_id>/")
    def change(self, change_set_id: str) -> ResponseReturnValue:
        change = get_change(change_set_id)
        view = read_request("changes.change", request.args, ("per_page", "cursor"))
        session = db.session()
        page = list_entries(session, change.id, view.cursor, view.size)
        line = summarised(session, [change])[0]
        undone = find_undone(session, [change.id])
        there = existing(session, {(e.subject, e.subject_id) for e in page.rows})
        url = _ChangeUrl("changes.change", view.url.pairs, change.id)
        listing = _uncounted(
            noun="entry",
            nouns="entries",
            url=url,
            size=view.size,
            start=page.start,
            shown=len(page.rows),
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
        )
        return str(
            self.render(
                "history/change_set.html",
                change=change,
                line=line,
                can_undo=bool(line.subjects & set(UNDONE)),
                undone_by=undone.by(change.id),
                hosts=_hosts_of(line),
                hosts_url=hosts_of_change_url(change.id),
                entries=[
                    shown_entry(entry, there, undone=undone) for entry in page.rows
                ],
                listing=listing,
            )
        )

    @expose("/<change_set_id>/<entry_id>/")
    def entry(self, change_set_id: str, entry_id: str) -> ResponseReturnValue:
        change = get_change(change_set_id)
        session = db.session()
        entry = session.get(ChangeEntry, parse_big_id(entry_id))
        if entry is None or entry.change_set_id != change.id:
            raise NotFound(f"Change {change.id} has no entry {quoted(entry_id)}.")
        there = existing(session, {(entry.subject, entry.subject_id)})
        return str(
            self.render(
                "history/entry.html",
                change=change,
                entry=shown_entry(
                    entry,
                    there,
                    limit=None,
                    undone=find_undone(session, [change.id]),
                ),
            )
        )


@dataclass(frozen=True)
class _ChangeUrl(ViewUrl):
    """A view of the entries of one change."""

    change_set_id: int = 0

    def __str__(self) -> str:
        return self.to(self.endpoint, change_set_id=self.change_set_id)

    def setting(self, name: str, value: str | None) -> ViewUrl:
        pairs = super().setting(name, value).pairs
        return _ChangeUrl(self.endpoint, pairs, self.change_set_id)

    def adding(self, name: str, value: str) -> ViewUrl:
        pairs = super().adding(name, value).pairs
        return _ChangeUrl(self.endpoint, pairs, self.change_set_id)


def hidden_kinds() -> tuple[str, ...]:
    """Return the kinds of objects whose history is not for who asks."""
    who = me()
    return () if who.role is Role.ADMIN else PERSONAL


def get_change(text: str) -> ChangeSet:
    """Return the change set of an address, if it may be read. Raises ``NotFound``."""
    found = find_change(db.session(), parse_big_id(text), hidden_kinds())
    if found is None:
        raise NotFound(f"Change {text} does not exist.")
    return found


def _uncounted(**facts: Any) -> ChangeListing:
    """Return a list in the order in which it was written."""
    order: dict[str, Any] = {"sort_name": "", "sort_desc": False}
    return ChangeListing(**order, count=Count(0), total=Count(0), **facts)


def _listing(
    url: ViewUrl, size: int, page: ChangePage, asked: HistoryFilter
) -> Listing:
    chips = [
        Chip(CHIPS[name].format(value), str(url.without(at)), f"Remove {value}")
        for at, (name, value) in enumerate(url.pairs)
        if name in CHIPS
    ]
    return _uncounted(
        noun="change",
        nouns="changes",
        url=url,
        size=size,
        start=page.start,
        shown=len(page.lines),
        next_cursor=page.older,
        previous_cursor=page.newer,
        chips=chips,
        search_name="object",
        search_label="Find changes to a host or group (name or #ID)",
        search_value=asked.object,
        view_names=("per_page",),
    )


def _hosts_of(line: Line) -> Count | None:
    """Return how many of the hosts still exist: as many as their list shows."""
    if not line.hosts:
        return None
    session = db.session()
    node = Term("change", EQUALS, (str(line.change.id),))
    try:
        with time_limit(session, limits.count_seconds):
            return capped_count(session, select_ids(session, node))
    except TooSlow:
        return NOT_COUNTED


def _rows(page: ChangePage, url: ViewUrl) -> list[Row]:
    rows = []
    undone = find_undone(db.session(), [line.change.id for line in page.lines])
    for line in page.lines:
        change = line.change
        head, colon, rest = line.summary.partition(": ")
        rows.append(
            Row(
                id=change.id,
                url=url_for("changes.change", change_set_id=change.id),
                undo_url=url_for("undo.undo_page", change_set_id=change.id)
                if line.subjects & set(UNDONE)
                else None,
                undone_by=undone.by(change.id),
                hosts_url=hosts_of_change_url(change.id) if line.hosts > 1 else None,
                head=head[:1].upper() + head[1:],
                rest=colon + rest,
                actor=change.actor,
                actor_url=str(url.setting("actor", change.actor)),
                source=change.source,
                at=change.at,
                message=change.message,
            )
        )
    return rows


def _hint(asked: HistoryFilter, objects: list[Any] | None, page: ChangePage) -> str:
    if objects == []:
        what = asked.kind or "host or group"
        return f"No {what} was ever named {quoted(asked.object)}."
    if page.looked_until:
        return (
            f"Searched {limits.history_window:,} changes, back to "
            f"{time_text(page.looked_until)}. “Next” searches further."
        )
    return ""
