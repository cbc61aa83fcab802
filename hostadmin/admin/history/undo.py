"""The page that says what an undo would do, and does it."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ...bulk_edit import asks_number
from ...db.session import db
from ...errors import Conflict
from ...formatting import calm
from ...history import write
from ...history.describe import WHOLE, field_changes, value_text
from ...models import ChangeSet
from ...undo import (
    CHANGE,
    DELETE,
    DELETED_SINCE,
    RESTORE,
    STAY,
    Step,
    UndoPlan,
    message,
    plan_undo,
    summary,
    undo,
    what_it_does,
)
from ...validation.local_path import own_path
from ..current_user import web_act
from ..generated.change_entries import PAGES, parse_big_id, shown_text
from ..generated.urls import what_next
from ..generated.way_back import referring_path
from ..typed_number import WrongNumber, check_number
from .pages import get_change

bp = Blueprint("undo", __name__)

# Of many objects a page shows some, and says how many there are.
EXAMPLES = 10
VERBS = {DELETE: "to be deleted", RESTORE: "to be restored", CHANGE: "to be reverted"}


@dataclass(frozen=True)
class ShownStep:
    """A line of the page. ``fields`` are name, now, then; ``kept`` name, now, why."""

    subject: str
    name: str
    verb: str
    url: str | None
    fields: list[tuple[str, str, str]]
    kept: list[tuple[str, str, str]]


@bp.route("/changes/<change_set_id>/undo", methods=("GET", "POST"))
def undo_page(change_set_id: str) -> ResponseReturnValue:
    """Show what goes back and what stays; a POST with what was seen does it."""
    id_ = get_change(change_set_id).id
    entry = request.values.get("entry")
    entry_id = parse_big_id(entry) if entry is not None else None
    if request.method != "POST":
        return _show(id_, entry_id, back_url=referring_path() or "")
    digest = request.form.get("digest", "")
    act = web_act(message(id_, entry_id))
    try:
        plan, new_id = write(
            act, lambda: undo(db.session(), id_, entry_id, digest, _sure)
        )
    except WrongNumber as error:
        return _show(id_, entry_id, wrong=str(error)), 400
    except Conflict as error:
        return _show(id_, entry_id, str(error)), 409
    with plan:
        if new_id is None:
            return _show(id_, entry_id)
        done = Markup("Change {} undone: {}").format(id_, summary(plan))
        hosts = plan.counts[CHANGE, "host"] + plan.counts[RESTORE, "host"]
        flash(done + what_next(new_id, hosts), "success")
        return redirect(_where_to(plan))


def _sure(plan: UndoPlan) -> None:
    check_number(plan.counts[DELETE, "host"])


def _where_to(plan: UndoPlan) -> str:
    """Return the page of the object, if it is one that is there; else the list."""
    if plan.back == 1 and plan.first_back[0].action != DELETE:
        step = plan.first_back[0]
        return url_for(PAGES[step.subject], id=step.id)
    hosts, groups = url_for("hosts.index_view"), url_for("groups.index_view")
    groups_only = all(subject == "group" for _, subject in plan.counts)
    back = own_path(request.form.get("back")) or ""
    if back.split("?")[0] in (hosts, groups):
        return back
    return groups if groups_only else hosts


def _show(
    id_: int,
    entry_id: int | None,
    error: str = "",
    wrong: str = "",
    back_url: str = "",
) -> str:
    session = db.session()
    back_url = own_path(request.form.get("back")) or back_url
    with plan_undo(session, id_, entry_id) as plan:
        return render_template(
            "history/undo.html",
            change=session.get(ChangeSet, id_),
            entry_id=entry_id,
            plan=plan,
            summary=summary(plan, would=True),
            does=what_it_does(plan),
            deleted=plan.counts[DELETE, "host"],
            deletes=any(action == DELETE for action, _ in plan.counts),
            asks_number=asks_number(plan.counts[DELETE, "host"]),
            back=[_shown(step) for step in plan.first_back[:EXAMPLES]],
            kept=[_shown(step) for step in plan.first_kept[:EXAMPLES]],
            error=error,
            wrong=wrong,
            back_url=back_url,
            cancel_url=back_url or url_for("hosts.index_view"),
        )


def _shown(step: Step) -> ShownStep:
    there = step.action in (DELETE, CHANGE) or (
        step.action == STAY and step.kept[0].reason != DELETED_SINCE
    )
    url = None
    if there and step.subject in PAGES:
        url = url_for(PAGES[step.subject], id=step.id)
    return ShownStep(
        step.subject,
        WHOLE if step.subject == "inventory" else step.name,
        VERBS.get(step.action, ""),
        url,
        _fields(step) if step.action == CHANGE else [],
        [(calm(kept.field), _text(kept.now), step.reason(kept)) for kept in step.kept],
    )


def _fields(step: Step) -> list[tuple[str, str, str]]:
    return [
        (calm(change.name), _text(change.before), _text(change.after))
        for change in field_changes(step.back)
    ]


def _text(value: object) -> str:
    return shown_text(value_text(value))
