"""``flask hosts …``: list, count, export, import."""

import itertools
import sys
from collections.abc import Sequence

import click
from flask.cli import AppGroup
from rich.console import Console

from ..db.bulk_insert import batched
from ..db.session import db
from ..inventory.list_hosts import iter_hosts
from ..models import Host
from ..query.parser import parse
from ..stats.axes import NOT_SET
from ..stats.counts import Cell, count_by_many, count_hosts, find_dimensions
from ..validation.host_fields import VOCABULARY_FIELDS
from .common import (
    QUERY_SETTINGS,
    command,
    show_hints,
    show_table,
    with_query,
    write_out,
)
from .hosts_export import export_command
from .hosts_import import import_command

hosts = AppGroup("hosts", help="Import, export, list, count and change hosts.")

# Cells of ``list``; groups follow, with commas between.
LIST_FIELDS = ("hostname", "ip_addr", "port", "status", *VOCABULARY_FIELDS)
# Where all columns have room, and which of them stay elsewhere.
WIDE = 140
NARROW = ("hostname", "ip_addr", "status", "environment", "os", "owner")
# A table needs all its rows to know its widths.
ROWS_PER_TABLE = 1_000


# ---- list


@hosts.command("list", context_settings=QUERY_SETTINGS)
@with_query
@command
def list_hosts(query: str) -> None:
    """List the hosts matching QUERY, such as 'env:prod -owner:search web*'.

    In scripts, a line for each host, tab-separated.
    """
    session, node = db.session(), parse(query)
    found = iter(iter_hosts(session, node))
    first = next(found, None)
    if first is None:
        show_hints(session, node)
        return
    rows = map(_cells, itertools.chain([first], found))
    if not sys.stdout.isatty():
        write_out("\t".join(cells) + "\n" for cells in rows)
        return
    titles = [*LIST_FIELDS, "groups"]
    names = titles if Console().width >= WIDE else NARROW
    shown = [titles.index(name) for name in names]
    for some in batched(rows, ROWS_PER_TABLE):
        show_table(
            [titles[i] for i in shown], [[row[i] for i in shown] for row in some]
        )


def _cells(host: Host) -> list[str]:
    """Return a line of ``list``; what is not set is empty."""
    row = {name: getattr(host, name) for name in LIST_FIELDS}
    row["status"] = host.status.value
    groups = ",".join(group.name for group in host.groups)
    return ["" if value is None else str(value) for value in (*row.values(), groups)]


# ---- count


@hosts.command("count", context_settings=QUERY_SETTINGS)
@click.option(
    "--by",
    multiple=True,
    metavar="FIELD",
    help="Count by this field. Use at most twice.",
)
@with_query
@command
def count(by: Sequence[str], query: str) -> None:
    """Count the hosts matching QUERY, in total or by one or two fields."""
    if len(by) > 2:
        raise click.BadParameter("at most two fields.", param_hint="--by")
    session, node = db.session(), parse(query)
    if not by:
        number = count_hosts(session, node)
        click.echo(number)
        if not number:
            show_hints(session, node)
        return
    titles = [dimension.title for dimension in find_dimensions(session, by)]
    cells = count_by_many(session, node, by)
    if not cells:
        show_hints(session, node)
    _write_counts(titles, cells)


def _write_counts(titles: Sequence[str], cells: Sequence[Cell]) -> None:
    if sys.stdout.isatty():
        show_table(
            (*titles, "hosts"),
            [(*(v or NOT_SET for v in c.values), f"{c.count:,}") for c in cells],
        )
        return
    write_out(
        "\t".join((*(value or "" for value in cell.values), f"{cell.count}\n"))
        for cell in cells
    )


hosts.add_command(export_command)
hosts.add_command(import_command)
