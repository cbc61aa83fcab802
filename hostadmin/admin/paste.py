"""The pages of pasted names: what is found, and how to go on with it.

Nothing is kept between two pages: each sends the whole text along, and what is done
follows from it alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ..db.session import db
from ..errors import Conflict, HostadminError, InvalidValue
from ..formatting import counted
from ..history import write
from ..inventory import host_sets
from ..limits import limits
from ..paste import (
    AddPlan,
    Ambiguous,
    Answer,
    add_names,
    find_pasted,
    plan_names,
    read_pasted,
)
from ..query.ast import EQUALS, Node, Term
from ..query.fields import FIELDS
from ..query.to_text import to_text
from ..validation.numbers import MAX_ID, whole_number
from ..validation.values import MAX_TEXT, clean_reason
from .current_user import web_act, web_viewer
from .generated.urls import QUERY, ViewUrl, undo_link
from .query_args import with_query

bp = Blueprint("paste", __name__, url_prefix="/hosts/paste")

# A hundred thousand names of 40 characters, percent-encoded.
MAX_BODY = 8 * 1024 * 1024
# So much of each list is shown; the rest is counted.
MOST_FOUND = 200
MOST_MISSING = 1_000
MAX_AMBIGUOUS = 100
# Proxies take some 8,000 characters.
MAX_URL = 4_000
LIST, VIEW, CHANGE, MISSING, ADD = "list", "view", "change", "missing", "add"


@dataclass(frozen=True)
class ShownAnswer:
    """What the page shows of an answer."""

    answer: Answer
    host_count: int
    picked: frozenset[int]

    @property
    def found(self) -> list[object]:
        return list(self.answer.found[:MOST_FOUND])

    @property
    def missing(self) -> list[str]:
        """The first of them, cut where no name is so long."""
        names = (name.text for name in self.answer.missing[:MOST_MISSING])
        return [n if len(n) <= MAX_TEXT else f"{n[:MAX_TEXT]}…" for n in names]

    @property
    def ambiguous(self) -> list[Ambiguous]:
        return self.answer.ambiguous[:MAX_AMBIGUOUS]


def install(app: Flask) -> None:
    app.register_blueprint(bp)
    for endpoint in ("paste.find", "paste.add"):
        app.config["FORM_LIMITS"][endpoint] = MAX_BODY


@bp.route("/", methods=("GET", "POST"))
def find() -> ResponseReturnValue:
    """Say which hosts the names mean, or go on with what was found."""
    text = request.values.get("text", "")
    go = request.form.get("go", "")
    if request.method == "GET" and not text:
        return _page("")
    if request.method == "POST" and not go and (url := _as_url(text)):
        return redirect(url)
    try:
        answer = find_pasted(db.session(), read_pasted(text))
    except InvalidValue as error:
        return _page(text, error=str(error)), 400
    if go == MISSING:
        return _as_file(name.text for name in answer.missing)
    return _go_on(text, go, answer)


def _go_on(text: str, go: str, answer: Answer) -> ResponseReturnValue:
    """Show the answer, or lead to where its hosts are used."""
    picked = frozenset(_ids(request.form.getlist("pick")))
    shown = ShownAnswer(answer, len(answer.hosts()), picked)
    hosts = answer.hosts(picked)
    if go in (LIST, VIEW, CHANGE) and hosts:
        try:
            return redirect(_further(go, _node(hosts)))
        except InvalidValue as error:
            return _page(text, shown, str(error)), 400
    return _page(text, shown, "No hosts were found." if go else "")


def _as_url(text: str) -> str | None:
    """Return the answer to a short text as an address: to reload, and to come back."""
    url = url_for("paste.find", text=text)
    return url if len(url) <= MAX_URL else None


def _ids(texts: Iterable[str]) -> Iterable[int]:
    """Return the numbers; what was not offered is left out later, as a text is here."""
    numbers = (whole_number(text, 1, MAX_ID) for text in texts)
    return (number for number in numbers if number is not None)


def _page(text: str, shown: ShownAnswer | None = None, error: str = "") -> str:
    return render_template(
        "paste/result.html",
        text=text,
        shown=shown,
        error=error,
        counted=counted,
    )


def _as_file(names: Iterable[str]) -> Response:
    return Response(
        "".join(f"{name}\n" for name in names),
        mimetype="text/plain",
        headers={"Content-Disposition": "attachment; filename=not-found.txt"},
    )


# ---- on with the hosts


def _node(hosts: dict[int, str]) -> Node:
    """Return a query for the hosts: their names, or the number of a set of them."""
    field = FIELDS["hostname"]
    names = tuple(field.kind.literal(EQUALS, name) for name in hosts.values())
    if sum(map(len, names)) <= limits.named_hosts_query:
        term = Term(field.name, EQUALS, names)
        if len(to_text(term)) <= limits.named_hosts_query:
            return term
    session = db.session()
    owner_id = web_viewer().id
    number = write(web_act(), lambda: host_sets.keep_set(session, hosts, owner_id))
    return Term("set", EQUALS, (str(number),))


def _further(go: str, node: Node) -> str:
    pairs = ((QUERY, to_text(node)),)
    if go == VIEW:
        return ViewUrl("", (("page", "hosts"), *pairs)).to("views.new")
    if go == CHANGE:
        return ViewUrl("", (*pairs, ("all", "1"))).to("bulk.bulk_page", action="edit")
    return str(with_query(ViewUrl("hosts.index_view", ()), node))


# ---- on with the missing


@bp.route("/new/", methods=("GET", "POST"))
def add() -> ResponseReturnValue:
    """Add hosts of these names, one a line, after they were shown."""
    if request.method == "GET":
        return redirect(url_for("paste.find"))
    if "names" not in request.form:
        return _ask_missing(request.form.get("text", ""))
    lines = request.form["names"].splitlines()
    if request.form.get("go") != ADD:
        return _ask(lines)
    session, digest = db.session(), request.form.get("digest", "")
    try:
        message = clean_reason(request.form.get("message")) or "Pasted names"
        added = write(web_act(message), lambda: add_names(session, lines, digest))
    except (Conflict, InvalidValue) as error:
        return _ask(lines, error)
    if not added:
        return _ask(lines, InvalidValue("Nothing to add."))
    done = Markup("Added {}.").format(counted(len(added), "host"))
    flash(done + undo_link(), "success")
    return redirect(_further(LIST, _node(added)))


def _ask_missing(text: str) -> ResponseReturnValue:
    """Show what would be added of a pasted text."""
    try:
        answer = find_pasted(db.session(), read_pasted(text))
    except InvalidValue as error:
        return _page(text, error=str(error)), 400
    return _ask([name.text for name in answer.missing if not name.is_prose])


def _ask(lines: list[str], error: HostadminError | None = None) -> ResponseReturnValue:
    """Show what would be added; with an error, what it would be now."""
    try:
        plan = plan_names(db.session(), lines)
    except InvalidValue as too_many:
        return _show_plan(lines, AddPlan(), too_many)
    return _show_plan(lines, plan, error)


def _show_plan(
    lines: list[str], plan: AddPlan, error: HostadminError | None
) -> ResponseReturnValue:
    status = 200 if error is None else 409 if isinstance(error, Conflict) else 400
    page = render_template(
        "paste/new.html",
        names="\n".join(lines),
        plan=plan,
        new=[host["hostname"] for host in plan.new.values()],
        error="" if error is None else str(error),
        limit=MOST_FOUND,
        counted=counted,
    )
    return page, status
