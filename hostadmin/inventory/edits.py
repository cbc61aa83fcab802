"""One edit: what becomes of one object, field by field, as the history keeps it.

Features decide which edits there are, and why; ``write_edits`` makes rows of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import Conflict
from ..history import CHANGED, CREATED
from ..history.kept_counts import Values
from ..validation.addresses import ip_key
from ..validation.json_values import same_json
from ..validation.values import HostStatus, fold, plain

# Seen again: that gives no version and no entry, but a count on the change set.
CONFIRMED = "confirmed"
# Of these each item comes and goes by itself.
LISTS = frozenset({"aliases", "addresses", "groups", "children"})
# Their items are groups.
REFERENCES = frozenset({"groups", "children"})
# What a new object may bring along, and no entry says.
TIMES = frozenset({"created_at", "updated_at", "confirmed_at"})


class Change(NamedTuple):
    """What a field holds and what it will, as the history keeps it; None is not set.

    A group without an id is meant by its name.
    """

    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one object.

    ``version`` is the one it has now; that of a new one is the one it gets, and its
    id is 0 unless it comes back. ``name`` is that of before.
    """

    subject: str
    id: int
    version: int
    name: str = ""
    changes: Mapping[str, Change] = field(default_factory=dict)
    action: str = CHANGED
    # When it was seen to exist, if that was not now.
    seen_at: datetime | None = None
    # Values of what a host is counted by, if they were read.
    counted_by: Values = ()

    def after(self, name: str) -> Any:
        """Return what a field will hold, as far as the edit says it."""
        change = self.changes.get(name)
        return None if change is None else change.after

    @property
    def new_name(self) -> str:
        """The name of the object after the edit, or before where it goes."""
        return str(self.after("hostname") or self.after("name") or self.name)

    def entry(self) -> dict[str, Any]:
        """Return what the history keeps; of a new object, the fields that are set."""
        changes = dict(self.changes)
        if self.action == CREATED:
            changes = {
                name: change
                for name, change in changes.items()
                if change.after and name not in TIMES
            }
        return {
            "subject": self.subject,
            "subject_id": self.id,
            "subject_name": self.new_name,
            "action": self.action,
            "changes": changes,
        }


def created(subject: str, fields: Mapping[str, Any]) -> Edit:
    """Return the edit that adds an object; fields are cleaned, and groups names."""
    changes = {name: Change(None, value) for name, value in fields.items()}
    for name in REFERENCES & fields.keys():
        changes[name] = Change(None, [{"name": text} for text in fields[name]])
    if subject == "host":
        status = fields.get("status") or HostStatus.ACTIVE
        changes["status"] = Change(None, plain(status))
    return Edit(subject, 0, 1, "", changes, CREATED)


def changed_meanwhile(subject: str = "") -> Conflict:
    """Return the refusal to write what is no longer what was planned."""
    what = f"Some of the {subject}s were" if subject else "The inventory was"
    return Conflict(f"{what} changed by someone else. Nothing was saved.")


# ---- values


def identity(name: str, item: Any) -> Any:
    """Return what makes two items of a list the same."""
    if isinstance(item, dict):
        return item["id"]
    return ip_key(item) if name == "addresses" else item


def gained(name: str, change: Change) -> list[Any]:
    """Return the items that a list has after a change, and not before."""
    return _beyond(name, change.after, change.before)


def lost(name: str, change: Change) -> list[Any]:
    """Return the items that a list has before a change, and not after."""
    return _beyond(name, change.before, change.after)


def _beyond(name: str, items: Any, others: Any) -> list[Any]:
    if not others:
        return items or []
    have = {identity(name, item) for item in others}
    return [item for item in items or () if identity(name, item) not in have]


def in_order(items: Any) -> list[Any] | None:
    """Return items as the history keeps them: sorted, None instead of none."""
    return sorted(items, key=item_name) or None


def item_name(item: Any) -> str:
    """Return an item of a list by its name; those that are groups have more."""
    return str(item["name"] if isinstance(item, dict) else item)


def same_value(name: str, one: Any, other: Any) -> bool:
    """Whether a field holds the same; groups count by id, whatever their names."""
    if name in LISTS:
        return {identity(name, item) for item in one or ()} == {
            identity(name, item) for item in other or ()
        }
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return same_json(one or None, other or None)


def is_rename(before: str | None, after: str | None) -> bool:
    """Whether both are the same value, written in two ways."""
    if before is None or after is None or before == after:
        return False
    return fold(before) == fold(after)
