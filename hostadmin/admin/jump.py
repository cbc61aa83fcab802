"""Where the jump field leads: hosts, groups, saved views and pages by their names."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from ..db.session import db
from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..inventory.list_hosts import list_hosts
from ..limits import limits
from ..models import Group
from ..permissions import may
from ..query.ast import Word
from ..saved_views import list_views
from ..validation.values import fold
from .current_user import web_viewer

bp = Blueprint("jump", __name__)

MOST_HOSTS, MOST_OTHERS = 8, 4
MAX_LENGTH = 255
# Pages that are not in the menu.
PAGES = (
    ("Help", "help.index"),
    ("Views", "views.list_views"),
    ("Your account", "account.index"),
    ("Accounts", "accounts.index"),
    ("New host", "hosts.create_view"),
    ("New group", "groups.create_view"),
    ("Paste names", "paste.find"),
)
Place = tuple[str, str, str]


@bp.get("/jump/")
def find() -> ResponseReturnValue:
    """Return what is called so: name, kind and address of each; never an error."""
    typed = request.args.get("q", "").strip()[:MAX_LENGTH]
    if not typed or "\0" in typed:
        return jsonify([])
    found = [*_pages(typed), *_groups(typed), *_views(typed), *_hosts(typed)]
    return jsonify([{"name": n, "kind": k, "url": u} for n, k, u in found])


def _pages(typed: str) -> list[Place]:
    navigation: Any = current_app.jinja_env.globals["navigation"]
    known = [(label, url) for label, url, _ in navigation()]
    known += [(label, url_for(page)) for label, page in PAGES if may(page)]
    begins = [pair for pair in known if fold(pair[0]).startswith(fold(typed))]
    return [(label, "page", url) for label, url in begins[:MOST_OTHERS]]


def _groups(typed: str) -> Iterator[Place]:
    named = Group.name.icontains(typed, autoescape=True)
    groups = sa.select(Group.id, Group.name).where(named).order_by(Group.name)
    for group in db.session.execute(groups.limit(MOST_OTHERS)):
        yield group.name, "group", url_for("groups.details_view", id=group.id)


def _views(typed: str) -> list[Place]:
    if not may("views.show"):
        return []
    views = list_views(db.session(), web_viewer())
    named = [view for view in views if fold(typed) in fold(view.name)]
    return [
        (view.name, "view", url_for("views.show", view_id=view.id))
        for view in named[:MOST_OTHERS]
    ]


def _hosts(typed: str) -> list[Place]:
    session = db.session()
    try:
        with time_limit(session, limits.count_seconds):
            hosts = list_hosts(session, Word(typed), size=MOST_HOSTS).rows
            return [
                (host.hostname, "host", url_for("hosts.details_view", id=host.id))
                for host in hosts
            ]
    except (TooSlow, QueryError):
        return []
