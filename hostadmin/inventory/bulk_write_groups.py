"""Many groups at once: rows and their history with Core statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..clock import utcnow
from ..errors import Conflict
from ..history import CHANGED, CREATED, add_entries, recording
from ..models import Group, group_children
from .bulk_write import GroupIds, group_references

GROUPS = cast(sa.Table, Group.__table__)
# Columns that are written as they are.
_PLAIN = ("name", "description", "vars")
BATCH = 500

CHANGED_MEANWHILE = "Some of the groups were changed meanwhile; nothing was saved."


@dataclass(frozen=True)
class GroupChange:
    """What becomes of one group: description and vars, children gained and lost.

    ``changes`` is field → [from, to] as the history keeps it.
    """

    id: int
    version: int
    name: str
    fields: Mapping[str, Any]
    changes: Mapping[str, Sequence[Any]]
    new_children: Sequence[str] = ()
    lost_children: Sequence[str] = ()


def insert_groups(
    session: orm.Session, groups: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """Add groups whose fields are cleaned, without their children; return their ids.

    ``add_group_entries`` must follow, once all their children have ids, too.
    """
    found: dict[str, int] = {}
    with recording(session) as connection:
        for start in range(0, len(groups), BATCH):
            some = groups[start : start + BATCH]
            rows = [{name: group.get(name) for name in _PLAIN} for group in some]
            rows = [row | {"vars": row["vars"] or {}} for row in rows]
            try:
                connection.execute(sa.insert(GROUPS), rows)
            except IntegrityError:
                raise Conflict(CHANGED_MEANWHILE) from None
            names = [row["name"] for row in rows]
            for group_id, name in connection.execute(
                sa.select(GROUPS.c.id, GROUPS.c.name).where(GROUPS.c.name.in_(names))
            ):
                found[name] = group_id
    return found


def complete_groups(
    session: orm.Session, groups: Sequence[Mapping[str, Any]], group_ids: GroupIds
) -> None:
    """Give new groups their children, and the history what they are."""
    if not groups:
        return
    with recording(session) as connection:
        _insert_edges(
            connection,
            (
                (group_ids[group["name"]], group_ids[child])
                for group in groups
                for child in group.get("children", ())
            ),
        )
    add_entries(
        session,
        [
            _entry(
                *(group_ids[group["name"]], group["name"], CREATED),
                _created(group, group_ids),
            )
            for group in groups
        ],
    )


def _created(group: Mapping[str, Any], group_ids: GroupIds) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: [None, group[name]] for name in _PLAIN if group.get(name)
    }
    if group.get("children"):
        changes["children"] = [None, group_references(group["children"], group_ids)]
    return changes


def change_groups(
    session: orm.Session, changes: Sequence[GroupChange], group_ids: GroupIds
) -> None:
    """Change groups. Raises ``Conflict`` when one is no longer at its version."""
    if not changes:
        return
    now = utcnow()
    with recording(session) as connection:
        for change in changes:
            values = {**change.fields, "updated_at": now, "version": change.version + 1}
            statement = (
                sa.update(GROUPS)
                .where(GROUPS.c.id == change.id, GROUPS.c.version == change.version)
                .values(values)
            )
            if connection.execute(statement).rowcount != 1:
                raise Conflict(CHANGED_MEANWHILE)
        for change in changes:
            lost = [group_ids[name] for name in change.lost_children]
            if lost:
                connection.execute(
                    sa.delete(group_children).where(
                        group_children.c.parent_id == change.id,
                        group_children.c.child_id.in_(lost),
                    )
                )
        _insert_edges(
            connection,
            (
                (change.id, group_ids[child])
                for change in changes
                for child in change.new_children
            ),
        )
    add_entries(
        session, [_entry(c.id, c.name, CHANGED, dict(c.changes)) for c in changes]
    )


def _insert_edges(connection: sa.Connection, edges: Iterable[tuple[int, int]]) -> None:
    rows = [{"parent_id": parent, "child_id": child} for parent, child in edges]
    if rows:
        connection.execute(sa.insert(group_children), rows)


def _entry(
    group_id: int, name: str, action: str, changes: dict[str, Any]
) -> dict[str, Any]:
    return {
        "subject": "group",
        "subject_id": group_id,
        "subject_name": name,
        "action": action,
        "changes": changes,
    }
