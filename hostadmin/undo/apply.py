"""Exactly what the plan of an undo says, in the transaction that is open."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from sqlalchemy import orm

from ..history import CHANGED, CREATED, DELETED
from ..inventory.edits import Change, Edit
from ..inventory.write_edits import create_groups, write_edits
from .plan import CHANGE, DELETE, RESTORE, Step, UndoPlan

_ACTIONS = {DELETE: DELETED, RESTORE: CREATED, CHANGE: CHANGED}


def apply_plan(session: orm.Session, plan: UndoPlan) -> None:
    """Write the plan. Raises ``Conflict`` when something changed since it was made."""
    # What comes back needs the names of what goes, and what goes must be empty.
    write_edits(session, _edits(plan, "host", DELETE))
    create_groups(session, partial(_edits, plan, "group", RESTORE))
    for subject, action in (
        ("group", CHANGE),
        ("host", CHANGE),
        ("host", RESTORE),
        ("group", DELETE),
        ("inventory", CHANGE),
    ):
        write_edits(session, _edits(plan, subject, action))


def _edits(plan: UndoPlan, subject: str, action: str) -> Iterator[Edit]:
    return map(_edit, plan.steps(subject, action))


def _edit(step: Step) -> Edit:
    changes = dict(step.back)
    if step.action == RESTORE and step.created_at:
        changes["created_at"] = Change(None, datetime.fromisoformat(step.created_at))
    action = _ACTIONS[step.action]
    return Edit(step.subject, step.id, step.version, step.name, changes, action)
