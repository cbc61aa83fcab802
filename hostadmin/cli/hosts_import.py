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
from ..imports import importer, missing
from ..imports.describe import field_changes, text_of
from ..imports.importer import Counts, Plan, Planned
from ..imports.text_file import VARS_FOLDERS, one_file_of
from ..stats.axes import NOT_SET
from ..validation.values import MAX_TEXT, quoted
from . import import_missing
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
@click.option(
    "--dry-run", is_flag=True, help="Show what would change, but write nothing."
)
@click.option(
    "--skip-errors", is_flag=True, help="Skip rows with errors and import the others."
)
@click.option(
    "--replace",
    is_flag=True,
    help="Remove data of these hosts and groups that the file does not have.",
)
@import_missing.missing_options
@with_appcontext
@command
def import_command(
    file: str,
    dry_run: bool,
    skip_errors: bool,
    replace: bool,
    missing: str,
    within: str | None,
    yes: bool,
    **reading: Any,
) -> None:
    """Import hosts and groups from FILE ("-" for standard input).

    If rows have errors, nothing is written unless --skip-errors is used.
    """
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    options = read_options(**reading)
    with counting() as progress, importer.staged(file, options, progress.read) as plan:
        plan.notes += _beside(file)
        plan.missing_action = missing
        plan.within = import_missing.read_within(within)
        _make_plan(plan, replace, progress)
        good = _may_be_written(plan, skip_errors)
        if good and not dry_run:
            import_missing.confirm(plan, yes, progress.stop)
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
        yield f"Not read: {names} next to the file. {one_file_of(file)}"


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
            # Of what was confirmed by its number, nothing else is done.
            if attempt == ATTEMPTS or plan.missing_action != missing.REPORT:
                raise
            _make_plan(plan, plan.replace, progress)
            if not _may_be_written(plan, skip_errors):
                break
    return False


# ---- what is shown

_OTHER_WORDS = (
    "--value 'status:TEXT=active' imports such a word as a status; --column "
    "var.NAME=HEADER imports the column as a variable."
)


def _tell(plan: Plan, *, dry_run: bool, refused: bool) -> None:
    for note in plan.notes:
        _note(note)
    _show_warnings(plan)
    hints: tuple[str, ...] = ()
    for error in plan.errors():
        click.echo(printable(str(error)), err=True)
        if error.field == "status":
            hints = (_OTHER_WORDS,)
    if dry_run:
        write_out(printable(line) + "\n" for line in _planned_lines(plan))
        absent = import_missing.missing_lines(plan)
        write_out(printable(line) + "\n" for line in absent)
    bad, good = plan.bad_rows, plan.hosts.total + plan.groups.total
    if refused or (bad and not good):
        read_as = () if good else (f"The file was read as {plan.read_as}.",)
        fail(_refusal(plan, bad), (*hints, *read_as))
    _show_rest(plan, dry_run)
    click.echo(_summary(plan, dry_run, bad))


def _note(text: str) -> None:
    click.echo(printable(f"Note: {text}"), err=True)


def _show_warnings(plan: Plan) -> None:
    """Tell which new hosts may be known ones, and which values may be misspelt."""
    number = sum(plan.warnings.values())
    if number:
        _note(f"{counted(number, 'warning')}:")
    for warned in plan.warned(SHOWN):
        _indented(str(warned))
    if number > SHOWN:
        _indented(f"… and {number - SHOWN:,} more")


def _refusal(plan: Plan, bad: int) -> str:
    good = plan.hosts.total
    refusal = f"{counted(bad, 'row')} with errors, {good:,} good. Nothing was written."
    if not good:
        return refusal
    return f"{refusal} Correct the file, or use --skip-errors to import the good rows."


def _summary(plan: Plan, dry_run: bool, bad: int) -> str:
    parts = [_totals("host", plan.hosts, dry_run)]
    if plan.groups.total:
        parts.append(_totals("group", plan.groups, dry_run))
    if plan.changes_inventory:
        would = "would change" if dry_run else "changed"
        parts.append(f"variables of all hosts {would}")
    left_out = f", {counted(bad, 'row')} with errors left out" if bad else ""
    return f"{'; '.join(parts)}{import_missing.summary(plan, dry_run)}{left_out}."


def _totals(noun: str, counts: Counts, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return (
        f"{counted(counts.new, noun)} {would}added, "
        f"{counts.changed:,} {would}changed, {counts.unchanged:,} unchanged"
    )


def _show_rest(plan: Plan, dry_run: bool) -> None:
    """Tell what the inventory has beyond the file."""
    keeping = plan.keeping
    if keeping and not plan.replace:
        have = "host or group has" if keeping == 1 else "hosts and groups have"
        _note(
            f"{keeping:,} {have} data that the file does not mention; --replace "
            f"{'would remove' if dry_run else 'removes'} it:"
        )
        for row in plan.first_keeping(SHOWN):
            _indented(f"{_named(row)}: {'; '.join(_kept(row.kept))}")
        if keeping > SHOWN:
            _indented(f"… and {keeping - SHOWN:,} more")
    if plan.missing_action == missing.REPORT:
        _show_unlisted(plan, dry_run)


def _show_unlisted(plan: Plan, dry_run: bool) -> None:
    if plan.unlisted:
        hosts = "host is" if plan.unlisted == 1 else "hosts are"
        stays = "it is kept" if plan.unlisted == 1 else "they are kept"
        _note(
            f"{plan.unlisted:,} {hosts} in the inventory but not in the file; {stays}"
            f"{':' if dry_run else '.'}"
        )
    if dry_run and not plan.missing:
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
            yield f"{field} {_shown(text_of(value))}"


def _planned_lines(plan: Plan) -> Iterable[str]:
    """Yield a line for each group and host that is new or changes."""
    for row in plan.group_rows():
        yield from _planned_line(row)
    for row in plan.rows():
        yield from _planned_line(row)


def _planned_line(row: Planned) -> Iterator[str]:
    named = {HOST: f": {row.name}", GROUP: f" group: {row.name}"}
    what = named.get(row.subject, " variables of all hosts")
    changed = list(field_changes(row.changes))
    if row.action == "new":
        stated = "; ".join(f"{field} {_shown(after)}" for field, _, after in changed)
        yield f"new{what}{': ' if stated else ''}{stated}"
    elif row.action == "changed":
        shown = (f"{m.field} {_shown(m.before)} → {_shown(m.after)}" for m in changed)
        yield f"changed{what}: {'; '.join(shown)}"


def _shown(text: str | None) -> str:
    return NOT_SET if text is None else quoted(text, MAX_SHOWN_VALUE)
