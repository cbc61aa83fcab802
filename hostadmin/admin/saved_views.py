"""The pages of saved views: keep one, change it, delete it, and all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from .. import saved_views
from ..db.session import db
from ..errors import Conflict, InvalidInput, QueryError
from ..history import write
from ..inventory.columns import parse_columns
from ..inventory.list_hosts import parse_sort
from ..models import NOBODY, SavedView
from ..query.ast import Node
from ..query.parser import parse
from ..query.to_english import describe, spelling
from ..validation.values import quoted
from .current_user import web_act, web_viewer
from .generated.form_fields import seen_version
from .generated.list_context import PARAMETERS, ListRequest
from .generated.model_view import parse_id
from .generated.urls import QUERY, ViewUrl
from .list_columns import COLS
from .query_args import read_hosts_request
from .saved_views_menu import ENDPOINTS, kept_args, opened_url, opened_view
from .stats import options

bp = Blueprint("views", __name__)

KNOWN = {saved_views.HOSTS: (*PARAMETERS, COLS), saved_views.STATS: options.PARAMETERS}
# What the address of these pages says besides that of the page to keep.
OWN = ("id", "page", "name", "shared")
# A message waits for the next page in a cookie, and browsers drop those over 4 KB.
MAX_ADDRESS = 2_000


def install(app: Flask) -> None:
    app.register_blueprint(bp)
    app.add_template_global(opened_view)
    app.add_template_filter(option_words)


@dataclass(frozen=True)
class ShownView:
    """A row of the page of views."""

    view: SavedView
    url: str
    query: str
    sentence: str
    problem: str
    gone: str
    is_default: bool
    may_change: bool


def option_words(name: str, value: str) -> str:
    """Return what a parameter of a page says, for people."""
    if name == "sort":
        columns = (
            f"{one.removeprefix('-')}{', descending' if one.startswith('-') else ''}"
            for one in value.split(",")
        )
        return f"sorted by {', then '.join(columns)}"
    if name == "zero":
        return "zeros shown"
    words = {"cols": "columns", "top": "first"}
    return f"{words.get(name, name)} {value.replace(',', ', ')}"


@dataclass
class ViewForm:
    """What the form of a view holds, and what is wrong with it."""

    name: str = ""
    query: str = ""
    shared: bool = False
    default: bool = False
    version: str = ""
    errors: tuple[tuple[str, str], ...] = ()

    def error(self, field: str) -> str:
        return " ".join(text for name, text in self.errors if name == field)


@bp.get("/views/")
def list_views() -> ResponseReturnValue:
    """Show all views, and which of them ask for what is not there any more."""
    session, viewer = db.session(), web_viewer()
    default = saved_views.default_view_id(session, viewer)
    return render_template(
        "saved_views/list.html",
        rows=[
            _shown(view, default) for view in saved_views.list_views(session, viewer)
        ],
        default=default,
        all_url=str(ViewUrl("hosts.index_view", ())),
    )


def _shown(view: SavedView, default: int | None) -> ShownView:
    problem = saved_views.problem_of(db.session(), view)
    sentence = gone = ""
    if not problem:
        node = parse(view.query or "")
        sentence = _sentence(view.page, node)
        gone = ", ".join(saved_views.gone_values(db.session(), node))
    return ShownView(
        view,
        opened_url(view),
        view.query or "",
        sentence,
        problem,
        gone,
        view.id == default,
        saved_views.may_change(web_viewer(), view),
    )


@bp.get("/views/<view_id>")
def show(view_id: str) -> ResponseReturnValue:
    """Lead to what a view shows now: an address that stays when the view changes."""
    view = saved_views.get_view(db.session(), web_viewer(), parse_id(view_id))
    return redirect(opened_url(view))


# ---- keeping and changing


@bp.route("/views/new/", methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    """Keep the page that the address tells under a name."""
    page, list_request = _read_page()
    title = "Save this view"
    query = dict(list_request.url.pairs).get(QUERY, "")
    if request.method == "GET":
        shared = request.args.get("shared") == "1"
        form = ViewForm(request.args.get("name", "")[:255], query, shared)
        return _show_form(title, form, page, list_request)
    form = _sent(query)
    given = _view(form, page, list_request)
    session, viewer = db.session(), web_viewer()
    view = _written(form, lambda: saved_views.add_view(session, viewer, given))
    if view is None:
        return _show_form(title, form, page, list_request), 400
    flash(f"View {quoted(view.name)} saved.", "success")
    return redirect(opened_url(view))


@bp.route("/views/edit/", methods=("GET", "POST"))
def edit() -> ResponseReturnValue:
    """Change a view; with a page in the address, to what that shows."""
    session, viewer = db.session(), web_viewer()
    view = saved_views.get_view(session, viewer, parse_id(request.args.get("id")))
    id_, title = view.id, f"Edit view {quoted(view.name)}"
    replaced = "page" in request.args
    page, list_request = _read_page() if replaced else (view.page, _kept(view))
    if request.method == "GET":
        query = (
            dict(list_request.url.pairs).get(QUERY, "")
            if replaced
            else view.query or ""
        )
        default = saved_views.default_view_id(session, viewer) == view.id
        form = ViewForm(view.name, query, view.shared, default, str(view.version))
        return _show_form(title, form, page, list_request, view)
    form = _sent(request.form.get("query", ""))
    given = _view(form, page, list_request)
    version = seen_version(form.version)
    try:
        done = _written(
            form, lambda: saved_views.change_view(session, viewer, id_, given, version)
        )
    except Conflict as error:
        view = saved_views.get_view(session, viewer, id_)
        form.errors = (("", f"{error} Save again to overwrite it."),)
        form.version = str(view.version)
        return _show_form(title, form, page, list_request, view), 409
    if done is None:
        view = saved_views.get_view(session, viewer, id_)
        return _show_form(title, form, page, list_request, view), 400
    flash(f"View {quoted(done.name)} saved.", "success")
    return redirect(opened_url(done))


def _read_page() -> tuple[str, ListRequest]:
    """Return the page that the address tells. Raises ``QueryError``."""
    page = request.args.get("page", saved_views.HOSTS)
    if page not in KNOWN:
        raise QueryError(f"{quoted(page)} is not a page that views can be saved for.")
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] not in OWN]
    list_request = read_hosts_request(ENDPOINTS[page], MultiDict(pairs), KNOWN[page])
    if page == saved_views.HOSTS:
        parse_sort(list_request.sort)
        parse_columns(request.args.get(COLS, "").split(","))
    return page, list_request


def _kept(view: SavedView) -> ListRequest:
    """Return the page of a view without its query, which may make no sense now."""
    pairs = tuple((name, value) for name, value in view.options)
    return ListRequest(ViewUrl(ENDPOINTS[view.page], pairs), "", 0, None, ())


def _sent(query: str) -> ViewForm:
    sent = request.form
    return ViewForm(
        sent.get("name", ""),
        query,
        "shared" in sent,
        "default" in sent,
        sent.get("version", "")[:9],
    )


def _options(list_request: ListRequest) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in kept_args(list_request.url.pairs) if pair[0] != QUERY)


def _view(form: ViewForm, page: str, list_request: ListRequest) -> saved_views.View:
    return saved_views.View(
        form.name, page, form.query, _options(list_request), form.shared
    )


def _written(form: ViewForm, work: Callable[[], SavedView]) -> SavedView | None:
    """Write a view, and the choice to open with it; None if something is wrong."""
    session, viewer = db.session(), web_viewer()

    def both() -> SavedView:
        view = work()
        was = saved_views.default_view_id(session, viewer) == view.id
        if form.default != was:
            saved_views.set_default(session, viewer, view.id if form.default else None)
        return view

    try:
        return write(web_act(), both)
    except InvalidInput as error:
        form.errors = tuple((wrong.field, wrong.message) for wrong in error.errors)
        return None


def _show_form(
    title: str,
    form: ViewForm,
    page: str,
    list_request: ListRequest,
    view: SavedView | None = None,
) -> str:
    viewer = web_viewer()
    owner = view.owner_id if view is not None else viewer.id
    back = str(list_request.url) if view is None else url_for("views.list_views")
    return render_template(
        "saved_views/form.html",
        title=title,
        form=form,
        page=page,
        saved=view,
        options=_options(list_request),
        may_share=viewer.shares and owner != NOBODY,
        sentence=_sentence_of_text(page, form.query),
        cancel_url=back,
    )


def _sentence_of_text(page: str, query: str) -> str:
    try:
        return _sentence(page, parse(query))
    except QueryError:
        return ""


def _sentence(page: str, node: Node) -> str:
    """Return what a view of the page shows: ``Hosts in prod``."""
    text = describe(node, spelling(db.session()))
    return (
        text if page == saved_views.HOSTS else f"Counts of {text[0].lower()}{text[1:]}"
    )


# ---- deleting, and opening with


@bp.route("/views/delete/", methods=("GET", "POST"))
def delete() -> ResponseReturnValue:
    """Ask, then delete; the message after it has a way to keep it after all."""
    session, viewer = db.session(), web_viewer()
    view = saved_views.get_view(session, viewer, parse_id(request.values.get("id")))
    if request.method == "GET":
        return _ask(view)
    id_, version = view.id, seen_version(request.form.get("version", ""))
    try:
        gone = write(
            web_act(), lambda: saved_views.delete_view(session, viewer, id_, version)
        )
    except Conflict as error:
        return _ask(saved_views.get_view(session, viewer, id_), str(error)), 409
    again = (("name", gone.name), ("shared", str(int(gone.shared))))
    url = ViewUrl("", (("page", gone.page), *again, *saved_views.address_args(gone)))
    done = Markup("View {} deleted.").format(quoted(gone.name))
    if len(address := url.to("views.new")) <= MAX_ADDRESS:
        done += Markup(' <a href="{}">Save it again</a>').format(address)
    flash(done, "success")
    return redirect(url_for("views.list_views"))


def _ask(view: SavedView, error: str = "") -> str:
    session = db.session()
    return render_template(
        "saved_views/delete.html",
        saved=view,
        error=error,
        is_default=saved_views.default_view_id(session, web_viewer()) == view.id,
        cancel_url=url_for("views.list_views"),
    )


@bp.post("/views/default/")
def choose_default() -> ResponseReturnValue:
    """Open the list with a view from now on, or with all hosts."""
    session, viewer = db.session(), web_viewer()
    text = request.form.get("id", "")
    view_id = parse_id(text) if text else None
    write(web_act(), lambda: saved_views.set_default(session, viewer, view_id))
    view = saved_views.default_view(session, viewer)
    with_what = quoted(view.name) if view is not None else "all hosts"
    flash(f"Your list of hosts now opens with {with_what}.", "success")
    return redirect(url_for("views.list_views"))
