"""What the details and deletion pages say about an object, as plain values."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...db.session import db
from ...formatting import counted
from ...history import changes_of
from ...history.describe import value_text
from ...inventory.groups import EffectiveVariable, GroupTree
from ...models import Group, Host, group_members
from ..generated.change_entries import ShownEntry, shown_entry

# Of a group, a page of its own lists the others.
MOST_MEMBERS = 20


@dataclass(frozen=True)
class ShownVariable:
    name: str
    text: str
    origin: str | None


@dataclass(frozen=True)
class TreeNode:
    name: str
    url: str
    children: list["TreeNode"]


def shown_variables(variables: list[EffectiveVariable]) -> list[ShownVariable]:
    return [ShownVariable(v.name, value_text(v.value), v.origin) for v in variables]


def shown_changes(subject: str, subject_id: int) -> list[ShownEntry]:
    """Return the newest changes of an object that is there."""
    there = {(subject, subject_id)}
    entries = changes_of(db.session(), subject, subject_id, limit=10)
    return [shown_entry(entry, there) for entry in entries]


def effects_of_host_delete(host: Host) -> list[str]:
    effects = []
    if host.groups:
        names = ", ".join(group.name for group in host.groups)
        effects.append(f"It leaves {counted(len(host.groups), 'group')}: {names}.")
    if host.aliases or host.addresses:
        effects.append("Its aliases and further addresses go with it.")
    effects.append("The history keeps what it was.")
    return effects


def member_count(group_id: int) -> int:
    """Return the number of direct members."""
    count = sa.select(sa.func.count()).select_from(group_members)
    return db.session.scalar(count.where(group_members.c.group_id == group_id)) or 0


def effects_of_group_delete(group: Group) -> list[str]:
    members = member_count(group.id)
    effects = [f"{counted(members, 'host')} leave it; none is deleted."]
    if group.children:
        names = ", ".join(child.name for child in group.children)
        effects.append(f"Its child groups stay, outside of it: {names}.")
    if group.parents:
        names = ", ".join(parent.name for parent in group.parents)
        effects.append(f"It is taken out of: {names}.")
    if group.vars:
        names = ", ".join(group.vars)
        effects.append(f"Its variables no longer reach its hosts: {names}.")
    return effects


def effects_of_rename(group: Group) -> str:
    """Return what a new name changes: members are bound to the group, not its name."""
    members = counted(member_count(group.id), "host")
    return (
        f"{members} and all nesting stay with a new name; "
        "playbooks and bookmarks that use the old one need it, too."
    )


def tree_below(
    tree: GroupTree, group_id: int, url_of: Any, seen: set[int] | None = None
) -> list[TreeNode]:
    """Return the groups nested in a group.

    A group in several places shows its own children at the first only: twenty levels
    of two parents each would be a million lines.
    """
    seen = seen if seen is not None else set()
    nodes = []
    for child in sorted(tree.children.get(group_id, ()), key=lambda c: tree.names[c]):
        again = child in seen
        seen.add(child)
        below = [] if again else tree_below(tree, child, url_of, seen)
        nodes.append(TreeNode(tree.names[child], url_of(child), below))
    return nodes


def first_members(group_id: int) -> list[Host]:
    """Return the first direct members, by name."""
    is_member = sa.exists().where(
        group_members.c.host_id == Host.id, group_members.c.group_id == group_id
    )
    return list(
        db.session.scalars(
            sa.select(Host)
            .where(is_member)
            .order_by(Host.hostname_sort, Host.id)
            .limit(MOST_MEMBERS)
        )
    )


def own_variables(variables: dict[str, Any]) -> list[ShownVariable]:
    return [
        ShownVariable(name, value_text(variables[name]), None)
        for name in sorted(variables)
    ]
