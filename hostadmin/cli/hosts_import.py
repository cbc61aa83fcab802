"""``flask hosts import FILE``."""

import contextlib
import gc
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ..db.session import db
from ..errors import Conflict
from ..formats.rows import GROUP, HOST
from ..formatting import counted
from ..history import ATTEMPTS, ActorContext, write
from ..imports import importer
from ..imports.importer import Counts, Plan, Planned
from ..imports.text_file import VARS_FOLDERS, one_file_of
from ..stats.axes import NOT_SET
from ..validation.json_values import json_text, same_json
from ..validation.values import MAX_TEXT, quoted
from .common import actor, command, fail, printable, write_out
from .import_options import read_options, reading_options

# Hosts that the file does not list, or that say more than it, are shown up to here.
SHOWN = 20
MAX_SHOWN_VALUE = 200
# Of so many hosts or groups, one line each tells what they have beyond the file.
MAX_NAMES = 10


class Counter:
    """Shows how many rows were read, planned and written, on a terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Reading")

    def read(self, rows: int) -> None:
        self._show("Read", rows)

    def planned(self, rows: int) -> None:
        self._show("Planned", rows)

    def written(self, rows: int) -> None:
        self._show("Written", rows)

    def stop(self) -> None:
        self._bar.stop()

    def _show(self, verb: str, rows: int) -> None:
        self._bar.update(self._task, description=f"{verb} {rows:,} rows")


@contextlib.contextmanager
def counting() -> Iterator[Counter]:
    """Show a line that goes away at the end."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        yield Counter(bar)


@click.command("import")
@click.argument("file")
@reading_options
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--skip-errors", is_flag=True, help="Leave bad rows out.")
@click.option(
    "--replace",
    is_flag=True,
    help="Remove what the file does not state of its hosts and groups.",
)
@with_appcontext
@command
def import_command(
    file: str, dry_run: bool, skip_errors: bool, replace: bool, **reading: Any
) -> None:
    """Bring in hosts and groups from FILE; - is the standard input.

    With bad rows nothing is written, unless --skip-errors leaves them out.
    """
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    options = read_options(**reading)
    with counting() as progress, importer.staged(file, options, progress.read) as plan:
        plan.notes += _beside(file)
        _make_plan(plan, replace, progress)
        good = _may_be_written(plan, skip_errors)
        if good and not dry_run:
            act = ActorContext(actor(), "import", _message(file))
            good = _apply(plan, act, skip_errors, progress)
        progress.stop()
        _tell(plan, dry_run=dry_run, refused=not good)


def _make_plan(plan: Plan, replace: bool, progress: Counter) -> None:
    importer.make_plan(db.session(), plan, progress.planned, replace=replace)
    db.session.rollback()


def _may_be_written(plan: Plan, skip_errors: bool) -> bool:
    return skip_errors or not plan.bad_rows


def _message(file: str) -> str:
    name = "standard input" if file == "-" else PurePath(file).name
    return printable(name)[:MAX_TEXT]


def _beside(file: str) -> Iterator[str]:
    """Yield what to tell of variables that Ansible would find beside the file."""
    if file == "-":
        return
    folder = Path(file).parent
    found = [name for name in VARS_FOLDERS if (folder / name).is_dir()]
    if found:
        names = " and ".join(f"{name}/" for name in found)
        yield f"{names} beside the file was not read. {one_file_of(file)}"


