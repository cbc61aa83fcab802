"""Saved views as pages meet them: the menu, the view that is open, and its address."""

from dataclasses import dataclass

from flask import g, request
from werkzeug.datastructures import MultiDict

from .. import saved_views
from ..db.session import db
from ..errors import QueryError
from ..models import SavedView
from ..query.ast import Node
from ..validation.numbers import MAX_ID, whole_number
from ..validation.values import quoted
from .current_user import web_viewer
from .generated.list_context import ADD_FILTER
from .generated.urls import QUERY, VIEW, Pairs, ViewUrl, is_filter

# More than that is no menu; the rest is on the page of views.
MOST = 25
ENDPOINTS = {saved_views.HOSTS: "hosts.index_view", saved_views.STATS: "stats.index"}
# How long a page is and where in the list one is belongs to no view.
NOT_KEPT = (VIEW, "cursor", "per_page", *ADD_FILTER)


@dataclass(frozen=True)
class Item:
    name: str
    url: str
    current: bool
    note: str


@dataclass(frozen=True)
class ViewMenu:
    """What the menu "Views" of a page offers."""

    items: list[Item]
    all_url: str
    save_url: str
    # The view that is open, and where to keep what was changed since.
    name: str = ""
    update_url: str = ""
    more: bool = False


def kept_args(pairs: Pairs) -> Pairs:
    """Return those parameters of a page that a view keeps."""
    return tuple((n, v) for n, v in pairs if n not in NOT_KEPT and v.strip())


def opened_url(view: SavedView) -> str:
    """Return the address of the page that a view stands for."""
    pairs = ((VIEW, str(view.id)), *saved_views.address_args(view))
    return str(ViewUrl(ENDPOINTS[view.page], pairs))


def opens_with(page: str) -> str | None:
    """Return where to go instead: an address that names only a view, or nothing.

    Whatever says which hosts stays as it is. Raises ``QueryError`` for a view that
    is not there: all hosts would be more than was asked for.
    """
    if VIEW in request.args and not says_which(request.args):
        view = opened_view()
        if view is None or view.page != page:
            raise QueryError(
                f"The {page} view {quoted(request.args[VIEW])} does not exist."
            )
        return opened_url(view)
    if request.args or page != saved_views.HOSTS:
        return None
    id_ = _default_id()
    view = _find(id_) if id_ is not None else None
    is_ours = view is not None and view.page == saved_views.HOSTS
    return opened_url(view) if view is not None and is_ours else None


def _default_id() -> int | None:
    """Return the view that the list opens with, asked for once a request."""
    if "default_view_id" not in g:
        g.default_view_id = saved_views.default_view_id(db.session(), web_viewer())
    found: int | None = g.default_view_id
    return found


def _find(id_: int) -> SavedView | None:
    return saved_views.find_view(db.session(), web_viewer(), id_)


def says_which(args: MultiDict[str, str]) -> bool:
    """Whether an address says by itself which hosts it asks for."""
    return QUERY in args or any(is_filter(name) for name in args)


def opened_view() -> SavedView | None:
    """Return the view that this page was opened with, if it is there to see."""
    if "opened_view" not in g:
        id_ = whole_number(request.args.get(VIEW, ""), 1, MAX_ID)
        g.opened_view = _find(id_) if id_ is not None else None
    found: SavedView | None = g.opened_view
    return found


def view_menu(page: str, url: ViewUrl, chosen: Pairs = ()) -> ViewMenu:
    """Return the menu of a page of hosts or counts that shows this address.

    ``chosen`` is what a view keeps though the address does not say it.
    """
    session, viewer = db.session(), web_viewer()
    found = saved_views.list_views(session, viewer, MOST + 1)
    default = _default_id()
    opened = opened_view()
    now = kept_args(url.pairs)
    same = opened is not None and _same(opened, page, now)
    shown = {name for name, _ in now}
    more = tuple(pair for pair in chosen if pair[0] not in shown)
    here = (("page", page), *now, *more)
    update_url = ""
    if opened is not None and not same and saved_views.may_change(viewer, opened):
        update_url = ViewUrl("", (("id", str(opened.id)), *here)).to("views.edit")
    return ViewMenu(
        items=[
            Item(view.name, opened_url(view), view is opened and same, note)
            for view in found[:MOST]
            for note in [_note(view, default, page)]
        ],
        all_url=str(ViewUrl(ENDPOINTS[page], ())),
        save_url=ViewUrl("", here).to("views.new"),
        name=opened.name if opened is not None else "",
        update_url=update_url,
        more=len(found) > MOST,
    )


def gone_from_view(node: Node) -> str:
    """Return what the opened view asks for that no host has; nothing without one."""
    opened = opened_view()
    gone = saved_views.gone_values(db.session(), node) if opened is not None else []
    if opened is None or not gone:
        return ""
    values = ", ".join(gone)
    return f"The view {quoted(opened.name)} filters by {values}, which no host has."


def _same(view: SavedView, page: str, now: Pairs) -> bool:
    return view.page == page and sorted(saved_views.address_args(view)) == sorted(now)


def _note(view: SavedView, default: int | None, page: str) -> str:
    if view.id == default:
        return "default"
    if view.page != page:
        return view.page
    return "" if view.owner_id == web_viewer().id else "shared"
