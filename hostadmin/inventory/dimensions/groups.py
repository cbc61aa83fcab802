"""Counting by group: a host is in its groups, and in all groups around them."""

from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy import orm

from ...models import Group, Host, group_members
from ...query import tree
from ...query.compile import Clause, compile_node
from ...query.fields import Field
from ...query.membership import children_by_parent, with_descendants
from ...query.tree import Term
from .base import Dimension, Way, empty, equal_to

# Under another name, or a condition on members would be taken for one on these.
_counted = group_members.alias("counted_members")


def by_group(session: orm.Session, field: Field) -> Dimension:
    names = {
        row.id: row.name for row in session.execute(sa.select(Group.id, Group.name))
    }
    none = compile_node(session, Term(field.name, tree.EMPTY))
    return Dimension(
        field.name,
        field.label,
        (*_ways(session), Way(None, condition=none)),
        lambda key: names.get(key, str(key)),
        lambda key: equal_to(field, names.get(key, str(key))),
        empty(field),
        is_several=True,
        known=names.keys,
        noun="group",
    )


def _ways(session: orm.Session) -> Iterator[Way]:
    """Count groups without children, most of them, straight from the index.

    Only in a group that has some can a host be found twice, so each of these is
    counted by itself.
    """
    children = children_by_parent(session)
    if not children:
        yield _members()
        return
    yield _members(_counted.c.group_id.not_in(sorted(children)))
    for parent in sorted(children):
        inside = sorted(with_descendants([parent], children))
        yield _inside(parent, inside)


def _members(condition: Clause | None = None) -> Way:
    return Way(
        _counted.c.group_id,
        ((_counted, _counted.c.host_id == Host.id),),
        condition,
        _counted.c.host_id,
    )


def _inside(parent: int, inside: list[int]) -> Way:
    members = _members(_counted.c.group_id.in_(inside))
    return replace(members, key=sa.literal(parent), is_repeated=True, is_constant=True)
