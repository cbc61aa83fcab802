"""Plans: what a change of many would do, all of it, and then exactly that.

The same request says it and does it: with ``apply`` and the digest of the plan, what
was said is done, or nothing where it would be something else by now.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response

from .. import bulk_edit, undo
from ..bulk_edit import BulkEdit, ChangePlan, Selection
from ..db.session import db
from ..errors import FieldError, InvalidInput, NotFound
from ..history.filters import PERSONAL
from ..history.search import find_change
from ..query.parser import parse
from ..query.to_text import to_text
from ..undo import Step, UndoPlan
from .blueprint import answer, bp
from .documented import documented
from .merge_patch import given
from .plan_shapes import (
    ChangeSaid,
    PlannedChange,
    PlannedUndo,
    PlanQuery,
    UndoSaid,
)
from .reading import escaped
from .repeats import write_once
from .shapes import Repeatable

TAG = "Plans"
_GROUPS = {bulk_edit.ADD_GROUPS: "add_groups", bulk_edit.REMOVE_GROUPS: "remove_groups"}


# ---- a change of many hosts


@bp.post("/plans/change")
@documented(PlannedChange, tag=TAG, headers=Repeatable)
def plan_change(query: PlanQuery, json: ChangeSaid) -> Response:
    """Change, confirm or delete many hosts

    Without `apply`, the response is a preview: how many hosts, from what to what, and
    which are left unchanged.
    """
    selection = Selection(node=_said_query(json.q), limit=bulk_edit.MAX_IDS)
    edit = _read_edit(json)
    if not query.apply:
        with _placing(json):
            plan = bulk_edit.plan_change(db.session(), selection, edit)
        return answer(_change_json(plan, None, query.apply))

    def work() -> Response:
        with _placing(json):
            done = bulk_edit.change(db.session(), selection, edit, query.apply)
        return answer(_change_json(*done, query.apply))

    asked = to_text(parse(json.q))
    return write_once(work, query.message or bulk_edit.message(edit, asked))


def _said_query(text: str) -> Any:
    if not text.strip():
        raise InvalidInput([FieldError("q", "is empty; “*” means all hosts.")])
    return parse(text)


def _read_edit(said: ChangeSaid) -> BulkEdit:
    """Return what is to be done. Raises ``InvalidInput`` with all that is wrong."""
    changes = {"set", "variables", "add_groups", "remove_groups"} & given(said).keys()
    if said.action != bulk_edit.CHANGE:
        if changes:
            words = f"cannot be used with the action {said.action}."
            raise InvalidInput([FieldError(name, words) for name in sorted(changes)])
        return BulkEdit(said.action)
    with _placing(said):
        edit = bulk_edit.read_edit(
            ((name, _text(value)) for name, value in said.set.items()),
            variables=said.variables,
            add_groups=said.add_groups,
            remove_groups=said.remove_groups,
            make_groups=said.make_groups,
        )
    if not edit:
        raise InvalidInput([FieldError("set", "is empty. Give at least one change.")])
    return edit


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


@contextlib.contextmanager
def _placing(said: ChangeSaid) -> Iterator[None]:
    """Give what is wrong in the block the places of what was sent."""
    try:
        yield
    except InvalidInput as error:
        placed = [FieldError(_place(e.field, said), e.message) for e in error.errors]
        raise InvalidInput(placed) from None


def _place(name: str, said: ChangeSaid) -> str:
    variable = name.removeprefix("var.")
    if name in said.set:
        return f"set/{escaped(name)}"
    if variable in said.variables:
        return f"variables/{escaped(variable)}"
    return _GROUPS.get(name, name)


def _change_json(
    plan: ChangePlan, change_set_id: int | None, digest: str
) -> dict[str, Any]:
    return {
        **_head(plan.digest, change_set_id, digest),
        "summary": bulk_edit.summary(plan, would=not digest),
        "hosts": len(plan.all),
        "written": len(plan.written),
        "new_groups": list(plan.new_groups),
        "lines": [
            {
                "field": line.label,
                "from": line.before,
                "to": line.after,
                "stays": line.stays or None,
                "hosts": line.count,
            }
            for line in plan.lines
        ],
        "sample": [
            {
                "id": host.id,
                "hostname": host.hostname,
                "changes": [
                    {
                        "field": change.label,
                        "from": bulk_edit.text_of(change.before),
                        "to": bulk_edit.text_of(change.after),
                    }
                    for change in host.field_changes
                ],
            }
            for host in plan.sample
        ],
    }


def _head(plan: str, change_set_id: int | None, digest: str) -> Mapping[str, Any]:
    return {"digest": plan, "applied": bool(digest), "change": change_set_id}


# ---- undo


@bp.post("/plans/undo")
@documented(PlannedUndo, tag=TAG, headers=Repeatable)
def plan_undo(query: PlanQuery, json: UndoSaid) -> Response:
    """Undo a change, or one entry of it

    Values that were changed again since are left unchanged and listed.
    """
    session, id_, entry_id = db.session(), json.change, json.entry
    if find_change(session, id_, PERSONAL) is None:
        raise NotFound(f"Change {id_} does not exist.")
    if not query.apply:
        with undo.plan_undo(session, id_, entry_id) as plan:
            return answer(_undo_json(plan, None, query.apply))

    def work() -> Response:
        plan, change_set_id = undo.undo(db.session(), id_, entry_id, query.apply)
        with plan:
            return answer(_undo_json(plan, change_set_id, query.apply))

    return write_once(work, query.message or undo.message(id_, entry_id))


def _undo_json(
    plan: UndoPlan, change_set_id: int | None, digest: str
) -> dict[str, Any]:
    counts: dict[str, dict[str, int]] = {}
    for (action, subject), number in plan.counts.items():
        counts.setdefault(subject, {})[action] = number
    return {
        **_head(plan.digest, change_set_id, digest),
        "summary": undo.summary(plan, would=not digest),
        "counts": counts,
        "back": [_step_json(step) for step in plan.first_back],
        "kept": [
            {
                **_of(step),
                "field": kept.field or None,
                "reason": step.reason(kept),
            }
            for step in plan.first_kept
            for kept in step.kept
        ],
        "is_cut": plan.back > undo.SHOWN or plan.kept_objects > undo.SHOWN,
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        **_of(step),
        "action": step.action,
        "changes": {name: list(change) for name, change in step.back.items()},
    }


def _of(step: Step) -> dict[str, Any]:
    return {"subject": step.subject, "id": step.id, "name": step.name}
