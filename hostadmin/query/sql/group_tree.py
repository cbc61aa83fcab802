"""Which groups lie inside which: the small table of edges, followed in Python."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ...errors import QueryError
from ...models import Group, group_children
from ...validation.values import nearest, quoted

# As in Ansible: every host is in "all", and in "ungrouped" if it is in no other.
ALL = "all"
UNGROUPED = "ungrouped"


def children_by_parent(session: orm.Session) -> dict[int, list[int]]:
    """Return the ids of the direct child groups of every group that has any."""
    found: dict[int, list[int]] = {}
    for parent, child in session.execute(
        sa.select(group_children.c.parent_id, group_children.c.child_id)
    ):
        found.setdefault(parent, []).append(child)
    return found


def with_descendants(start: Iterable[int], children: dict[int, list[int]]) -> set[int]:
    """Return the groups and all groups inside of them; a cycle does no harm."""
    found: set[int] = set()
    todo = list(start)
    while todo:
        group = todo.pop()
        if group not in found:
            found.add(group)
            todo.extend(children.get(group, ()))
    return found


def group_ids(session: orm.Session, names: Iterable[str]) -> set[int]:
    """Return the ids of the named groups and of all groups inside of them.

    Raises ``QueryError`` with the nearest name where there is no such group.
    """
    wanted = set(map(str, names))
    ids = {
        name: group
        for group, name in session.execute(
            sa.select(Group.id, Group.name).where(Group.name.in_(wanted))
        )
    }
    for name in sorted(wanted - ids.keys()):
        known = session.scalars(sa.select(Group.name).order_by(Group.name))
        near = nearest(name, known)
        raise QueryError(
            f"Group {quoted(name)} does not exist.",
            f"Did you mean “{near}”?" if near else "",
            value=name,
            instead=near,
        )
    return with_descendants(ids.values(), children_by_parent(session))
