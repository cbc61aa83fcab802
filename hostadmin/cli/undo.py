"""``flask changes undo ID``."""

from collections.abc import Iterator

import click

from ..db.session import db
from ..history import ActorContext, write
from ..history.describe import object_text
from ..undo import (
    CHANGE,
    DELETE,
    SHOWN,
    Step,
    UndoPlan,
    message,
    plan_undo,
    summary,
    undo,
)
from ..validation.json_values import json_text
from ..validation.values import quoted
from .common import actor, ask_before_deletion, command, printable, write_out


@click.command("undo")
@click.argument("change_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--entry", type=click.IntRange(1, 2**63 - 1), help="Only this entry of the change."
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would change, but write nothing."
)
@click.option("--yes", is_flag=True, help="Skip the prompt.")
@command
def undo_command(change_id: int, entry: int | None, dry_run: bool, yes: bool) -> None:
    """Undo the change ID. The undo is saved as a change, too.

    Values that were changed again since are left unchanged and listed.
    """
    session = db.session()
    with plan_undo(session, change_id, entry) as plan:
        session.rollback()
        write_out(_lines(plan))
        if dry_run or not plan.back:
            click.echo(summary(plan, would=True))
            return
        digest = plan.digest
        if not yes:
            deleted = plan.counts[DELETE, "host"]
            ask_before_deletion(summary(plan, would=True), deleted)
    act = ActorContext(actor(), "command", message(change_id, entry))
    done, new_id = write(act, lambda: undo(db.session(), change_id, entry, digest))
    with done:
        click.echo(f"{summary(done)} Saved as change {new_id}.")


def _lines(plan: UndoPlan) -> Iterator[str]:
    for step in plan.first_back:
        yield printable(_back_line(step)) + "\n"
    if plan.back > SHOWN:
        yield f"… and {plan.back - SHOWN:,} more\n"
    for step in plan.first_kept:
        for kept in step.kept:
            field = f" {kept.field}" if kept.field else ""
            what = object_text(step.subject, step.name)
            line = f"unchanged: {what}:{field} {step.reason(kept)}"
            yield printable(line) + "\n"
    if plan.kept_objects > SHOWN:
        yield f"… and {plan.kept_objects - SHOWN:,} more\n"


def _back_line(step: Step) -> str:
    name = object_text(step.subject, step.name)
    if step.action != CHANGE:
        return f"{'delete' if step.action == DELETE else 'restore'}: {name}"
    fields = "; ".join(
        f"{field} {_shown(now)} → {_shown(then)}"
        for field, (now, then) in step.back.items()
    )
    return f"revert: {name}: {fields}"


def _shown(value: object) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, list):
        names = [i["name"] if isinstance(i, dict) else str(i) for i in value]
        return quoted(", ".join(names), 200)
    return quoted(value if isinstance(value, str) else json_text(value), 200)
