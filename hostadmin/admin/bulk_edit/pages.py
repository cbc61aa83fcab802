"""Changes to many hosts: what is to be done, what that would do, and then that."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ...bulk_edit import (
    CONFIRM,
    DELETE,
    MAX_IDS,
    RETIRE,
    BulkEdit,
    ChangePlan,
    Seen,
    Selection,
    asks_number,
    change,
    differences,
    ids_text,
    message,
    plan_change,
    read_ids,
    summary,
)
from ...db.session import db
from ...errors import Conflict, InvalidInput, InvalidValue
from ...formatting import counted
from ...history import write
from ...query.ast import EQUALS, Quoted, Term
from ...query.to_text import to_text
from ...validation.local_path import own_path
from ...validation.values import clean_reason
from ..current_user import web_act
from ..generated.urls import what_next
from ..new_values import ask, open_questions, take_choices
from ..query_args import asked_query
from ..typed_number import WrongNumber, check_number
from .forms import BulkForm, EditForm, GroupsForm, RenameForm
from .plan_context import (
    VERBS,
    form_title,
    rest_text,
    shown_lines,
    shown_sample,
    which_hosts,
)

bp = Blueprint("bulk", __name__, url_prefix="/hosts/bulk")

FORMS: Mapping[str, type[BulkForm]] = {
    "edit": EditForm,
    "groups": GroupsForm,
    "rename": RenameForm,
}
EDITS = {"confirm": BulkEdit(CONFIRM), "retire": RETIRE, "delete": BulkEdit(DELETE)}
# Fields of the pages themselves; all others say what is to be done to which hosts.
OWN_FIELDS = frozenset(
    (
        "csrf_token",
        "step",
        "digest",
        "shown",
        "number",
        "message",
        "ids",
        "cursor",
        "does",
    )
)
# What may be long, or a secret, and is better not part of an address.
UNTOLD = ("variables", "notes")
# Proxies take some 8,000 characters.
MAX_URL = 4_000
FORM, PLAN, DO = "form", "plan", "do"


@dataclass(frozen=True)
class Chosen:
    """Which hosts, and the list that they were chosen on."""

    selection: Selection
    list_url: str

    @property
    def query(self) -> str | None:
        node = self.selection.node
        return None if node is None else to_text(node)


@bp.route("/<action>", methods=("GET", "POST"))
def bulk_page(action: str) -> ResponseReturnValue:
    """Ask what to do where that needs words, show the plan, and do what was shown.

    Only a POST with the digest of what was shown writes.
    """
    if action not in FORMS and action not in EDITS:
        abort(404)
    step = sent().get("step", "")
    if request.method == "POST" and step != DO and (url := _as_url(action, step)):
        return redirect(url)
    form = FORMS[action](sent() if step else None) if action in FORMS else None
    edit = EDITS.get(action) if form is None else _read_edit(action, step, form)
    return _answer(action, step, form, edit)


def _answer(
    action: str, step: str, form: BulkForm | None, edit: BulkEdit | None
) -> ResponseReturnValue:
    chosen = read_chosen(edit)
    if action != "rename" and not chosen.selection:
        flash("Select hosts in the list first.", "warning")
        return redirect(chosen.list_url)
    if edit is None:
        return _show_form(action, form, chosen), 400 if step in (PLAN, DO) else 200
    try:
        if request.method == "POST" and step == DO:
            return _do(action, edit, chosen)
        return _show_plan(action, edit, chosen)
    except InvalidInput as error:
        if form is None:
            raise
        form.tell(error)
        return _show_form(action, form, chosen), 400


def _read_edit(action: str, step: str, form: BulkForm) -> BulkEdit | None:
    """Return what to do; None where something is wrong or still to be answered."""
    if step not in (PLAN, DO):
        return None
    take_choices(form)
    edit = form.read()
    if edit is None or action != "edit":
        return edit
    return None if ask(form, open_questions(dict(edit.fields))) else edit


def _as_url(action: str, step: str) -> str | None:
    """Return the same page as an address, which can be reloaded and gone back to.

    None where it would be too long, or tell logs what may be a secret.
    """
    if any(sent().get(name) for name in UNTOLD):
        return None
    ids = ids_text(read_ids(sent().getlist("ids")))
    pairs = [("step", step), *_kept(), ("ids", ids)]
    args = urlencode([pair for pair in pairs if pair[1]], safe=":,/*")
    url = f"{url_for('bulk.bulk_page', action=action)}?{args}"
    return url if len(url) <= MAX_URL else None


def sent() -> MultiDict[str, str]:
    """Return what was sent: of a POST its form alone, whatever its address says."""
    return request.form if request.method == "POST" else request.args


def read_chosen(edit: BulkEdit | None) -> Chosen:
    """Return the hosts that the request names. Raises ``QueryError``."""
    home = url_for("hosts.index_view")
    view = own_path(sent().get("back"))
    list_url = view if view and view.startswith(home) else home
    if edit is not None and edit.renamed_from is not None:
        old = Term(next(iter(edit.fields)), EQUALS, (Quoted(edit.renamed_from),))
        return Chosen(Selection(node=old, limit=MAX_IDS), list_url)
    if sent().get("all") == "1":
        return Chosen(Selection(node=asked_query(sent()), limit=MAX_IDS), list_url)
    return Chosen(Selection(ids=read_ids(sent().getlist("ids"))), list_url)


@bp.post("/turn")
def turn() -> ResponseReturnValue:
    """Go to another page of the list and keep what was ticked, without a script."""
    chosen = read_chosen(None)
    cursor = request.form.get("cursor", "")
    more = {"ids": ids_text(chosen.selection.ids), "cursor": cursor}
    args = urlencode({name: text for name, text in more.items() if text}, safe=",")
    joint = "&" if "?" in chosen.list_url else "?"
    return redirect(f"{chosen.list_url}{joint if args else ''}{args}")


def _kept() -> list[tuple[str, str]]:
    """Return what the next page has to be sent again, but for ids: those are many."""
    return [
        (name, value)
        for name, value in sent().items(multi=True)
        if name not in OWN_FIELDS
    ]


def _show_form(action: str, form: BulkForm | None, chosen: Chosen) -> str:
    own = set(form._fields) if form is not None else set()
    return render_template(
        "bulk_edit/form.html",
        action=action,
        form=form,
        title=form_title(action, chosen.selection),
        which=None if action == "rename" else which_hosts(chosen.selection),
        kept=[pair for pair in _kept() if pair[0] not in own],
        ids=ids_text(chosen.selection.ids),
        cancel_url=chosen.list_url,
    )


def _show_plan(
    action: str, edit: BulkEdit, chosen: Chosen, error: str = "", wrong: str = ""
) -> str:
    plan = plan_change(db.session(), chosen.selection, edit)
    asks = plan.edit.action == DELETE and asks_number(len(plan.written))
    return render_template(
        "bulk_edit/preview.html",
        action=action,
        verb=VERBS[action],
        plan=plan,
        total=counted(len(plan.all), "host"),
        written=counted(len(plan.written), "host"),
        summary=summary(plan, would=True),
        which=which_hosts(chosen.selection),
        lines=shown_lines(plan, chosen.selection),
        sample=shown_sample(plan),
        rest=rest_text(plan),
        rest_url=_query_url(chosen),
        kept=_kept(),
        ids=ids_text(chosen.selection.ids),
        with_form=action in FORMS,
        asks_number=asks,
        reason=sent().get("message", ""),
        error=error,
        wrong=wrong,
        cancel_url=chosen.list_url,
    )


def _query_url(chosen: Chosen) -> str | None:
    return chosen.query and url_for("hosts.index_view", q=chosen.query)


def _do(action: str, edit: BulkEdit, chosen: Chosen) -> ResponseReturnValue:
    digest = request.form.get("digest", "")
    try:
        why = clean_reason(request.form.get("message")) or message(edit, chosen.query)
    except InvalidValue as error:
        return _show_plan(action, edit, chosen, wrong=str(error)), 400
    try:
        plan, new_id = write(
            web_act(why),
            lambda: change(db.session(), chosen.selection, edit, digest, _sure),
        )
    except WrongNumber as error:
        return _show_plan(action, edit, chosen, wrong=str(error)), 400
    except Conflict as error:
        shown = f"{error} {_what_changed(edit, chosen)}".strip()
        return _show_plan(action, edit, chosen, error=shown), 409
    if new_id is None:
        return _show_plan(action, edit, chosen)
    # The script forgets what was ticked when it sees the mark.
    done = Markup("<span data-unticked>{}</span>").format(summary(plan))
    if edit.action != CONFIRM:
        done += what_next(new_id, 0 if edit.action == DELETE else len(plan.written))
    flash(done, "success")
    return redirect(chosen.list_url)


def _sure(plan: ChangePlan) -> None:
    if plan.edit.action == DELETE:
        check_number(len(plan.written))


def _what_changed(edit: BulkEdit, chosen: Chosen) -> str:
    seen = Seen.unpack(request.form.get("shown", ""))
    if seen is None:
        return ""
    now = plan_change(db.session(), chosen.selection, edit)
    shown = differences(db.session(), seen, now.all)
    return f"{'; '.join(shown)}." if shown else ""
