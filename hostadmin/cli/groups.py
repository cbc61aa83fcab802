"""``flask groups list|show NAME``: which groups there are, and what is in one."""

import sys
from collections.abc import Iterator

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from sqlalchemy import orm

from ..db.session import db
from ..inventory.groups import direct_counts, load_tree, no_group
from ..models import Group, Host, group_members
from ..stats.axes import NOT_SET
from ..stats.counts import count_by_many
from ..validation.json_values import json_text
from .common import QUERY_SETTINGS, command, fail, printable, show_table, write_out

groups = AppGroup("groups", help="List and show groups.")

TITLES = ("name", "hosts", "members", "children", "parents", "description")
# So many members of a group are shown on a terminal.
SHOWN = 20


@groups.command("list")
@command
def list_groups() -> None:
    """List groups by name.

    In scripts, a line for each group, tab-separated: name, hosts (including child
    groups), direct members, child groups and parent groups (comma-separated),
    description.
    """
    rows = _rows()
    if sys.stdout.isatty():
        show_table(TITLES, ([printable(cell) for cell in row] for row in rows))
    else:
        write_out("\t".join(row) + "\n" for row in rows)


def _rows() -> Iterator[list[str]]:
    session = db.session()
    nested = {
        cell.values[0]: cell.count for cell in count_by_many(session, by=("group",))
    }
    related = (orm.selectinload(Group.children), orm.selectinload(Group.parents))
    found = session.scalars(sa.select(Group).options(*related).order_by(Group.name))
    all_groups = found.all()
    direct = direct_counts(session, [group.id for group in all_groups])
    for group in all_groups:
        yield [
            group.name,
            str(nested.get(group.name, 0)),
            str(direct.get(group.id, 0)),
            _names(group.children),
            _names(group.parents),
            group.description or "",
        ]


def _names(related: list[Group]) -> str:
    return ",".join(group.name for group in related)


@groups.command("show", context_settings=QUERY_SETTINGS)
@click.argument("name")
@command
def show_group(name: str) -> None:
    """Show the group NAME. Names of groups are case-sensitive, as in Ansible.

    In scripts, a line for each field, tab-separated; variables are JSON. Then a line
    for each direct member.
    """
    group = _find(name)
    if sys.stdout.isatty():
        _show_tables(group)
        return
    write_out(f"{field}\t{text}\n" for field, text in _fields(group))
    write_out(f"member\t{hostname}\n" for hostname in _members(group))


def _find(name: str) -> Group:
    session = db.session()
    group = session.scalar(sa.select(Group).where(Group.name == name.strip()))
    if group is None:
        known = session.scalars(sa.select(Group.name))
        fail(no_group(name, known))
    return group


def _fields(group: Group) -> Iterator[tuple[str, str]]:
    """Yield each field; what is not set is empty."""
    session = db.session()
    inside = load_tree(session).descendants([group.id])
    host_id = group_members.c.host_id
    number = sa.select(sa.func.count(host_id.distinct()))
    hosts = session.scalar(number.where(group_members.c.group_id.in_(inside)))
    yield "name", group.name
    yield "description", group.description or ""
    yield "parents", _names(group.parents)
    yield "children", _names(group.children)
    yield "hosts", str(hosts)
    yield "members", str(direct_counts(session, [group.id]).get(group.id, 0))
    yield "vars", json_text(group.vars)


def _members(group: Group, limit: int | None = None) -> Iterator[str]:
    names = sa.select(Host.hostname).join_from(group_members, Host)
    found = names.where(group_members.c.group_id == group.id)
    ordered = found.order_by(Host.hostname_sort, Host.id).limit(limit)
    # A few at a time: a group may hold a million.
    yield from db.session.scalars(ordered, execution_options={"yield_per": 1_000})


def _show_tables(group: Group) -> None:
    # A name such as [red] is a name, not a colour.
    console = Console(markup=False, highlight=False, emoji=False)
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    for field, text in _fields(group):
        if field != "vars":
            table.add_row(field, printable(text) or NOT_SET)
    console.print(table)
    if group.vars:
        table = Table("variable", "value", box=SIMPLE, pad_edge=False)
        for name, value in sorted(group.vars.items()):
            text = value if isinstance(value, str) else json_text(value)
            table.add_row(name, printable(text))
        console.print(table)
    names = list(_members(group, SHOWN + 1))
    if names:
        table = Table("direct members", box=SIMPLE, pad_edge=False)
        for hostname in names[:SHOWN]:
            table.add_row(hostname)
        if len(names) > SHOWN:
            table.add_row("…")
        console.print(table)