def _apply(plan: Plan, act: ActorContext, skip_errors: bool, progress: Counter) -> bool:
    """Write the plan; plan again when somebody else was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            write(
                act,
                lambda: importer.apply_plan(db.session(), plan, progress.written),
            )
            return True
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            _make_plan(plan, plan.replace, progress)
            if not _may_be_written(plan, skip_errors):
                break
    return False


# ---- what is told

_OTHER_WORDS = (
    "--value 'status:TEXT=active' reads such a word as a status; --column "
    "var.NAME=HEADER keeps the column as a variable."
)


def _tell(plan: Plan, *, dry_run: bool, refused: bool) -> None:
    for note in plan.notes:
        _note(note)
    hints: tuple[str, ...] = ()
    for error in plan.errors():
        click.echo(printable(str(error)), err=True)
        if error.field == "status":
            hints = (_OTHER_WORDS,)
    if dry_run:
        write_out(printable(line) + "\n" for line in _planned_lines(plan))
    bad, good = plan.bad_rows, plan.hosts.total + plan.groups.total
    if refused or (bad and not good):
        read_as = () if good else (f"It was read as {plan.read_as}.",)
        fail(_refusal(plan, bad), (*hints, *read_as))
    _tell_of_the_rest(plan, dry_run)
    click.echo(_summary(plan, dry_run, bad))


def _note(text: str) -> None:
    click.echo(printable(f"Note: {text}"), err=True)


def _refusal(plan: Plan, bad: int) -> str:
    good = plan.hosts.total
    refusal = f"{counted(bad, 'bad row')}, {good:,} good; nothing was written."
    if not good:
        return refusal
    return f"{refusal} Correct the file, or leave bad rows out with --skip-errors."


def _summary(plan: Plan, dry_run: bool, bad: int) -> str:
    parts = [_totals("host", plan.hosts, dry_run)]
    if plan.groups.total:
        parts.append(_totals("group", plan.groups, dry_run))
    if plan.changes_inventory:
        would = "would change" if dry_run else "changed"
        parts.append(f"variables of all hosts {would}")
    left_out = f", {counted(bad, 'bad row')} left out" if bad else ""
    return f"{'; '.join(parts)}{left_out}."


def _totals(noun: str, counts: Counts, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return (
        f"{counted(counts.new, noun)} {would}added, "
        f"{counts.changed:,} {would}changed, {counts.unchanged:,} unchanged"
    )


def _tell_of_the_rest(plan: Plan, dry_run: bool) -> None:
    """Tell what the inventory has beyond the file."""
    keeping = plan.keeping
    if keeping and not plan.replace:
        _note(
            f"The inventory says more than the file of {keeping:,} of its hosts and "
            f"groups; --replace {'would remove' if dry_run else 'removes'} it:"
        )
        for row in plan.first_keeping(SHOWN):
            _indented(f"{_named(row)}: {'; '.join(_kept(row.kept))}")
        if keeping > SHOWN:
            _indented(f"… and {keeping - SHOWN:,} more")
    if plan.unlisted:
        hosts = "host is" if plan.unlisted == 1 else "hosts are"
        stays = "it stays" if plan.unlisted == 1 else "they stay"
        _note(
            f"{plan.unlisted:,} {hosts} in the inventory and not in the file; {stays}"
            f"{':' if dry_run else '.'}"
        )
    if dry_run:
        names = importer.first_unlisted(db.session(), plan)
        for name in names:
            _indented(name)
        if plan.unlisted > len(names):
            _indented(f"… and {plan.unlisted - len(names):,} more")


def _indented(text: str) -> None:
    click.echo(printable(f"  {text}"), err=True)


def _named(row: Planned) -> str:
    if row.subject == HOST:
        return row.name
    return f"group {row.name}" if row.subject == GROUP else "all hosts"


def _kept(kept: Mapping[str, Any]) -> Iterator[str]:
    for field, value in kept.items():
        if field == "vars":
            names = [f"vars.{name}" for name in value]
            more = f" and {len(names) - MAX_NAMES:,} more" if names[MAX_NAMES:] else ""
            yield f"{', '.join(names[:MAX_NAMES])}{more}"
        else:
            yield f"{field} {_shown(value)}"


def _planned_lines(plan: Plan) -> Iterable[str]:
    """Yield a line for each group and host that is new or changes."""
    for row in plan.group_rows():
        yield from _planned_line(row)
    for row in plan.rows():
        yield from _planned_line(row)


def _planned_line(row: Planned) -> Iterator[str]:
    kind = "" if row.subject == HOST else f" {row.subject}"
    if row.action == "new":
        stated = "; ".join(_stated(row))
        yield f"new{kind}: {row.name}{': ' if stated else ''}{stated}"
    elif row.action == "changed":
        yield f"changed{kind}: {row.name}: {'; '.join(_changes(row.changes))}"


def _stated(row: Planned) -> Iterator[str]:
    """Yield the fields of something new, but its name."""
    for field, (_, value) in row.changes.items():
        if field == "vars":
            yield from (f"vars.{name} {_variable(name, value)}" for name in value)
        elif field not in ("hostname", "name"):
            yield f"{field} {_shown(value)}"


def _changes(changes: Mapping[str, Any]) -> Iterator[str]:
    for field, (before, after) in changes.items():
        if field != "vars":
            yield f"{field} {_shown(before)} → {_shown(after)}"
            continue
        # Each variable by itself: of all at once nobody would see which one changes.
        old, new = before or {}, after or {}
        for name in {**old, **new}:
            if name in old and name in new and same_json(old[name], new[name]):
                continue
            pair = [_variable(name, values) for values in (old, new)]
            yield f"vars.{name} {pair[0]} → {pair[1]}"


def _variable(name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        return NOT_SET
    value = values[name]
    text = value if isinstance(value, str) else json_text(value)
    return quoted(text, MAX_SHOWN_VALUE)


def _shown(value: Any) -> str:
    if value is None:
        return NOT_SET
    if isinstance(value, list):
        names = [i["name"] if isinstance(i, dict) else str(i) for i in value]
        return quoted(", ".join(names), MAX_SHOWN_VALUE)
    return quoted(value, MAX_SHOWN_VALUE)
