"""What is asked of the groups of a host, in the form that is cheap on each engine."""

import math
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ...db.engines import engine_of
from ...keyset.pages import capped_count
from ...limits import limits
from ...models import Host, group_members
from .. import ast
from ..ast import Term
from ..clauses import Alternative, Clause, has_none
from . import group_tree


def group_parts(session: orm.Session, term: Term) -> list[Alternative]:
    none = has_none(session, group_members.c.host_id)
    if term.op == ast.EMPTY:
        return [Alternative(none)]
    names = set(map(str, term.values))
    parts = [Alternative(none)] if group_tree.UNGROUPED in names else []
    if group_tree.ALL in names:
        parts.append(Alternative(sa.true()))
    names -= {group_tree.ALL, group_tree.UNGROUPED}
    if names:
        ids = sorted(group_tree.group_ids(session, names))
        in_groups = group_members.c.group_id.in_(ids)
        parts.append(Alternative(_members(session, in_groups)))
    return parts


def groups_alone(
    session: orm.Session, term: Term
) -> tuple[Clause, sa.Select[int]] | None:
    """Return what a query means that asks for groups and nothing else, if it can.

    First the condition, for a walk that ends with the page: even among many hosts,
    probes find enough members before a list of them is made. Then the ids, which can
    be counted without a look at any host.
    """
    names = set(map(str, term.values))
    if term.op != ast.EQUALS or names & {group_tree.ALL, group_tree.UNGROUPED}:
        return None
    ids = sorted(group_tree.group_ids(session, names))
    in_groups = group_members.c.group_id.in_(ids)
    members = sa.select(group_members.c.host_id).where(in_groups)
    where: Clause = Host.id.in_(members)
    is_chosen = engine_of(session).chooses_semijoin
    if not is_chosen and capped_count(session, members).capped:
        # By the sum, the host is looked up once, not once in each of the groups.
        group = (
            group_members.c.group_id if len(ids) == 1 else group_members.c.group_id + 0
        )
        where = sa.exists().where(group_members.c.host_id == Host.id, group.in_(ids))
    return where, members.distinct()


def _members(session: orm.Session, in_groups: Clause) -> Clause:
    """Return the condition that a host is a member, in the form that is cheap here."""
    hosts = sa.select(group_members.c.host_id).where(in_groups)
    if is_big(session, hosts):
        return sa.exists().where(group_members.c.host_id == Host.id, in_groups)
    return Host.id.in_(hosts)


def is_big(session: orm.Session, hosts: sa.Select[Any]) -> bool:
    """Whether to probe host by host, for engines that do not find out by themselves.

    To collect M members costs as much as to probe M hosts; of all N, about cap · N / M
    are probed until a count reaches its cap.
    """
    if engine_of(session).chooses_semijoin:
        return False
    highest = session.scalar(sa.select(sa.func.max(Host.id))) or 0
    limit = math.isqrt(limits.counted_rows * highest)
    return capped_count(session, hosts, limit).capped
