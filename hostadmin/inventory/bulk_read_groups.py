"""Many groups as they are now, as plain values to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import Group, group_children


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as it is; its fields as the history keeps them, without empty ones."""

    id: int
    version: int
    fields: dict[str, Any]


def read_groups(session: orm.Session, names: Sequence[str]) -> dict[str, StoredGroup]:
    """Return groups by name."""
    rows = session.execute(
        sa.select(
            Group.id, Group.version, Group.name, Group.description, Group.vars
        ).where(Group.name.in_(names))
    ).all()
    children: dict[int, list[dict[str, Any]]] = {}
    inner = sa.select(group_children.c.parent_id, Group.id, Group.name).join(
        Group, Group.id == group_children.c.child_id
    )
    edges = session.execute(
        inner.where(group_children.c.parent_id.in_([row.id for row in rows]))
    )
    for parent, child, name in edges:
        children.setdefault(parent, []).append({"id": child, "name": name})
    found = {}
    for row in rows:
        below = sorted(children.get(row.id, []), key=lambda child: child["name"])
        fields = {
            "name": row.name,
            "description": row.description,
            "vars": row.vars,
            "children": below,
        }
        stated = {name: value for name, value in fields.items() if value}
        found[row.name] = StoredGroup(row.id, row.version, stated)
    return found


def children_by_name(session: orm.Session) -> dict[str, list[str]]:
    """Return the names of the direct child groups of every group that has any."""
    parent, child = orm.aliased(Group), orm.aliased(Group)
    found: dict[str, list[str]] = {}
    for above, below in session.execute(
        sa.select(parent.name, child.name)
        .select_from(group_children)
        .join(parent, parent.id == group_children.c.parent_id)
        .join(child, child.id == group_children.c.child_id)
    ):
        found.setdefault(above, []).append(below)
    return found
