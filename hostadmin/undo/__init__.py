"""Undo: first a plan of what goes back, then exactly that plan, as one new change.

What something newer changed stays as it is and is shown. An undo is a change like any
other, so it can be undone itself.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.guards import NESTING, take_turn
from ..errors import Conflict
from ..history import current_change_set_id
from ..history.undone import find_undone, note_undo
from ..models import ChangeSet, Group, Inventory
from .apply import apply_plan
from .merge import DELETED_SINCE, SINCE, Kept, merge
from .net_changes import NetChange, NetChanges, newer_changes
from .plan import CHANGE, DELETE, RESTORE, SHOWN, STAY, Step, UndoPlan
from .plan_groups import GroupPlanner
from .plan_hosts import HostPlanner
from .summary import summary, what_it_does

__all__ = [
    "CHANGE",
    "DELETE",
    "DELETED_SINCE",
    "RESTORE",
    "SHOWN",
    "STAY",
    "UNDONE",
    "Kept",
    "Step",
    "UndoPlan",
    "message",
    "plan_undo",
    "summary",
    "undo",
    "what_it_does",
]

# The kinds of objects whose changes can be undone.
UNDONE = ("group", "host", "inventory")


def message(change_set_id: int, entry_id: int | None = None) -> str:
    """Return what the history says of the undo itself."""
    part = f", entry {entry_id}" if entry_id is not None else ""
    return f"Undo of change {change_set_id}{part}"


def plan_undo(
    session: orm.Session, change_set_id: int, entry_id: int | None = None
) -> UndoPlan:
    """Return what an undo of a change set, or of one entry of it, would do.

    Reads only. Close the plan when it is no longer needed. Raises ``NotFound``.
    """
    plan = UndoPlan(change_set_id, entry_id)
    try:
        _fill(session, plan)
    except BaseException:
        plan.close()
        raise
    return plan


def _fill(session: orm.Session, plan: UndoPlan) -> None:
    nets = NetChanges(session, plan.change_set_id, plan.entry_id)
    undone = find_undone(session, [plan.change_set_id])
    plan.undone_by = undone.by(plan.change_set_id, plan.entry_id)
    if plan.undone_by:
        return
    groups = GroupPlanner(session)
    groups.decide(list(chain.from_iterable(nets.batches("group"))))
    hosts = HostPlanner(session, nets, groups.names)
    for batch in nets.batches("host"):
        _add(session, plan, "host", hosts.decide(batch))
    groups.finish(hosts.members)
    _add(session, plan, "group", groups.steps)
    for batch in nets.batches("inventory"):
        _add(session, plan, "inventory", _whole(session, batch))
    for subject in nets.subjects - set(UNDONE):
        for batch in nets.batches(subject):
            reason = f"changes of {subject}s cannot be undone"
            plan_steps = [Step.of(net, STAY).stay(reason) for net in batch]
            _add(session, plan, subject, plan_steps)


def _add(session: orm.Session, plan: UndoPlan, subject: str, steps: list[Step]) -> None:
    wanted = {
        step.id: (step.last_entry_id, {kept.field for kept in step.kept})
        for step in steps
        if step.kept
    }
    own = session.get_one(ChangeSet, plan.change_set_id)
    newer = newer_changes(session, own, subject, wanted)
    for step in steps:
        for kept in step.kept:
            if (step.id, kept.field) in newer and kept.reason in SINCE:
                step.newer[kept.field] = newer[step.id, kept.field]
        plan.add(step)


def _whole(session: orm.Session, nets: list[NetChange]) -> list[Step]:
    """Return what becomes of the variables of all hosts: there may be none."""
    steps = []
    for net in nets:
        row = session.get(Inventory, net.id)
        now: dict[str, Any] = {"vars": row.vars} if row else {}
        changes = {"vars": net.changes["vars"]} if "vars" in net.changes else {}
        merged = merge(changes, now)
        step = Step.of(
            net,
            CHANGE if merged.back else STAY,
            version=row.version if row else 0,
            back=merged.back,
            same=merged.same,
            kept=merged.kept,
        )
        steps.append(step)
    return steps


def undo(
    session: orm.Session,
    change_set_id: int,
    entry_id: int | None = None,
    digest: str | None = None,
    look: Callable[[UndoPlan], None] | None = None,
) -> tuple[UndoPlan, int | None]:
    """Undo in the transaction that is open; return the plan and the new change set.

    ``digest`` is that of the plan that was shown. Raises ``NotFound``, and
    ``Conflict`` when something else would be done by now. Where nothing goes back,
    nothing is written and the new change set is None. ``look`` gets the plan before
    anything is written, and may raise, too.
    """
    take_turn(session, NESTING)
    # No group gains a member or a parent between plan and apply.
    session.execute(sa.select(Group.id).order_by(Group.id).with_for_update())
    plan = plan_undo(session, change_set_id, entry_id)
    try:
        if digest is not None and digest != plan.digest:
            raise Conflict("Something changed since the preview. Nothing was saved.")
        if not plan.back:
            return plan, None
        if look is not None:
            look(plan)
        apply_plan(session, plan)
        if not plan.kept_objects:
            note_undo(session, change_set_id, entry_id)
    except BaseException:
        plan.close()
        raise
    return plan, current_change_set_id(session)
