"""A plan in a sentence, for pages and commands."""

from ..formatting import counted
from .plan import CHANGE, DELETE, RESTORE, UndoPlan

DONE = {DELETE: "deleted", RESTORE: "brought back", CHANGE: "changed back"}


def summary(plan: UndoPlan, would: bool = False) -> str:
    """Return what the plan does, or ``would`` do, in one sentence."""
    if not plan.back and not plan.kept_objects:
        return "Nothing to undo: all of it is already as it was before."
    parts = [
        f"{counted(count, subject)} {'would be ' if would else ''}{DONE[action]}"
        for (action, subject), count in sorted(plan.counts.items())
        if subject != "inventory"
    ]
    if plan.counts[CHANGE, "inventory"]:
        parts.append(
            f"variables of all hosts {'would be ' if would else ''}changed back"
        )
    parts = parts or ["nothing can go back"]
    if plan.kept_objects:
        parts.append(f"{plan.kept_objects:,} left alone in whole or part")
    if plan.same:
        parts.append(f"{plan.same:,} already so")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
