"""Groups: find, add, change, delete, and what follows from their nesting."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.guards import NESTING, take_turn
from ..db.session import db
from ..errors import FieldError, InvalidInput, NotFound
from ..keyset.pages import Count
from ..limits import limits
from ..models import Group, Host, group_members
from ..query.sql.group_tree import children_by_parent, with_descendants
from ..validation.rules import clean_group
from ..validation.values import did_you_mean, quoted
from .bulk_delete import take_members_out
from .flush import check_version, saved
from .inventory_vars import NAME, inventory_vars

# So many names of groups that are not there get a suggestion.
MAX_SUGGESTED = 5


def get_group(group_id: int) -> Group:
    """Return the group or raise ``NotFound``."""
    group = db.session.get(Group, group_id)
    if group is None:
        raise NotFound(f"Group {group_id} does not exist.")
    return group


def add_group(given: Mapping[str, object]) -> Group:
    """Add a group. Raises ``InvalidInput``."""
    fields = clean_group({"name": None, **given})
    _check_name_free(fields["name"], None)
    group = Group()
    _set_fields(group, fields)
    db.session.add(group)
    return saved(group, "name")


def change_group(
    group_id: int, given: Mapping[str, object], version: int | None = None
) -> Group:
    """Change the given fields. Raises ``InvalidInput``, ``NotFound``, ``Conflict``."""
    fields = clean_group(given)
    group = get_group(group_id)
    check_version(group, version)
    if "name" in fields:
        _check_name_free(fields["name"], group_id)
    _set_fields(group, fields)
    return saved(group, "name")


def delete_group(group_id: int, version: int | None = None) -> None:
    """Delete a group; its members and child groups stay."""
    group = get_group(group_id)
    check_version(group, version)
    session = db.session()
    # Nobody joins it from here on: a new member would be taken out without a word.
    session.execute(sa.select(Group.id).where(Group.id == group_id).with_for_update())
    # Each by itself, so that the history of each host and group says that it left.
    take_members_out(session, group)
    with session.no_autoflush:
        for parent in list(group.parents):
            parent.children.remove(group)
    saved(group, "name")
    session.delete(group)
    saved(group, "name")


def _check_name_free(name: str, own_id: int | None) -> None:
    other = db.session.scalar(sa.select(Group.id).where(Group.name == name))
    if other is not None and other != own_id:
        raise InvalidInput([FieldError("name", f"{quoted(name)} already exists.")])


def _set_fields(group: Group, fields: Mapping[str, Any]) -> None:
    with db.session.no_autoflush:
        if "children" in fields:
            children = _checked_children(group, fields["children"])
            if set(group.children) != set(children):
                group.children = children
        for field in fields.keys() - {"children"}:
            setattr(group, field, fields[field])


def _checked_children(group: Group, names: list[str]) -> list[Group]:
    # Two people could each add one half of a cycle.
    take_turn(db.session(), NESTING)
    children = find_groups(names, field="children")
    if group.id is not None:
        tree = load_tree(db.session())
        for child in children:
            if group.id in tree.descendants([child.id]):
                raise InvalidInput([FieldError("children", _cycle(group, child))])
    return children


def _cycle(group: Group, child: Group) -> str:
    if group.id == child.id:
        return f"{quoted(group.name)} cannot be its own child."
    return (
        f"{quoted(child.name)} cannot be a child of {quoted(group.name)}: "
        f"{quoted(group.name)} is already inside it."
    )


def find_groups(names: Iterable[str], *, field: str = "groups") -> list[Group]:
    """Return groups by name. Raises ``InvalidInput`` naming each that is not there."""
    wanted = list(names)
    found = {
        group.name: group
        for group in db.session.scalars(sa.select(Group).where(Group.name.in_(wanted)))
    }
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InvalidInput(unknown_groups(db.session(), field, missing))
    return [found[name] for name in wanted]


def unknown_groups(
    session: orm.Session, field: str, names: Sequence[str]
) -> list[FieldError]:
    """Return what is wrong with names that no group has.

    Only the first few get a suggestion: somebody may have a lock, and each is compared
    with all groups.
    """
    known = session.scalars(sa.select(Group.name)).all()
    return [
        FieldError(field, no_group(name, known if number < MAX_SUGGESTED else ()))
        for number, name in enumerate(names)
    ]


def no_group(name: str, known: Iterable[str]) -> str:
    """Return a sentence that says so, with the nearest of the known groups."""
    return f"Group {quoted(name)} does not exist. {did_you_mean(name, known)}".strip()


def suggest(session: orm.Session, part: str, limit: int = 20) -> list[str]:
    """Return names of groups that hold the text, those that start with it first."""
    name = sa.func.lower(Group.name)
    starts = name.startswith(part.lower(), autoescape=True)
    return list(
        session.scalars(
            sa.select(Group.name)
            .where(name.contains(part.lower(), autoescape=True))
            .order_by(sa.case((starts, 0), else_=1), Group.name)
            .limit(limit)
        )
    )


@dataclass(frozen=True)
class GroupTree:
    """The nesting of all groups, read at once: the table is small."""

    names: dict[int, str]
    children: dict[int, list[int]]
    parents: dict[int, list[int]]

    def descendants(self, ids: Iterable[int]) -> set[int]:
        """Return the groups and everything nested in them."""
        return with_descendants(ids, self.children)

    def ancestors(self, ids: Iterable[int]) -> set[int]:
        """Return the groups and everything they are nested in."""
        return with_descendants(ids, self.parents)

    def depth(self, group_id: int) -> int:
        """Return the longest way up; 1 for a group without parents."""
        depths: dict[int, int] = {}
        stack = [group_id]
        while stack:
            current = stack[-1]
            missing = [p for p in self.parents.get(current, ()) if p not in depths]
            if missing:
                stack.extend(missing)
                continue
            above = [depths[p] for p in self.parents.get(current, ())]
            depths[current] = 1 + max(above, default=0)
            stack.pop()
        return depths[group_id]


def load_tree(session: orm.Session) -> GroupTree:
    """Read names and nesting of all groups with two statements."""
    names = {
        row.id: row.name for row in session.execute(sa.select(Group.id, Group.name))
    }
    children = children_by_parent(session)
    parents: dict[int, list[int]] = defaultdict(list)
    for parent_id, child_ids in children.items():
        for child_id in child_ids:
            parents[child_id].append(parent_id)
    return GroupTree(names, children, parents)


def direct_counts(session: orm.Session, ids: Iterable[int]) -> dict[int, int]:
    """Return group id → number of direct members, for the groups given."""
    rows = session.execute(
        sa.select(group_members.c.group_id, sa.func.count())
        .where(group_members.c.group_id.in_(list(ids)))
        .group_by(group_members.c.group_id)
    )
    return {row[0]: row[1] for row in rows}


def nested_counts(session: orm.Session, ids: Iterable[int]) -> dict[int, Count]:
    """Return group id → number of hosts in it, for those that have child groups.

    Each counts up to a cap; all are read by one statement.
    """
    children = children_by_parent(session)
    most = limits.counted_rows
    columns = []
    for id_ in ids:
        if id_ in children:
            inside = group_members.c.group_id.in_(
                sorted(with_descendants([id_], children))
            )
            hosts = sa.select(group_members.c.host_id).where(inside).distinct()
            some = hosts.limit(most + 1).subquery()
            number = sa.select(sa.func.count()).select_from(some).scalar_subquery()
            columns.append(number.label(f"group_{id_}"))
    if not columns:
        return {}
    row = session.execute(sa.select(*columns)).one()
    return {
        int(name.removeprefix("group_")): Count(min(number, most), number > most)
        for name, number in row._mapping.items()
    }


@dataclass(frozen=True)
class EffectiveVariable:
    """A variable as Ansible would see it on a host.

    ``origin`` is the group it comes from, "all" for the whole inventory, None for
    the host's own.
    """

    name: str
    value: Any
    origin: str | None


def effective_variables(host: Host) -> list[EffectiveVariable]:
    """Return the variables of a host, its groups and the whole inventory, by name.

    Those of the whole inventory give way to all others. A deeper group wins over
    its parents, among equals the higher ``ansible_group_priority``, then the name
    that sorts last; the host's own win over all (Ansible docs, "How variables are
    merged").
    """
    tree = load_tree(db.session())
    ids = tree.ancestors(group.id for group in host.groups)
    groups = db.session.scalars(sa.select(Group).where(Group.id.in_(ids)))
    merged = {
        name: EffectiveVariable(name, value, NAME)
        for name, value in inventory_vars(db.session()).items()
    }
    for group in sorted(groups, key=lambda g: (tree.depth(g.id), _priority(g), g.name)):
        for name, value in group.vars.items():
            merged[name] = EffectiveVariable(name, value, group.name)
    merged.pop("ansible_group_priority", None)
    for name, value in host.vars.items():
        merged[name] = EffectiveVariable(name, value, None)
    return [merged[name] for name in sorted(merged)]


def _priority(group: Group) -> int:
    priority = group.vars.get("ansible_group_priority", 1)
    try:
        return int(priority)
    except (TypeError, ValueError):
        return 1
