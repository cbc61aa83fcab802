"""What a change set says of itself, for lists: how many of what, fields, former names.

It follows from the entries and is written with them, in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from ..clock import utcnow
from ..models import (
    FormerName,
    change_counts,
    change_fields,
    host_counts,
    inventory_changes,
    undos,
)
from ..validation.accounts import username_key
from ..validation.values import name_key
from .kept_counts import CountChanges

Entry = TypeVar("Entry", bound=Mapping[str, Any])

NAME_FIELDS = {"host": "hostname", "account": "username"}
SUMMARY_TABLES = frozenset(
    {
        change_counts,
        change_fields,
        host_counts,
        inventory_changes,
        undos,
        FormerName.__table__,
    }
)
# What exports, lists and counts are made of.
INVENTORY = frozenset({"host", "group", "inventory"})


class Facts:
    """What is known so far of the change set of this transaction."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.fields: set[str] = set()
        self.names: list[dict[str, Any]] = []
        # Hosts were seen again: no entry says so.
        self.confirms = False
        self.hosts = CountChanges()

    def noting(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield entries, columns of ``ChangeEntry``, and take each in on its way."""
        for entry in entries:
            self.counts[entry["subject"], entry["action"]] += 1
            self.fields.update(entry["changes"])
            self.hosts.note(entry)
            name = _former_name(entry)
            if name is not None:
                self.names.append(
                    {
                        "name_key": subject_key(entry["subject"], name),
                        "subject": entry["subject"],
                        "subject_id": entry["subject_id"],
                    }
                )
            yield entry

    def write(
        self, connection: sa.Connection, change_set_id: int, at: datetime
    ) -> None:
        counts = [
            {
                "change_set_id": change_set_id,
                "subject": subject,
                "action": action,
                "entries": number,
            }
            for (subject, action), number in self.counts.items()
        ]
        fields = [
            {"field": field, "at": at, "change_set_id": change_set_id}
            for field in sorted(self.fields - NOT_FIELDS)
        ]
        touched: list[dict[str, Any]] = []
        if self.confirms or any(subject in INVENTORY for subject, _ in self.counts):
            touched = [{"at": utcnow(), "change_set_id": change_set_id}]
        for statement, rows in (
            (sa.insert(change_counts), counts),
            (sa.insert(change_fields), fields),
            (sa.insert(FormerName), self.names),
            # The last one, see there.
            (sa.insert(inventory_changes), touched),
        ):
            if rows:
                connection.execute(statement, rows)


# Kept to bring a deleted object back, but nothing that somebody changes.
NOT_FIELDS = frozenset({"created_at"})


def subject_key(subject: str, name: str) -> str:
    """Return a name as it is compared; names of groups and tokens differ by case."""
    if subject == "host":
        return name_key(name)
    return username_key(name) if subject == "account" else name


def _former_name(entry: Mapping[str, Any]) -> str | None:
    """Return the name that the object does not have from now on."""
    if entry["action"] == "deleted":
        return str(entry["subject_name"])
    field = NAME_FIELDS.get(entry["subject"], "name")
    before: str | None = entry["changes"].get(field, (None, None))[0]
    return before
