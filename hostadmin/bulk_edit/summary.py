"""A plan in sentences, for pages, commands and the history."""

from ..formatting import counted
from ..validation.json_values import json_text
from ..validation.values import MAX_TEXT
from .edit import CHANGE, CONFIRM, DELETE, BulkEdit
from .plan import ChangePlan

DONE = {CHANGE: "changed", CONFIRM: "confirmed", DELETE: "deleted"}


def summary(plan: ChangePlan, *, would: bool = False) -> str:
    """Return what the plan does, or ``would`` do, in one sentence."""
    if not plan.all:
        return "No hosts match. Nothing was changed."
    if not plan.written:
        return f"Nothing to change on {counted(len(plan.all), 'host')}."
    done = f"{'would be ' if would else ''}{DONE[plan.edit.action]}"
    parts = [f"{counted(len(plan.written), 'host')} {done}"]
    if stays := len(plan.all) - len(plan.written):
        parts.append(f"{stays:,} unchanged")
    if plan.new_groups:
        names = ", ".join(plan.new_groups)
        parts.append(f"new group: {names}" if would else f"group {names} created")
    return f"{', '.join(parts)}."


def message(edit: BulkEdit, query: str | None) -> str:
    """Return what the history says where nobody gave a reason."""
    parts = [
        f"{name}={_plain(value)}" for name, value in edit.plain()["fields"].items()
    ]
    parts += [
        f"var.{'.'.join(path)}={json_text(value[0]) if value else ''}"
        for path, value in edit.variables.items()
    ]
    parts += [f"group +{name}" for name in edit.add_groups]
    parts += [f"group -{name}" for name in edit.remove_groups]
    what = " ".join(parts) or edit.action
    if edit.renamed_from:
        what = f"{what} instead of {edit.renamed_from}"
        query = None
    text = what if query is None else f"{what} for {query or 'all hosts'}"
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _plain(value: object) -> str:
    return "" if value is None else str(value)
