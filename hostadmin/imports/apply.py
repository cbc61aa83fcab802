"""A plan into the database, exactly as it is, in the transaction that is open."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..clock import utcnow
from ..errors import Conflict
from ..formats.rows import ADDED_TO
from ..inventory import bulk_write, bulk_write_groups, inventory_vars, vocabulary
from ..inventory.bulk_read_groups import children_by_name
from ..models import Group
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.values import HostStatus
from .plan_groups import find_rings
from .plan_hosts import MAX_SPELLINGS
from .staged_table import CHANGED, NEW, SAME, Staged
from .staging import Staging

Progress = Callable[[int], None]

CHANGED_MEANWHILE = "The inventory was changed meanwhile; nothing was saved."


def apply_plan(session: orm.Session, staging: Staging, progress: Progress) -> None:
    """Write the plan. Raises ``Conflict`` when the inventory changed since."""
    try:
        group_ids = _write_groups(session, staging)
        _write_inventory(staging)
        observed = staging.observed
        seen_at = min(observed.at, utcnow()) if observed and observed.at else None
        writer = _HostWriter(session, group_ids, seen_at)
        done = 0
        for batch in staging.hosts.batches():
            writer.write(batch)
            done += len(batch)
            progress(done)
    except IntegrityError:
        # Of the keys, only those that others touched meanwhile are not checked.
        raise Conflict(CHANGED_MEANWHILE) from None


# ---- groups, and variables of all hosts


def _write_groups(session: orm.Session, staging: Staging) -> dict[str, int]:
    """Write the groups; return the ids of all that there are."""
    nests = _changes_nesting(staging)
    query = sa.select(Group.name, Group.id, Group.version).order_by(Group.id)
    # Two imports could each add one half of a ring; the lock lets one go first. On
    # SQLite the write transaction is that lock.
    there = session.execute(query.with_for_update() if nests else query).all()
    group_ids = {row.name: row.id for row in there}
    versions = {row.name: row.version for row in there}
    for batch in staging.groups.batches():
        for row in batch:
            _check(row, group_ids, versions)
    for batch in staging.groups.batches():
        new = [{**row.fields, "name": row.name} for row in batch if row.action == NEW]
        group_ids |= bulk_write_groups.insert_groups(session, new)
    for batch in staging.groups.batches():
        new = [{**row.fields, "name": row.name} for row in batch if row.action == NEW]
        bulk_write_groups.complete_groups(session, new, group_ids)
        changed = [_group_change(r, group_ids) for r in batch if r.action == CHANGED]
        bulk_write_groups.change_groups(session, changed, group_ids)
    if nests and next(iter(find_rings(children_by_name(session))), None):
        raise Conflict(CHANGED_MEANWHILE)
    return group_ids


def _changes_nesting(staging: Staging) -> bool:
    return any(
        "children" in ((row.changes or {}) if row.action == CHANGED else row.fields)
        for batch in staging.groups.stated()
        for row in batch
        if row.action != SAME
    )


def _check(
    row: Staged, group_ids: Mapping[str, int], versions: Mapping[str, int]
) -> None:
    """Raise ``Conflict`` unless the group is as it was when it was planned."""
    found = group_ids.get(row.name)
    as_planned = (
        found is None
        if row.action == NEW
        else found == row.object_id
        # Of a group that is only named, nothing else matters.
        and (not row.fields or versions[row.name] == row.version)
    )
    if not as_planned:
        raise Conflict(CHANGED_MEANWHILE)


def _group_change(
    row: Staged, group_ids: Mapping[str, int]
) -> bulk_write_groups.GroupChange:
    changes = dict(row.changes or {})
    before, after = changes.get("children", (None, None))
    if "children" in changes:
        changes["children"] = [before, _references(after, group_ids)]
    fields = {
        name: (pair[1] or {}) if name == "vars" else pair[1]
        for name, pair in changes.items()
        if name != "children"
    }
    return bulk_write_groups.GroupChange(
        id=row.object_id,
        version=row.version,
        name=row.name,
        fields=fields,
        changes=changes,
        new_children=_gained(before, after),
        lost_children=_gained(after, before),
    )


def _gained(before: Iterable[Any] | None, after: Iterable[Any] | None) -> list[str]:
    """Return what is in the second and not in the first."""
    had = set(map(_text, before or ()))
    return [text for text in map(_text, after or ()) if text not in had]


def _text(item: Any) -> str:
    return str(item["name"] if isinstance(item, dict) else item)


def _references(items: Any, group_ids: Mapping[str, int]) -> Any:
    """Return groups as the history keeps them, the new ones with their ids."""
    if items is None:
        return None
    return [item if "id" in item else _reference(item, group_ids) for item in items]


def _reference(item: Mapping[str, Any], group_ids: Mapping[str, int]) -> dict[str, Any]:
    return {"id": group_ids[item["name"]], "name": item["name"]}


def _write_inventory(staging: Staging) -> None:
    for batch in staging.inventory.batches():
        for row in batch:
            if row.action == CHANGED and row.changes:
                given = {"vars": row.changes["vars"][1] or {}}
                inventory_vars.change_inventory(given, row.version)


# ---- hosts


class _HostWriter:
    """Writes batches of a plan, and remembers how terms are spelled."""

    def __init__(
        self,
        session: orm.Session,
        group_ids: Mapping[str, int],
        seen_at: datetime | None,
    ) -> None:
        self._session = session
        # When the hosts were seen, if not now.
        self._seen_at = seen_at
        self._group_ids = group_ids
        self._spelled: dict[tuple[str, str], str] = {}

    def write(self, batch: Sequence[Staged]) -> None:
        new = [_new_host(row) for row in batch if row.action == NEW]
        changed = [row for row in batch if row.action == CHANGED]
        gained = [
            {name: pair[1] for name, pair in (row.changes or {}).items()}
            for row in changed
        ]
        self._spell([*new, *gained])
        seen = {} if self._seen_at is None else {"confirmed_at": self._seen_at}
        bulk_write.insert_hosts(
            self._session, [self._typed(h) | seen for h in new], self._group_ids
        )
        bulk_write.change_hosts(
            self._session,
            [self._change(row) for row in changed],
            self._group_ids,
            self._seen_at,
        )
        same = {row.object_id: row.version for row in batch if row.action == SAME}
        bulk_write.confirm_unchanged(self._session, same, self._seen_at)

    def _spell(self, hosts: Sequence[Mapping[str, Any]]) -> None:
        if len(self._spelled) > MAX_SPELLINGS:
            self._spelled.clear()
        for name in VOCABULARY_FIELDS:
            texts = {host[name]: None for host in hosts if host.get(name) is not None}
            unknown = [text for text in texts if (name, text) not in self._spelled]
            if unknown:
                found = vocabulary.canonical_values(self._session, name, unknown)
                self._spelled |= {(name, text): found[text] for text in unknown}

    def _typed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields as the columns want them; the staging keeps JSON."""
        typed = dict(fields)
        for name in VOCABULARY_FIELDS:
            if typed.get(name) is not None:
                typed[name] = self._spelled[name, typed[name]]
        if "status" in typed:
            typed["status"] = HostStatus(typed["status"])
        return typed

    def _change(self, row: Staged) -> bulk_write.HostChange:
        changes: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        gained: dict[str, list[str]] = {key: [] for key in ADDED_TO}
        lost: dict[str, list[str]] = {key: [] for key in ADDED_TO}
        for name, (before, after) in (row.changes or {}).items():
            if name in ADDED_TO:
                gained[name] = _gained(before, after)
                lost[name] = _gained(after, before)
            else:
                fields[name] = (after or {}) if name == "vars" else after
            changes[name] = [before, self._recorded(name, after)]
        self._check_groups(lost["groups"])
        return bulk_write.HostChange(
            id=row.object_id,
            version=row.version,
            hostname=row.name,
            fields=self._typed(fields),
            changes=changes,
            new_aliases=gained["aliases"],
            new_addresses=gained["addresses"],
            new_groups=gained["groups"],
            lost_aliases=lost["aliases"],
            lost_addresses=lost["addresses"],
            lost_groups=lost["groups"],
        )

    def _check_groups(self, names: Iterable[str]) -> None:
        if any(name not in self._group_ids for name in names):
            raise Conflict(CHANGED_MEANWHILE)

    def _recorded(self, name: str, value: Any) -> Any:
        if name == "groups":
            return _references(value, self._group_ids)
        if name in VOCABULARY_FIELDS and value is not None:
            return self._spelled[name, value]
        return value


def _new_host(row: Staged) -> dict[str, Any]:
    if not row.changes:
        return row.fields
    return row.fields | {name: pair[1] for name, pair in row.changes.items()}
