"""Checks of data quality: each is a query, so its number is a list of hosts."""

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
    """Return the checks of hosts, in the order that they are shown."""
    return (
        Check(
            checks.SAME_ADDRESS_AND_PORT,
            "Duplicates",
            "Same address and port",
            "Probably one machine under two names, so it is counted and patched twice.",
            "Make one name an alias of the other, or correct the address.",
            _found(checks.SAME_ADDRESS_AND_PORT),
        ),
        Check(
            checks.SAME_ADDRESS,
            "Duplicates",
            "Same address",
            "This is fine on different ports behind a gateway. Otherwise the address "
            "was copied or assigned twice.",
            "Sort by address and compare the hosts next to each other.",
            _found(checks.SAME_ADDRESS),
        ),
        Check(
            checks.SAME_SHORT_NAME,
            "Duplicates",
            "Same short name",
            "Probably the same machine, added with and without its domain.",
            "Delete one of them, or keep its name as an alias of the other.",
            _found(checks.SAME_SHORT_NAME),
        ),
        Check(
            checks.ALIAS_IS_NAME,
            "Duplicates",
            "Alias used as the name of another host",
            "A search for the name finds two hosts, so people may log in to the wrong "
            "one.",
            "Remove the alias where it is wrong.",
            _found(checks.ALIAS_IS_NAME),
        ),
        Check(
            checks.LOOK_ALIKE_NAME,
            "Duplicates",
            "Names that look alike",
            "The names differ only in characters that look the same (a long dash, a "
            "letter of another alphabet, quotation marks) or in their DNS form (xn--).",
            "Keep the name that is in DNS and delete the other host.",
            _found(checks.LOOK_ALIKE_NAME),
        ),
        Check(
            checks.FORMER_NAME,
            "Duplicates",
            "Former name of another host",
            "A host was renamed, and another host now has its old name: probably an "
            "older file was imported.",
            "Delete the newer host, or keep its name as an alias of the renamed one.",
            _found(checks.FORMER_NAME),
        ),
        Check(
            checks.GROUP_IS_NAME,
            "Duplicates",
            "Host with the name of a group",
            "Ansible cannot tell them apart, so a play for the host runs on the group.",
            "Rename the group or the host.",
            _found(checks.GROUP_IS_NAME),
        ),
        Check(
            "special-address",
            "Addresses",
            "Loopback, reserved or example address",
            "Other machines cannot reach it. It is usually left over from an example.",
            "Enter the real address of the host, or clear it.",
            Term("ip", ast.EQUALS, SPECIAL_NETWORKS),
        ),
        Check(
            checks.PLACEHOLDER,
            "Missing data",
            "Placeholder instead of a value",
            "A value such as N/A, unknown or - was imported as text, so the value does "
            "not count as missing.",
            "Clear the value, or enter the real one.",
            _found(checks.PLACEHOLDER),
        ),
        Check(
            "no-owner",
            "Missing data",
            "No owner",
            "There is nobody to ask before a change or to call when the host fails.",
            "Ask the team that runs this environment and location.",
            Term("owner", ast.EMPTY),
        ),
        Check(
            "no-environment",
            "Missing data",
            "No environment",
            "Rollouts by environment may skip this host.",
            "The name or network often shows the environment.",
            Term("env", ast.EMPTY),
        ),
        Check(
            "no-location",
            "Missing data",
            "No location",
            "The host is hard to find when a disk fails or a site goes down.",
            "The network often shows the location.",
            Term("location", ast.EMPTY),
        ),
        Check(
            "no-group",
            "Missing data",
            "No group",
            "Playbooks and monitoring by group skip this host.",
            "Add it to the groups of similar hosts.",
            Term("group", ast.EMPTY),
        ),
        Check(
            "not-confirmed",
            "Stale",
            f"Not confirmed in {days:,} days",
            "Not confirmed by anyone or any import since.",
            "Confirm the hosts that still exist; retire or delete the others.",
            unconfirmed(days),
        ),
    )


def groups_without_hosts(session: orm.Session) -> list[tuple[int, str]]:
    """Return id and name of groups that no host is in, nor in a group inside of them.

    Found by probing the members of each group; there are few groups.
    """
    has_member = sa.exists().where(group_members.c.group_id == Group.id)
    # Not every engine can select a condition.
    is_filled = sa.case((has_member, 1), else_=0)
    rows = session.execute(
        sa.select(Group.id, Group.name, is_filled).order_by(Group.name)
    ).all()
    filled = {group_id for group_id, _, has_some in rows if has_some}
    children = children_by_parent(session)
    return [
        (group_id, name)
        for group_id, name, _ in rows
        if filled.isdisjoint(with_descendants([group_id], children))
    ]
