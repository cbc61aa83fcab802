"""``flask changes …``: what was done, and take it back."""

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from ..clock import utcnow
from ..db.session import db
from ..errors import NotFound
from ..formatting import time_text
from ..history import SOURCES
from ..history.describe import FieldChange, field_changes, object_text, shown
from ..history.filters import KINDS, read
from ..history.objects import find_objects
from ..history.search import Line, iter_changes, summarised
from ..history.undone import find_undone
from ..models import ChangeEntry, ChangeSet
from ..places import COMMAND
from ..validation.json_values import json_text
from .common import command, printable, show_table, write_out
from .undo import undo_command

changes = AppGroup("changes", help="List, show and undo changes.")
changes.add_command(undo_command)

ID = click.IntRange(1, 2**63 - 1)
# What a terminal shows without --limit; a file gets all.
SCREENFUL = 50
BATCH = 1_000
LONG = 300


@changes.command("list")
@click.option("--actor", default="", metavar="NAME", help="Only changes by NAME.")
@click.option(
    "--object", default="", metavar="NAME", help="Only changes of this host or group."
)
@click.option(
    "--host",
    default="",
    metavar="NAME",
    help="Only changes of this host (name or #ID).",
)
@click.option("--group", default="", metavar="NAME", help="Only changes of this group.")
@click.option("--kind", default="", metavar="KIND", help=f"One of {', '.join(KINDS)}.")
@click.option(
    "--field", default="", metavar="FIELD", help="Only changes of this field."
)
@click.option(
    "--source", default="", metavar="SOURCE", help=f"One of {', '.join(SOURCES)}."
)
@click.option(
    "--since",
    default="",
    metavar="TIME",
    help="Only changes since TIME: 2026-11-03, today, -7d …",
)
@click.option(
    "--until",
    default="",
    metavar="TIME",
    help="Only changes until TIME; a date includes that day.",
)
@click.option("--limit", type=click.IntRange(1), help="Show at most this many.")
@command
def list_command(limit: int | None, **given: str) -> None:
    """List changes, newest first.

    In scripts, a line for each change: ID, UTC time, actor, source and summary,
    tab-separated.
    """
    session = db.session()
    asked = read(given, utcnow())
    lines = iter_changes(session, asked, find_objects(session, asked))
    if not sys.stdout.isatty():
        write_out("\t".join(_cells(line)) + "\n" for line in islice(lines, limit))
        return
    rows = [_cells(line) for line in islice(lines, limit or SCREENFUL)]
    show_table(("id", "time", "actor", "source", "what"), rows)
    if limit is None and len(rows) == SCREENFUL:
        click.echo(f"Showing the newest {SCREENFUL}. Use --limit for more.", err=True)


def _cells(line: Line) -> list[str]:
    change = line.change
    summary = line.summary
    if change.message:
        summary += f" “{change.message}”"
    cells = (str(change.id), _time(change.at), change.actor, change.source, summary)
    return [printable(cell) for cell in cells]


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@changes.command("show")
@click.argument("change_id", metavar="ID", type=ID)
@click.option("--entry", type=ID, help="Only this entry of the change.")
@command
def show_command(change_id: int, entry: int | None) -> None:
    """Show the change ID, object by object.

    In scripts, a line for each field: entry, action, kind, ID, name, field, and the
    values before and after as JSON, tab-separated. An entry without fields is one line.
    """
    session = db.session()
    change = session.get(ChangeSet, change_id)
    if change is None:
        raise NotFound(f"Change {change_id} does not exist.")
    entries = _entries(change_id, entry)
    if not sys.stdout.isatty():
        write_out(line for one in entries for line in _data_lines(one))
        return
    by = find_undone(session, [change_id]).by(change_id)
    write_out(_head(summarised(session, [change])[0], by))
    write_out(line for one in entries for line in _read_lines(one))


def _entries(change_id: int, entry_id: int | None) -> Iterator[ChangeEntry]:
    session = db.session()
    found = sa.select(ChangeEntry).where(ChangeEntry.change_set_id == change_id)
    if entry_id is not None:
        one = session.scalar(found.where(ChangeEntry.id == entry_id))
        if one is None:
            raise NotFound(f"Change {change_id} has no entry {entry_id}.")
        yield one
        return
    last = 0
    while rows := session.scalars(
        found.where(ChangeEntry.id > last).order_by(ChangeEntry.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        yield from rows
        session.expunge_all()


def _data_lines(entry: ChangeEntry) -> Iterator[str]:
    begin = (str(entry.id), entry.action, entry.subject, str(entry.subject_id))
    fields: Iterable[FieldChange | None] = list(field_changes(entry.changes)) or [None]
    for field in fields:
        cells = [*begin, entry.subject_name]
        if field is not None:
            cells += [field.name, json_text(field.before), json_text(field.after)]
        yield "\t".join(map(printable, cells)) + "\n"


def _head(line: Line, undone_by: int | None) -> Iterator[str]:
    change = line.change
    yield printable(f"Change {change.id}: {line.summary}") + "\n"
    yield printable(f"{change.actor}, {time_text(change.at)}, {change.source}") + "\n"
    if change.message:
        yield printable(f"“{change.message}”") + "\n"
    if undone_by:
        yield f"Undone by change {undone_by}.\n"
    if line.hosts:
        yield f"Its hosts: {COMMAND} hosts list change:{change.id}\n"


def _read_lines(entry: ChangeEntry) -> Iterator[str]:
    what = object_text(entry.subject, entry.subject_name)
    yield "\n" + printable(f"{what} {entry.action} (entry {entry.id})") + "\n"
    for field in field_changes(entry.changes):
        if entry.action == "created":
            text = shown(field.after, LONG)
        elif entry.action == "deleted":
            text = shown(field.before, LONG)
        else:
            text = f"{shown(field.before, LONG)} → {shown(field.after, LONG)}"
        yield printable(f"  {field.name}: {text}") + "\n"
