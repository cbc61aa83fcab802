"""Edits into rows and history, of every feature, in the transaction that is open."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..history import CHANGED, CREATED, DELETED
from ..models import Group
from ..validation.host_fields import VOCABULARY_FIELDS
from . import bulk_delete, bulk_write, bulk_write_groups, inventory_vars, vocabulary
from .edits import (
    CONFIRMED,
    LISTS,
    REFERENCES,
    Change,
    Edit,
    changed_meanwhile,
    in_order,
    is_rename,
)

BATCH = 1_000
# So many spellings are remembered; more of them are looked up again.
MAX_SPELLINGS = 50_000


def write_edits(session: orm.Session, edits: Iterable[Edit]) -> None:
    """Write edits and record them; those alike that follow each other, together.

    Raises ``Conflict`` when something is no longer at its version, or a name or an id
    is taken. New groups are for ``create_groups``.
    """
    known = _Known(session)
    key = attrgetter("subject", "action", "seen_at")
    for (subject, action, _), alike in groupby(edits, key=key):
        for some in batched(alike, BATCH):
            _WRITERS[subject, action](session, known.resolve(some))
        _forget_objects(session)


def create_groups(session: orm.Session, edits: Callable[[], Iterable[Edit]]) -> None:
    """Add groups that may hold each other, and record them.

    ``edits`` is called twice: the children of a group may be among those after it, and
    together they may be too many to be held.
    """
    for some in batched(edits(), BATCH):
        bulk_write_groups.insert_groups(session, some)
    known = _Known(session)
    for some in batched(edits(), BATCH):
        ids = known.group_ids(edit.new_name for edit in some)
        there = [replace(edit, id=ids[edit.new_name]) for edit in some]
        bulk_write_groups.complete_groups(session, known.resolve(there))
    _forget_objects(session)


def _forget_objects(session: orm.Session) -> None:
    """Expire what was read before: it does not know what Core statements wrote."""
    session.flush()
    session.expire_all()


class _Known:
    """Spells terms and finds the ids of groups, and remembers both."""

    def __init__(self, session: orm.Session) -> None:
        self._session = session
        self._spelled: dict[tuple[str, str], str] = {}
        self._group_ids: dict[str, int] = {}

    def resolve(self, edits: Sequence[Edit]) -> list[Edit]:
        """Return edits whose terms are spelled and whose groups have ids."""
        for name in VOCABULARY_FIELDS:
            self._spell(name, [e.changes[name] for e in edits if name in e.changes])
        self.group_ids(
            item["name"]
            for edit in edits
            for name in REFERENCES & edit.changes.keys()
            for item in edit.changes[name].after or ()
            if "id" not in item
        )
        return [
            replace(edit, changes=self._resolved(edit)) if edit.changes else edit
            for edit in edits
        ]

    def _spell(self, name: str, changes: Iterable[Change]) -> None:
        if len(self._spelled) > MAX_SPELLINGS:
            self._spelled.clear()
        for before, after in set(changes):
            if is_rename(before, after) and self._spelled.get((name, after)) != after:
                vocabulary.rename_value(self._session, name, after)
                self._spelled.clear()
        texts = dict.fromkeys(c.after for c in changes if c.after is not None)
        new = [text for text in texts if (name, text) not in self._spelled]
        found = vocabulary.canonical_values(self._session, name, new) if new else {}
        self._spelled |= {(name, text): found[text] for text in new}

    def group_ids(self, names: Iterable[str]) -> dict[str, int]:
        """Return name → id of these groups, and others. Raises ``Conflict``."""
        new = set(names) - self._group_ids.keys()
        for some in batched(new, BATCH):
            query = sa.select(Group.name, Group.id).where(Group.name.in_(some))
            rows = self._session.execute(query)
            self._group_ids |= {row.name: row.id for row in rows}
        if new - self._group_ids.keys():
            raise changed_meanwhile("group")
        return self._group_ids

    def _resolved(self, edit: Edit) -> dict[str, Change]:
        changes = dict(edit.changes)
        for name in VOCABULARY_FIELDS:
            change = changes.get(name)
            if change is not None and change.after is not None:
                spelled = self._spelled[name, change.after]
                changes[name] = Change(change.before, spelled)
        for name in LISTS & changes.keys():
            before, after = changes[name]
            items = [self._referred(item) for item in after or ()]
            changes[name] = Change(before, in_order(items))
        return changes

    def _referred(self, item: Any) -> Any:
        if isinstance(item, dict) and "id" not in item:
            return {"id": self._group_ids[item["name"]], "name": item["name"]}
        return item


# ---- by subject and action


def _versions(edits: Iterable[Edit]) -> dict[int, int]:
    return {edit.id: edit.version for edit in edits}


def _delete_hosts(session: orm.Session, edits: Sequence[Edit]) -> None:
    bulk_delete.delete_hosts(session, _versions(edits))


def _confirm_hosts(session: orm.Session, edits: Sequence[Edit]) -> None:
    bulk_write.confirm_unchanged(session, _versions(edits), edits[0].seen_at)


def _change_inventory(_session: orm.Session, edits: Sequence[Edit]) -> None:
    for edit in edits:
        given = {"vars": edit.after("vars") or {}}
        inventory_vars.change_inventory(given, edit.version)


_WRITERS: dict[tuple[str, str], Callable[[orm.Session, Sequence[Edit]], None]] = {
    ("host", CREATED): bulk_write.insert_hosts,
    ("host", CHANGED): bulk_write.change_hosts,
    ("host", CONFIRMED): _confirm_hosts,
    ("host", DELETED): _delete_hosts,
    ("group", CHANGED): bulk_write_groups.change_groups,
    ("group", DELETED): bulk_write_groups.delete_groups,
    ("inventory", CHANGED): _change_inventory,
}
