"""``flask hosts …``: list, count, export, import."""

import gc
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any

import click
from flask.cli import AppGroup
from rich.console import Console

from ..database import db
from ..errors import Conflict
from ..history import ATTEMPTS, Act, write
from ..inventory.axes import NOT_SET
from ..inventory.counts import count_by_many, count_hosts, find_dimensions
from ..inventory.listing import iter_hosts
from ..models import Host
from ..query.parse import parse
from ..transfer import importing
from ..transfer.exporting import export_csv
from ..values import MAX_TEXT, quoted
from .edge import (
    QUERY_SETTINGS,
    actor,
    command,
    fail,
    printable,
    with_query,
    write_out,
)
from .progress import Counter, counting
from .tables import show_table

hosts = AppGroup("hosts", help="Import, export, list and count hosts.")

# Cells of ``list``; groups follow, with commas between.
LIST_FIELDS = (
    "hostname",
    "ip_addr",
    "port",
    "status",
    "environment",
    "os",
    "location",
    "role",
    "owner",
)
# Where all columns have room, and which of them stay elsewhere.
WIDE = 140
NARROW = (0, 1, 3, 4, 5, 8)
# A table needs all its rows to know its widths.
ROWS_PER_TABLE = 1_000


# ---- list


@hosts.command("list", context_settings=QUERY_SETTINGS)
@with_query
@command
def list_hosts(query: str) -> None:
    """List hosts by name: tables on a terminal, else tab-separated lines.

    QUERY says which: 'env:prod -owner:search web*'.
    """
    rows = map(_cells, iter_hosts(db.session(), parse(query)))
    if not sys.stdout.isatty():
        write_out("\t".join(cells) + "\n" for cells in rows)
        return
    titles = [*LIST_FIELDS, "groups"]
    shown = range(len(titles)) if Console().width >= WIDE else NARROW
    while some := list(islice(rows, ROWS_PER_TABLE)):
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
    "--by", multiple=True, metavar="FIELD", help="Count per value; twice too."
)
@with_query
@command
def count(by: Sequence[str], query: str) -> None:
    """Count hosts, in all or by one or two fields."""
    if len(by) > 2:
        raise click.BadParameter("at most two fields.", param_hint="--by")
    session, node = db.session(), parse(query)
    if not by:
        click.echo(count_hosts(session, node))
        return
    titles = [dimension.title for dimension in find_dimensions(session, by)]
    cells = count_by_many(session, node, by)
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


# ---- export


@hosts.command("export", context_settings=QUERY_SETTINGS)
@click.option("--format", type=click.Choice(["csv"]), default="csv", show_default=True)
@with_query
@command
def export_hosts(format: str, query: str) -> None:
    """Write hosts to the standard output."""
    write_out(export_csv(iter_hosts(db.session(), parse(query))))


# ---- import


@hosts.command("import")
@click.argument("file")
@click.option(
    "--format",
    type=click.Choice(importing.FORMATS),
    default="auto",
    show_default=True,
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--skip-errors", is_flag=True, help="Leave bad rows out.")
@command
def import_hosts(file: str, format: str, dry_run: bool, skip_errors: bool) -> None:
    """Bring in hosts from FILE; - is the standard input.

    With bad rows nothing is written, unless --skip-errors leaves them out.
    """
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    with counting() as progress, importing.staged(file, format, progress.read) as plan:
        importing.make_plan(db.session(), plan, progress.planned)
        db.session.rollback()
        refused = bool(plan.bad_rows) and not skip_errors
        if not dry_run and not refused:
            _apply(plan, Act(actor(), "import", _message(file)), progress)
        progress.stop()
        _tell(plan, dry_run=dry_run, refused=refused)


def _message(file: str) -> str:
    name = "standard input" if file == "-" else PurePath(file).name
    return printable(name)[:MAX_TEXT]


def _apply(plan: importing.Plan, act: Act, progress: Counter) -> None:
    """Write the plan; plan again when somebody else was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            write(
                act,
                lambda: importing.apply_plan(db.session(), plan, progress.written),
            )
            return
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            importing.make_plan(db.session(), plan, progress.planned)
            db.session.rollback()


def _tell(plan: importing.Plan, *, dry_run: bool, refused: bool) -> None:
    for note in plan.notes:
        click.echo(printable(f"Note: {note}"), err=True)
    for error in plan.errors():
        click.echo(printable(str(error)), err=True)
    if dry_run:
        write_out(_planned_lines(plan))
    bad, good = plan.bad_rows, plan.new + plan.changed + plan.unchanged
    if refused or (bad and not good):
        fail(_refusal(bad, good))
    would = "would be " if dry_run else ""
    left_out = f", {_counted(bad, 'bad row')} left out" if bad else ""
    click.echo(
        f"{_counted(plan.new, 'host')} {would}added, {plan.changed:,} {would}changed, "
        f"{plan.unchanged:,} unchanged{left_out}."
    )


def _refusal(bad: int, good: int) -> str:
    refusal = f"{_counted(bad, 'bad row')}, {good:,} good; nothing was written."
    if not good:
        return refusal
    return f"{refusal} Correct the file, or leave bad rows out with --skip-errors."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _planned_lines(plan: importing.Plan) -> Iterable[str]:
    """Yield a line for each host that is new or changes."""
    for row in plan.rows():
        if row.action == "new":
            yield f"new: {row.hostname}\n"
        elif row.action == "changed":
            changes = "; ".join(
                f"{field} {_shown(before)} → {_shown(after)}"
                for field, (before, after) in row.changes.items()
            )
            yield f"changed: {row.hostname}: {changes}\n"


def _shown(value: Any) -> str:
    if value is None:
        return NOT_SET
    if isinstance(value, list):
        names = [i["name"] if isinstance(i, dict) else str(i) for i in value]
        return quoted(", ".join(names), 200)
    return quoted(value, 200)
