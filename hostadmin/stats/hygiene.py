"""What is odd in an inventory: each a query, so that its number is a list of hosts."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import Group, group_members
from ..query import ast, checks
from ..query.ast import Node, Not, Term
from ..query.sql.group_tree import children_by_parent, with_descendants

STALE_DAYS = 180
MOST_DAYS = 36_500
# Addresses that no machine can be reached at from elsewhere: RFC 6890 and its kin.
SPECIAL_NETWORKS = (
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/127",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
)


@dataclass(frozen=True)
class Check:
    """One thing to look at: ``condition`` finds the hosts, ``fix`` says what to do."""

    name: str
    section: str
    title: str
    why: str
    fix: str
    condition: Node


def unconfirmed(days: int) -> Node:
    """Return the condition on hosts that nothing saw for so many days, or ever."""
    return Not(Term("confirmed", ast.EQUALS, (f"-{days}d..now",)))


def _found(name: str) -> Term:
    return Term("check", ast.EQUALS, (name,))


def host_checks(days: int = STALE_DAYS) -> tuple[Check, ...]:
    """Return the checks of hosts, in the order that they are told."""
    return (
        Check(
            checks.SAME_ADDRESS_AND_PORT,
            "Twice",
            "Same address and port",
            "One machine may stand here under two names; whoever counts or patches "
            "hosts then meets it twice.",
            "Make the second name an alias of the first, or correct the address.",
            _found(checks.SAME_ADDRESS_AND_PORT),
        ),
        Check(
            checks.SAME_ADDRESS,
            "Twice",
            "Same address",
            "Right for names behind one gateway that are told apart by their port; "
            "else an address was copied or given away twice.",
            "Sort them by address and look at the neighbours.",
            _found(checks.SAME_ADDRESS),
        ),
        Check(
            checks.SAME_SHORT_NAME,
            "Twice",
            "Same name but for the domain",
            "The same machine may have been added with and without its domain.",
            "Delete one of the two, or keep its name as an alias of the other.",
            _found(checks.SAME_SHORT_NAME),
        ),
        Check(
            checks.ALIAS_IS_NAME,
            "Twice",
            "Alias that is the name of another host",
            "Whoever looks for the name finds two hosts, and may log in to the wrong "
            "one.",
            "Take the alias away where it does not belong.",
            _found(checks.ALIAS_IS_NAME),
        ),
        Check(
            "special-address",
            "Addresses",
            "Loopback, reserved or example address",
            "No other machine can reach a host there: mostly it was left over "
            "from an example.",
            "Enter the address that the host has in its network, or none.",
            Term("ip", ast.EQUALS, SPECIAL_NETWORKS),
        ),
        Check(
            "no-owner",
            "Gaps",
            "Without an owner",
            "Nobody is asked before it is changed, and nobody called when it fails.",
            "Ask in the team of its environment and location.",
            Term("owner", ast.EMPTY),
        ),
        Check(
            "no-environment",
            "Gaps",
            "Without an environment",
            "Where changes go by environment, it gets none of them, or all.",
            "Names and networks often tell it.",
            Term("env", ast.EMPTY),
        ),
        Check(
            "no-location",
            "Gaps",
            "Without a location",
            "Nobody finds it when a disk has to be changed or a site goes down.",
            "Its network often tells it.",
            Term("location", ast.EMPTY),
        ),
        Check(
            "no-group",
            "Gaps",
            "In no group",
            "Playbooks and targets that go by group never reach it.",
            "Add it to the groups of hosts like it.",
            Term("group", ast.EMPTY),
        ),
        Check(
            "not-confirmed",
            "Gone?",
            f"Not confirmed in {days:,} days",
            "Nobody and nothing has seen since that it exists.",
            "Confirm those that exist; retire or delete the others.",
            unconfirmed(days),
        ),
    )


def groups_without_hosts(session: orm.Session) -> list[tuple[int, str]]:
    """Return id and name of groups that no host is in, nor in a group inside of them.

    Found by probing the members of each group; there are few groups.
    """
    has_member = sa.exists().where(group_members.c.group_id == Group.id)
    rows = session.execute(
        sa.select(Group.id, Group.name, has_member).order_by(Group.name)
    ).all()
    filled = {group_id for group_id, _, is_filled in rows if is_filled}
    children = children_by_parent(session)
    return [
        (group_id, name)
        for group_id, name, _ in rows
        if filled.isdisjoint(with_descendants([group_id], children))
    ]
