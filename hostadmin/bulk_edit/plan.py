"""The plan of a change to many hosts: how many, from what to what, what stays.

Made again for the writing, and compared: only what was shown is ever written.
"""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..errors import InvalidInput
from ..inventory import vocabulary
from ..inventory.bulk_read import StoredHost, read_hosts_by_id
from ..inventory.bulk_write import BATCH
from ..inventory.groups import unknown_groups
from ..models import Group
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.json_values import json_text
from ..validation.values import fold, name_key, natural_key
from .diff import Decision, FieldChange, decide
from .edit import ADD_GROUPS, CHANGE, REMOVE_GROUPS, BulkEdit
from .selection import Selection, find_ids
from .shown_versions import Seen

# Hosts that a page shows one by one.
SAMPLE = 10
# So many different values of a field are counted one by one, the rest together.
VALUES = 200
LONG = 200
OTHERS = "other values"


@dataclass(frozen=True)
class Line:
    """So many hosts go from one value to another, or stay. None is not set.

    ``value`` is the whole of what they have now, None where it is not one.
    """

    label: str
    before: str | None
    after: str | None
    stays: str
    count: int
    others: bool = False


@dataclass(frozen=True)
class SampleHost:
    id: int
    hostname: str
    field_changes: list[FieldChange]


class MissingGroups(InvalidInput):
    """Groups to join that are not there yet; they could be made."""

    def __init__(self, session: orm.Session, names: list[str]) -> None:
        self.names = names
        super().__init__(unknown_groups(session, ADD_GROUPS, names))


_Key = tuple[str, str | None, str | None, str, bool]


class ChangePlan:
    """What would become of the hosts of a selection."""

    def __init__(self, edit: BulkEdit, new_groups: Iterable[str] = ()) -> None:
        # Spelled as it would be written.
        self.edit = edit
        self.new_groups = tuple(new_groups)
        # All hosts of the selection, and those of them that would be written.
        self.all = Seen()
        self.written = Seen()
        # Hosts that were named by an id and are not there (any more).
        self.gone = 0
        self._counts: Counter[_Key] = Counter()
        self._values: Counter[str] = Counter()
        self._sample: list[tuple[Any, ...]] = []
        self._hash = hashlib.sha256(
            json.dumps([edit.plain(), self.new_groups], sort_keys=True).encode()
        )

    def add(self, host: StoredHost, decision: Decision) -> None:
        self.all.add(host.id, host.version)
        self._hash.update(f"{host.id}:{host.version};".encode())
        for change in decision.field_changes:
            self._count(change)
        if self.edit.action == CHANGE and not decision.changes:
            return
        self.written.add(host.id, host.version)
        self._show(host, decision)

    def _count(self, change: FieldChange) -> None:
        before, after = text_of(change.before), text_of(change.after)
        key: _Key = (change.label, before, after, change.stays, False)
        if key not in self._counts:
            if self._values[change.label] >= VALUES:
                key = (change.label, OTHERS, after, change.stays, True)
            else:
                self._values[change.label] += 1
        self._counts[key] += 1

    def _show(self, host: StoredHost, decision: Decision) -> None:
        """Keep the first few in the order of names."""
        name = host.fields["hostname"]
        field_changes = [
            change for change in decision.field_changes if not change.stays
        ]
        self._sample.append((natural_key(name_key(name)), host.id, name, field_changes))
        if len(self._sample) > 1_000:
            self._sample = heapq.nsmallest(SAMPLE, self._sample)

    @property
    def sample(self) -> list[SampleHost]:
        first = heapq.nsmallest(SAMPLE, self._sample)
        return [
            SampleHost(id_, name, field_changes)
            for _, id_, name, field_changes in first
        ]

    @property
    def lines(self) -> list[Line]:
        """Return the counts: field by field in the order asked, what changes first."""
        order = {label: number for number, label in enumerate(self._values)}
        found = [Line(*key[:4], count, key[4]) for key, count in self._counts.items()]
        return sorted(
            found,
            key=lambda line: (
                order[line.label],
                bool(line.stays),
                line.others,
                -line.count,
                line.before or "",
            ),
        )

    @property
    def digest(self) -> str:
        """What would be done to which hosts at which versions, in short."""
        return self._hash.hexdigest()


def text_of(value: Any) -> str | None:
    """Return a value as a line of a page or terminal, cut; None where it is not set."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json_text(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def plan_change(
    session: orm.Session, selection: Selection, edit: BulkEdit
) -> ChangePlan:
    """Return what the edit would do to the hosts of the selection. Reads only.

    Memory holds ids and versions, not hosts. Raises ``QueryError``, ``InvalidInput``
    and, for groups that could be made, ``MissingGroups``.
    """
    ids = find_ids(session, selection)
    group_ids = find_group_ids(session, edit)
    new = [name for name in edit.add_groups if name not in group_ids]
    plan = ChangePlan(spelled(session, edit), new)
    names = ("hostname", *edit.touched)
    for some in batched(ids, BATCH):
        found = read_hosts_by_id(session, some, names)
        for host_id in some:
            if host := found.get(host_id):
                plan.add(host, decide(host, plan.edit))
    if selection.node is None:
        plan.gone = len(set(selection.ids)) - len(plan.all)
    return plan


def spelled(session: orm.Session, edit: BulkEdit) -> BulkEdit:
    """Return the edit with its terms as they would be written. Writes nothing."""
    fields = dict(edit.fields)
    for name in fields.keys() & set(VOCABULARY_FIELDS):
        text = fields[name]
        if text is None or is_new_spelling(edit, text):
            continue
        fields[name] = vocabulary.find_spellings(session, name, {text})[text]
    return replace(edit, fields=fields)


def is_new_spelling(edit: BulkEdit, text: str) -> bool:
    """Whether the same value is to be written in another way from now on."""
    return edit.renamed_from is not None and fold(edit.renamed_from) == fold(text)


def find_group_ids(session: orm.Session, edit: BulkEdit) -> dict[str, int]:
    """Return the ids of the groups that are there.

    Raises ``InvalidInput``, and ``MissingGroups`` unless they are to be made.
    """
    names = [*edit.add_groups, *edit.remove_groups]
    if not names:
        return {}
    ids = {
        name: id_
        for id_, name in session.execute(
            sa.select(Group.id, Group.name).where(Group.name.in_(names))
        )
    }
    lacking = [name for name in edit.remove_groups if name not in ids]
    if lacking:
        raise InvalidInput(unknown_groups(session, REMOVE_GROUPS, lacking))
    missing = [name for name in edit.add_groups if name not in ids]
    if missing and not edit.make_groups:
        raise MissingGroups(session, missing)
    return ids
