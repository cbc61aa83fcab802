"""Entries of the history as pages show them: shortened, with ways to the whole."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from ...errors import NotFound
from ...formatting import calm, shortened
from ...history.describe import WHOLE, field_changes, value_text
from ...history.filters import SHORTHANDS
from ...history.objects import Object
from ...history.undone import Undone
from ...models import ChangeEntry
from ...undo import UNDONE
from ...validation.numbers import MAX_BIG_ID, whole_number
from ...validation.values import quoted

PAGES = {
    "host": "hosts.details_view",
    "group": "groups.details_view",
    "inventory": "inventory.details_view",
}
# A page of long values must stay a page; the page of an entry has them in full.
LONG = 300


@dataclass(frozen=True)
class ShownField:
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownEntry:
    """One entry; ``url`` leads to the object, if it is there."""

    id: int
    actor: str
    at: datetime
    source: str
    message: str | None
    subject: str
    name: str
    action: str
    fields: list[ShownField]
    is_shortened: bool
    is_gone: bool
    url: str | None
    entry_url: str
    change_url: str
    undo_url: str | None
    undone_by: int | None
    history_url: str


def parse_big_id(text: str) -> int:
    """Return the id of a change or entry. Raises ``NotFound``."""
    number = whole_number(text, 1, MAX_BIG_ID)
    if number is None:
        raise NotFound(f"{quoted(text)} is not a valid change ID.")
    return number


def shown_entry(
    entry: ChangeEntry,
    there: Set[Object],
    limit: int | None = LONG,
    undone: Undone | None = None,
) -> ShownEntry:
    """Return an entry for a page. ``there`` are the objects that exist."""
    change = entry.change_set
    fields = [
        (field.name, value_text(field.before), value_text(field.after))
        for field in field_changes(entry.changes)
    ]
    is_long = any(
        limit is not None and max(len(before), len(after)) > limit
        for _, before, after in fields
    )
    exists = (entry.subject, entry.subject_id) in there
    page = PAGES.get(entry.subject)
    ids: dict[str, Any] = {"change_set_id": change.id}
    return ShownEntry(
        id=entry.id,
        actor=change.actor,
        at=change.at,
        source=change.source,
        message=change.message,
        subject="variables of" if entry.subject == "inventory" else entry.subject,
        name=WHOLE if entry.subject == "inventory" else entry.subject_name,
        action=entry.action,
        fields=[
            ShownField(calm(name), shown_text(before, limit), shown_text(after, limit))
            for name, before, after in fields
        ],
        is_shortened=is_long,
        is_gone=not exists,
        url=url_for(page, id=entry.subject_id) if exists and page else None,
        entry_url=url_for("changes.entry", entry_id=entry.id, **ids),
        change_url=url_for("changes.change", **ids),
        undo_url=url_for("undo.undo_page", entry=entry.id, **ids)
        if entry.subject in UNDONE
        else None,
        undone_by=undone.by(change.id, entry.id) if undone else None,
        history_url=history_url(entry.subject, entry.subject_id),
    )


def shown_text(text: str, limit: int | None = LONG) -> str:
    """Return a text without what a page would obey, and not too long."""
    return calm(text if limit is None else shortened(text, limit))


def history_url(subject: str, subject_id: int) -> str:
    """Return the list of all changes of one object."""
    if subject == "inventory":
        return url_for("changes.index", kind=subject)
    if subject not in SHORTHANDS:
        return url_for("changes.index", kind=subject, object=f"#{subject_id}")
    number = f"#{subject_id}"
    which: dict[str, Any] = {subject: number}
    if subject not in SHORTHANDS:
        which = {"kind": subject, "object": number}
    return url_for("changes.index", **which)
