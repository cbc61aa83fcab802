"""What becomes of one host, seen by itself."""

import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue
from ..inventory.bulk_read import StoredHost
from ..inventory.edits import Change
from ..validation.json_values import json_text, same_json, variable_at
from ..validation.values import plain
from . import set_variable
from .edit import BulkEdit

ALREADY = "already set"
# It may still be in the group by one that is nested in it.
NO_MEMBER = "not a direct member"
IN, NOT_IN = "member", "not a member"
# Texts that would read like something else.
_SCALAR = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?|true|false|null")


@dataclass(frozen=True)
class FieldChange:
    """One thing about one host: from, to; or why it stays. None is not set."""

    label: str
    before: Any
    after: Any = None
    stays: str = ""


@dataclass
class Decision:
    """What becomes of a host: ``field_changes`` for people, the rest for the tables."""

    field_changes: list[FieldChange] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)


def decide(host: StoredHost, edit: BulkEdit) -> Decision:
    """Return what the edit, whose terms are spelled, makes of a host."""
    decision = Decision()
    for name, value in edit.fields.items():
        _set(decision, name, host.fields.get(name), value)
    _move_groups(decision, host.fields.get("groups", []), edit)
    _set_variables(decision, host.fields.get("vars", {}), edit)
    return decision


def _set(decision: Decision, name: str, before: Any, value: Any) -> None:
    after = plain(value)
    if before == after:
        decision.field_changes.append(FieldChange(name, before, stays=ALREADY))
        return
    decision.field_changes.append(FieldChange(name, before, after))
    decision.changes[name] = Change(before, after)


def _move_groups(
    decision: Decision, before: list[dict[str, Any]], edit: BulkEdit
) -> None:
    after: dict[str, dict[str, Any]] = {group["name"]: group for group in before}
    for name in edit.add_groups:
        label = f"group {name}"
        if name in after:
            decision.field_changes.append(FieldChange(label, IN, stays=ALREADY))
        else:
            decision.field_changes.append(FieldChange(label, NOT_IN, IN))
            after[name] = {"name": name}
    for name in edit.remove_groups:
        label = f"group {name}"
        if after.pop(name, None):
            decision.field_changes.append(FieldChange(label, IN, NOT_IN))
        else:
            decision.field_changes.append(FieldChange(label, NOT_IN, stays=NO_MEMBER))
    groups = list(after.values())
    if groups != before:
        decision.changes["groups"] = Change(before or None, groups or None)


def _set_variables(decision: Decision, before: dict[str, Any], edit: BulkEdit) -> None:
    after, field_changes = _with_variables(before, edit)
    if after is not before and not same_json(after, before):
        try:
            set_variable.check(after)
        except InvalidValue as error:
            # None of them is set: which ones would still fit is nothing to guess.
            field_changes = [
                m if m.stays else _staying(m, str(error)) for m in field_changes
            ]
        else:
            decision.changes["vars"] = Change(before or None, after or None)
    decision.field_changes += field_changes


def _with_variables(
    before: dict[str, Any], edit: BulkEdit
) -> tuple[dict[str, Any], list[FieldChange]]:
    """Return the variables as they would be, and what is to be shown of each."""
    after, field_changes = before, []
    for path, value in edit.variables.items():
        label = f"var.{'.'.join(path)}"
        now = variable_at(before, path)
        was, becomes = _shown(now), _shown(value)
        if bool(now) == bool(value) and same_json(now, value):
            field_changes.append(FieldChange(label, was, stays=ALREADY))
            continue
        try:
            after = set_variable.changed(after, path, value)
        except InvalidValue as error:
            field_changes.append(FieldChange(label, was, stays=str(error)))
            continue
        field_changes.append(FieldChange(label, was, becomes))
    return after, field_changes


def _staying(change: FieldChange, why: str) -> FieldChange:
    return FieldChange(change.label, change.before, stays=why)


def _shown(value: list[Any]) -> Any:
    """Return a variable as it is shown: "25" is not 25, and null is not nothing."""
    if not value:
        return None
    if value[0] is None:
        return "null"
    text = value[0]
    is_like = isinstance(text, str) and _SCALAR.fullmatch(text)
    return json_text(text) if is_like else text
