"""``flask hosts set|add-group|remove-group|retire|confirm|delete|rename-value``.

Each says first what it would do; on a terminal it asks, elsewhere it needs --yes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

import click

from ..bulk_edit import (
    CONFIRM,
    DELETE,
    RETIRE,
    SETTABLE,
    BulkEdit,
    ChangePlan,
    FieldChange,
    Line,
    MissingGroups,
    Selection,
    change,
    differences,
    message,
    plan_change,
    read_edit,
    read_rename,
    summary,
    text_of,
)
from ..db.session import db
from ..errors import Conflict, InvalidValue, after_field
from ..formatting import counted
from ..history import ATTEMPTS, ActorContext, write
from ..query.ast import EQUALS, Node, Quoted, Term
from ..query.fields import find_field
from ..query.parser import parse
from ..query.to_text import to_text
from ..stats.axes import NOT_SET
from ..validation.values import clean_text
from .common import (
    QUERY,
    QUERY_SETTINGS,
    actor,
    ask_before_deletion,
    command,
    fail,
    printable,
    write_out,
)

Args = ParamSpec("Args")
Result = TypeVar("Result")

ALL = "*"


def _options(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Give a command what every command that changes many has."""
    for option in (
        click.option("--message", help="Reason, kept in the history."),
        click.option("--yes", is_flag=True, help="Skip the prompt."),
        click.option(
            "--dry-run", is_flag=True, help="Show what would change, but write nothing."
        ),
    ):
        function = option(function)
    return function


_query = click.argument(QUERY)


_FIELDS = ", ".join(find_field(name).name for name in SETTABLE)


@click.command(
    "set",
    context_settings=QUERY_SETTINGS,
    help="Set fields and variables of the hosts matching QUERY ('*' for all).\n\n"
    f"FIELD is {_FIELDS} or var.NAME; dots go inside an object: var.net.mtu=9000. "
    "An empty VALUE clears the field. Values of variables are YAML or JSON.",
)
@_query
@click.argument("assignments", nargs=-1, required=True, metavar="FIELD=VALUE...")
@_options
@command
def set_fields(
    query: str,
    assignments: Sequence[str],
    dry_run: bool,
    yes: bool,
    message: str | None,
) -> None:
    pairs = [text.partition("=") for text in assignments]
    for name, sign, _ in pairs:
        if not sign or not name.strip():
            raise click.UsageError(f"{printable(name)!r} is not FIELD=VALUE.")
    edit = read_edit((name, value) for name, _, value in pairs)
    _run(query, edit, dry_run, yes, message)


@click.command("add-group", context_settings=QUERY_SETTINGS)
@_query
@click.argument("groups", nargs=-1, required=True, metavar="GROUP...")
@click.option("--create", is_flag=True, help="Create groups that do not exist.")
@_options
@command
def add_group(
    query: str,
    groups: Sequence[str],
    create: bool,
    dry_run: bool,
    yes: bool,
    message: str | None,
) -> None:
    """Add the hosts matching QUERY to each GROUP."""
    edit = read_edit(add_groups=groups, make_groups=create)
    try:
        _run(query, edit, dry_run, yes, message)
    except MissingGroups as error:
        fail(f"{error} Use --create to create missing groups.")


@click.command("remove-group", context_settings=QUERY_SETTINGS)
@_query
@click.argument("groups", nargs=-1, required=True, metavar="GROUP...")
@_options
@command
def remove_group(
    query: str, groups: Sequence[str], dry_run: bool, yes: bool, message: str | None
) -> None:
    """Remove the hosts matching QUERY from each GROUP."""
    _run(query, read_edit(remove_groups=groups), dry_run, yes, message)


@click.command("retire", context_settings=QUERY_SETTINGS)
@_query
@_options
@command
def retire(query: str, dry_run: bool, yes: bool, message: str | None) -> None:
    """Retire the hosts matching QUERY: sets their status to retired."""
    _run(query, RETIRE, dry_run, yes, message)


@click.command("confirm", context_settings=QUERY_SETTINGS)
@_query
@_options
@command
def confirm(query: str, dry_run: bool, yes: bool, message: str | None) -> None:
    """Confirm that the hosts matching QUERY exist, as of now."""
    _run(query, BulkEdit(CONFIRM), dry_run, yes, message)


