"""Counting by group: a host is in its groups, and in all groups around them."""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy import orm

from ...models import Group, Host, group_members
from ...query import ast
from ...query.ast import Term
from ...query.fields import Field
from ...query.sql.compiler import compile_node
from ...query.sql.group_tree import children_by_parent, with_descendants
from .base import CountSource, Dimension, empty, equal_to

# Under another name, or a condition on members would be taken for one on these.
_counted = group_members.alias("counted_members")


def by_group(session: orm.Session, field: Field) -> Dimension:
    names = {
        row.id: row.name for row in session.execute(sa.select(Group.id, Group.name))
    }
    children = children_by_parent(session)
    none = compile_node(session, Term(field.name, ast.EMPTY))
    return Dimension(
        field.name,
        field.label,
        (
            *_sources(children),
            CountSource(None, condition=none, whole=_hosts_in_none()),
        ),
        lambda key: names.get(key, str(key)),
        lambda key: equal_to(field, names.get(key, str(key))),
        empty(field),
        is_several=True,
        known=names.keys,
        source_of_any=lambda keys: _inside(0, with_descendants(keys, children)),
        is_shown_by_text=True,
    )


def _sources(children: dict[int, list[int]]) -> Iterator[CountSource]:
    """Count groups without children, most of them, straight from the index.

    Only in a group that has some can a host be found twice, so each of these is
    counted by itself.
    """
    parents = sorted(children)
    yield CountSource(
        _counted.c.group_id,
        ((_counted, _counted.c.host_id == Host.id),),
        _counted.c.group_id.not_in(parents) if parents else None,
        _counted.c.host_id,
    )
    for parent in parents:
        yield _inside(parent, with_descendants([parent], children))


def _inside(key: int, groups: Iterable[int]) -> CountSource:
    """Return the way to the hosts in any of the groups, each of them once."""
    members = sa.select(_counted.c.host_id).where(
        _counted.c.group_id.in_(sorted(groups))
    )
    return CountSource(
        sa.literal(key),
        condition=Host.id.in_(members),
        is_constant=True,
        whole=_number_of(members.distinct()),
    )


def _hosts_in_none() -> sa.ScalarSelect[int]:
    # To look for members host by host takes ten times as long.
    hosts = sa.select(sa.func.count(Host.id)).scalar_subquery()
    some = _number_of(sa.select(_counted.c.host_id).distinct())
    return sa.select(hosts - some).scalar_subquery()


def _number_of(rows: sa.Select[int]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()
