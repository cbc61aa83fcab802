"""Saved views: names for a query, its columns and its order."""

from typing import Any

from flask import Response, url_for

from .. import saved_views
from ..db.session import db
from ..history import write
from ..models import SavedView
from ..validation.numbers import MAX_ID
from .blueprint import NO_OPTIONS, answer, bp
from .callers import api_act, api_viewer
from .documented import documented
from .merge_patch import given
from .preconditions import seen_version, stale_refused, version_tag
from .repeats import write_once
from .shapes import NewView, Repeatable, Seen, View, ViewChange, Views, Why

TAG = "Saved views"
ID = f"/views/<int(min=1,max={MAX_ID}):view_id>"

PATH = {"view_id": "ID of the view."}


@bp.get("/views")
@documented(Views, tag=TAG)
def list_views() -> Response:
    """List the views that this token can see

    Views of its account and shared views.
    """
    views = saved_views.list_views(db.session(), api_viewer())
    return answer({"items": [_record(view) for view in views]})


@bp.get(ID)
@documented(View, tag=TAG, path=PATH)
def show_view(view_id: int) -> Response:
    """Show a view"""
    return view_answer(saved_views.get_view(db.session(), api_viewer(), view_id))


def view_answer(view: SavedView, status: int = 200) -> Response:
    return answer(_record(view), status, version_tag(view.version))


def _record(view: SavedView) -> dict[str, Any]:
    options: dict[str, list[str]] = {}
    for name, value in view.options:
        options.setdefault(name, []).append(value)
    return {
        "id": view.id,
        "version": view.version,
        "name": view.name,
        "page": view.page,
        "query": view.query or "",
        "options": options,
        "shared": view.shared,
        "is_own": view.owner_id == api_viewer().id,
    }


# ---- changes


@bp.post("/views", **NO_OPTIONS)
@documented(View, status=201, tag=TAG, headers=Repeatable)
def add_view(query: Why, json: NewView) -> Response:
    """Save a view"""

    def work() -> Response:
        kept = _kept(given(json), {"page": saved_views.HOSTS})
        view = saved_views.add_view(db.session(), api_viewer(), kept)
        response = view_answer(view, 201)
        response.headers["Location"] = url_for("api.show_view", view_id=view.id)
        return response

    return write_once(work, query.message)


@bp.patch(ID, **NO_OPTIONS)
@documented(View, tag=TAG, headers=Seen, path=PATH)
def change_view(view_id: int, query: Why, json: ViewChange) -> Response:
    """Change a view"""
    version = seen_version()

    def work() -> Response:
        session, viewer = db.session(), api_viewer()
        before = _record(saved_views.get_view(session, viewer, view_id))
        kept = _kept(given(json), before)
        with stale_refused():
            view = saved_views.change_view(session, viewer, view_id, kept, version)
        return view_answer(view)

    return write(api_act(query.message), work)


@bp.delete(ID, **NO_OPTIONS)
@documented(status=204, tag=TAG, headers=Seen, path=PATH)
def delete_view(view_id: int, query: Why) -> Response:
    """Delete a view"""
    version = seen_version()

    def work() -> Response:
        with stale_refused():
            saved_views.delete_view(db.session(), api_viewer(), view_id, version)
        return Response(status=204)

    return write(api_act(query.message), work)


def _kept(sent: dict[str, Any], before: dict[str, Any]) -> saved_views.View:
    """Return what a view is to become; null is what was before the first was said."""
    said = {**before, **sent}
    options = said.get("options") or {}
    return saved_views.View(
        said["name"] or "",
        said["page"],
        said.get("query") or "",
        [(name, text) for name, texts in options.items() for text in texts],
        bool(said.get("shared")),
    )