@click.command("delete", context_settings=QUERY_SETTINGS)
@_query
@_options
@command
def delete(query: str, dry_run: bool, yes: bool, message: str | None) -> None:
    """Delete the hosts matching QUERY. "flask changes undo" brings them back."""
    _run(query, BulkEdit(DELETE), dry_run, yes, message)


@click.command("rename-value")
@click.argument("field")
@click.argument("old")
@click.argument("new")
@_options
@command
def rename_value(
    field: str, old: str, new: str, dry_run: bool, yes: bool, message: str | None
) -> None:
    """Rename the value OLD of FIELD to NEW on all hosts."""
    edit = read_rename(field, old, new)
    node = Term(next(iter(edit.fields)), EQUALS, (Quoted(old.strip()),))
    _do(node, edit, dry_run, yes, message)


COMMANDS = (set_fields, add_group, remove_group, retire, confirm, delete, rename_value)


# ---- what they share


def _run(
    query: str, edit: BulkEdit, dry_run: bool, yes: bool, message: str | None
) -> None:
    if not query.strip():
        raise click.BadParameter(
            f"is empty. Use '{ALL}' for all hosts.", param_hint="QUERY"
        )
    _do(parse(query), edit, dry_run, yes, message)


def _do(node: Node, edit: BulkEdit, dry_run: bool, yes: bool, why: str | None) -> None:
    selection = Selection(node=node)
    act = ActorContext(actor(), "command", _reason(why, edit, node))
    shown: ChangePlan | None = None
    if dry_run or not yes:
        shown = plan_change(db.session(), selection, edit)
        db.session.rollback()
        write_out(_lines(shown))
        if dry_run or not shown.written:
            click.echo(printable(summary(shown, would=True)))
            return
        _ask(shown)
    done, new_id = _write(act, selection, edit, shown)
    this = f" Saved as change {new_id}." if new_id is not None else ""
    click.echo(printable(f"{summary(done)}{this}"))


def _reason(why: str | None, edit: BulkEdit, node: Node) -> str:
    try:
        return clean_text(why) or message(edit, to_text(node))
    except InvalidValue as error:
        fail(f"--message{after_field(str(error))}")


def _write(
    act: ActorContext, selection: Selection, edit: BulkEdit, shown: ChangePlan | None
) -> tuple[ChangePlan, int | None]:
    """Write what was shown; what nobody looked at, as it is when it is written."""
    digest = shown.digest if shown else None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return write(act, lambda: change(db.session(), selection, edit, digest))
        except Conflict as error:
            if shown is not None:
                text = _what_changed(shown, selection, edit)
                fail(f"{error} {text}".strip())
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _what_changed(shown: ChangePlan, selection: Selection, edit: BulkEdit) -> str:
    now = plan_change(db.session(), selection, edit)
    return "; ".join(differences(db.session(), shown.all, now.all))


def _ask(plan: ChangePlan) -> None:
    deleted = len(plan.written) if plan.edit.action == DELETE else 0
    ask_before_deletion(summary(plan, would=True), deleted)


def _lines(plan: ChangePlan) -> Iterator[str]:
    for name in plan.new_groups:
        yield printable(f"new group: {name}") + "\n"
    for line in plan.lines:
        yield printable(_line(line)) + "\n"
    verb = plan.edit.action
    for host in plan.sample:
        fields = "; ".join(map(_field_change, host.field_changes))
        text = f"{verb}: {host.hostname}" + (f": {fields}" if fields else "")
        yield printable(text) + "\n"
    more = len(plan.written) - len(plan.sample)
    if more > 0:
        yield f"… and {more:,} more\n"


def _line(line: Line) -> str:
    before = NOT_SET if line.before is None else line.before
    hosts = counted(line.count, "host")
    if line.stays:
        return f"{line.label}: {before} unchanged ({line.stays}): {hosts}"
    after = NOT_SET if line.after is None else line.after
    return f"{line.label}: {before} → {after}: {hosts}"


def _field_change(change: FieldChange) -> str:
    before, after = (
        text_of(value) or NOT_SET for value in (change.before, change.after)
    )
    return f"{change.label} {before} → {after}"
