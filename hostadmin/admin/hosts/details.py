"""What the details and deletion pages say about an object, as plain values."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...db.session import db
from ...errors import QueryError
from ...formatting import counted
from ...history import changes_of
from ...history.describe import value_text
from ...history.undone import find_undone
from ...inventory.groups import EffectiveVariable, GroupTree
from ...models import Group, Host, group_members
from ..generated.change_entries import ShownEntry, shown_entry
from ..generated.formatters import hosts_url

# Of a group, a page of its own lists the others.
MOST_MEMBERS = 20
# A longer value is hardly that of another host.
LONG_VALUE = 100


@dataclass(frozen=True)
class ShownVariable:
    name: str
    text: str
    origin: str | None
    # The hosts that have the same in a variable of their own.
    url: str = ""


@dataclass(frozen=True)
class TreeNode:
    name: str
    url: str
    children: list["TreeNode"]


def shown_variables(variables: list[EffectiveVariable]) -> list[ShownVariable]:
    return [
        ShownVariable(v.name, value_text(v.value), v.origin, _same_url(v))
        for v in variables
    ]


def _same_url(variable: EffectiveVariable) -> str:
    value = variable.value
    is_plain = isinstance(value, str | int | float) and value != ""
    text = value if isinstance(value, str) else json.dumps(value)
    if variable.origin is not None or not is_plain or len(text) > LONG_VALUE:
        return ""
    try:
        return hosts_url(f"var.{variable.name}", text)
    except QueryError:
        # A name that a query could not say.
        return ""


def shown_changes(subject: str, subject_id: int) -> list[ShownEntry]:
    """Return the newest changes of an object that is there."""
    there = {(subject, subject_id)}
    entries = changes_of(db.session(), subject, subject_id, limit=10)
    undone = find_undone(db.session(), {entry.change_set_id for entry in entries})
    return [shown_entry(entry, there, undone=undone) for entry in entries]


def effects_of_host_delete(host: Host) -> list[str]:
    effects = []
    if host.groups:
        names = ", ".join(group.name for group in host.groups)
        effects.append(f"Removed from {counted(len(host.groups), 'group')}: {names}.")
    if host.aliases or host.addresses:
        effects.append("Its aliases and further addresses are deleted, too.")
    effects.append("The history keeps all its data. You can undo this under Changes.")
    return effects


def member_count(group_id: int) -> int:
    """Return the number of direct members."""
    count = sa.select(sa.func.count()).select_from(group_members)
    return db.session.scalar(count.where(group_members.c.group_id == group_id)) or 0


def effects_of_group_delete(group: Group) -> list[str]:
    members = member_count(group.id)
    effects = []
    if members:
        hosts = counted(members, "host")
        effects.append(f"{hosts} will be removed from the group, but not deleted.")
    if group.children:
        names = ", ".join(child.name for child in group.children)
        effects.append(f"Child groups are kept: {names}.")
    if group.parents:
        names = ", ".join(parent.name for parent in group.parents)
        effects.append(f"Removed from its parent groups: {names}.")
    if group.vars:
        names = ", ".join(group.vars)
        effects.append(f"Hosts lose the variables of the group: {names}.")
    return effects


def effects_of_rename(group: Group) -> str:
    """Return what a new name changes: members are bound to the group, not its name."""
    members = member_count(group.id)
    kept = f"{counted(members, 'host')} and nesting" if members else "nesting"
    return (
        f"Renaming keeps its {kept}. Update playbooks and bookmarks that use the "
        "old name."
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


def first_members(group_ids: Collection[int]) -> list[Host]:
    """Return the first hosts that are direct members of one of these, by name."""
    is_member = sa.exists().where(
        group_members.c.host_id == Host.id, group_members.c.group_id.in_(group_ids)
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
