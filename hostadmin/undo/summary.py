"""A plan in a sentence, for pages and commands."""

from ..formatting import counted
from .plan import CHANGE, DELETE, RESTORE, UndoPlan

DONE = {DELETE: "deleted", RESTORE: "restored", CHANGE: "reverted"}


VERBS = {DELETE: "delete", RESTORE: "restore", CHANGE: "revert"}


def what_it_does(plan: UndoPlan) -> str:
    """Return what the plan does as a button says it: "Delete 20 hosts and 1 group"."""
    parts = []
    for action, verb in VERBS.items():
        objects = [
            counted(plan.counts[action, subject], subject)
            for subject in ("host", "group")
            if plan.counts[action, subject]
        ]
        if plan.counts[action, "inventory"]:
            objects.append("the variables of all hosts")
        if objects:
            parts.append(f"{verb} {_listed(objects)}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _listed(items: list[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def summary(plan: UndoPlan, would: bool = False) -> str:
    """Return what the plan does, or ``would`` do, in one sentence."""
    if plan.undone_by:
        return f"Already undone by change {plan.undone_by}."
    if not plan.back and not plan.kept_objects:
        return "Nothing to undo: everything is already as it was."
    parts = [
        f"{counted(count, subject)} {'would be ' if would else ''}{DONE[action]}"
        for (action, subject), count in sorted(plan.counts.items())
        if subject != "inventory"
    ]
    if plan.counts[CHANGE, "inventory"]:
        parts.append(f"variables of all hosts {'would be ' if would else ''}reverted")
    if not parts:
        # What is in its way, the page and the command list.
        return "Nothing can be reverted."
    if plan.kept_objects:
        parts.append(f"{plan.kept_objects:,} not fully reverted")
    if plan.same:
        parts.append(f"{plan.same:,} already as before")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
