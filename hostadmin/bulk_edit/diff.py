"""What becomes of one host, seen by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue
from ..inventory.bulk_read import StoredHost
from ..inventory.bulk_write import HostChange, group_references, plain
from ..validation.json_values import json_text, same_json, variable_at
from . import set_variable
from .edit import BulkEdit

ALREADY = "already so"
# It may still be in the group by one that is nested in it.
NO_MEMBER = "no direct member"
IN, NOT_IN = "in it", "not in it"
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
    """What becomes of a host: for people in ``moves``, for the tables in the rest."""

    moves: list[FieldChange] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    new_groups: list[str] = field(default_factory=list)
    lost_groups: list[str] = field(default_factory=list)

    def host_change(self, host: StoredHost, version: int) -> HostChange:
        """Return what ``inventory.bulk_write`` needs to write it."""
        return HostChange(
            id=host.id,
            version=version,
            hostname=host.fields["hostname"],
            fields=self.fields,
            changes=self.changes,
            new_groups=self.new_groups,
            lost_groups=self.lost_groups,
        )


def decide(host: StoredHost, edit: BulkEdit, group_ids: Mapping[str, int]) -> Decision:
    """Return what the edit makes of a host; it is spelled and its groups are known.

    A group without an id is one that will be made.
    """
    decision = Decision()
    for name, value in edit.fields.items():
        _set(decision, name, host.fields.get(name), value)
    _move_groups(decision, host.fields.get("groups", []), edit, group_ids)
    _set_variables(decision, host.fields.get("vars", {}), edit)
    return decision


def _set(decision: Decision, name: str, before: Any, value: Any) -> None:
    after = plain(value)
    if before == after:
        decision.moves.append(FieldChange(name, before, stays=ALREADY))
        return
    decision.moves.append(FieldChange(name, before, after))
    decision.changes[name] = [before, after]
    decision.fields[name] = value


def _move_groups(
    decision: Decision,
    before: list[dict[str, Any]],
    edit: BulkEdit,
    group_ids: Mapping[str, int],
) -> None:
    if not edit.add_groups and not edit.remove_groups:
        return
    own = {group["name"] for group in before}
    for name in edit.add_groups:
        label = f"group {name}"
        if name in own:
            decision.moves.append(FieldChange(label, IN, stays=ALREADY))
        else:
            decision.moves.append(FieldChange(label, NOT_IN, IN))
            decision.new_groups.append(name)
    for name in edit.remove_groups:
        label = f"group {name}"
        if name in own:
            decision.moves.append(FieldChange(label, IN, NOT_IN))
            decision.lost_groups.append(name)
        else:
            decision.moves.append(FieldChange(label, NOT_IN, stays=NO_MEMBER))
    if decision.new_groups or decision.lost_groups:
        after = own.difference(decision.lost_groups).union(decision.new_groups)
        ids = {group["name"]: group["id"] for group in before} | dict(group_ids)
        ids |= {name: 0 for name in decision.new_groups if name not in ids}
        pair = [before or None, group_references(after, ids) or None]
        decision.changes["groups"] = pair


def _set_variables(decision: Decision, before: dict[str, Any], edit: BulkEdit) -> None:
    after, moves = _with_variables(before, edit)
    if after is not before and not same_json(after, before):
        try:
            set_variable.check(after)
        except InvalidValue as error:
            # None of them is set: which ones would still fit is nothing to guess.
            moves = [m if m.stays else _staying(m, str(error)) for m in moves]
        else:
            decision.changes["vars"] = [before or None, after or None]
            decision.fields["vars"] = after
    decision.moves += moves


def _with_variables(
    before: dict[str, Any], edit: BulkEdit
) -> tuple[dict[str, Any], list[FieldChange]]:
    """Return the variables as they would be, and what is to be told of each."""
    after, moves = before, []
    for path, value in edit.variables.items():
        label = f"var.{'.'.join(path)}"
        now = variable_at(before, path)
        was, becomes = _told(now), _told(value)
        if bool(now) == bool(value) and same_json(now, value):
            moves.append(FieldChange(label, was, stays=ALREADY))
            continue
        try:
            after = set_variable.changed(after, path, value)
        except InvalidValue as error:
            moves.append(FieldChange(label, was, stays=str(error)))
            continue
        moves.append(FieldChange(label, was, becomes))
    return after, moves


def _staying(move: FieldChange, why: str) -> FieldChange:
    return FieldChange(move.label, move.before, stays=why)


def _told(value: list[Any]) -> Any:
    """Return a variable as it is told: "25" is not 25, and null is not nothing."""
    if not value:
        return None
    if value[0] is None:
        return "null"
    text = value[0]
    is_like = isinstance(text, str) and _SCALAR.fullmatch(text)
    return json_text(text) if is_like else text
