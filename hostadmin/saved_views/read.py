"""Saved views: who sees which, who may change them, and what the list opens with."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..auth.identity import Identity
from ..errors import NotFound, QueryError
from ..models import NOBODY, DefaultView, SavedView
from ..validation.accounts import Role
from ..validation.values import did_you_mean, fold, quoted

HOSTS, STATS = "hosts", "stats"
PAGES = (HOSTS, STATS)


@dataclass(frozen=True)
class Viewer:
    """Who looks.

    ``shares`` is whether they may keep what everybody sees, ``manages`` whether they
    may change what others shared.
    """

    id: int = NOBODY
    shares: bool = True
    manages: bool = False

    @classmethod
    def of(cls, who: Identity) -> "Viewer":
        return cls(
            who.account_id or NOBODY,
            shares=who.role.covers(Role.EDITOR),
            manages=who.role is Role.ADMIN,
        )


def _visible(viewer: Viewer) -> sa.Select[SavedView]:
    return sa.select(SavedView).where(
        sa.or_(SavedView.owner_id == viewer.id, SavedView.shared.is_(sa.true()))
    )


def list_views(
    session: orm.Session, viewer: Viewer, limit: int | None = None
) -> list[SavedView]:
    """Return the views that somebody sees: their own ones first, each by name."""
    others = sa.case((SavedView.owner_id == viewer.id, 0), else_=1)
    statement = _visible(viewer).order_by(others, SavedView.name_key, SavedView.id)
    return list(session.scalars(statement.limit(limit)))


def find_view(session: orm.Session, viewer: Viewer, view_id: int) -> SavedView | None:
    """Return a view that somebody sees; of others' private ones nobody learns."""
    return session.scalar(_visible(viewer).where(SavedView.id == view_id))


def get_view(session: orm.Session, viewer: Viewer, view_id: int) -> SavedView:
    """Return a view that somebody sees, or raise ``NotFound``."""
    view = find_view(session, viewer, view_id)
    if view is None:
        raise NotFound(f"View {view_id} does not exist.")
    return view


def find_by_name(session: orm.Session, owner_id: int, name: str) -> SavedView | None:
    """Return the view of an owner with this name, whatever its case."""
    return session.scalar(
        sa.select(SavedView).where(
            SavedView.owner_id == owner_id, SavedView.name_key == fold(name.strip())
        )
    )


def named_view(session: orm.Session, viewer: Viewer, name: str) -> SavedView:
    """Return the view of hosts of that name that somebody sees, first their own one.

    Raises ``QueryError`` where there is none, or where several are shared.
    """
    wanted = _visible(viewer).where(
        SavedView.name_key == fold(name.strip()), SavedView.page == HOSTS
    )
    found = session.scalars(wanted.order_by(SavedView.id)).all()
    own = [view for view in found if view.owner_id == viewer.id] or found
    if not own:
        names = [
            view.name for view in list_views(session, viewer) if view.page == HOSTS
        ]
        raise QueryError(
            f"The hosts view {quoted(name)} does not exist.", did_you_mean(name, names)
        )
    if len(own) > 1:
        raise QueryError(
            f"{len(own)} people share a view {quoted(name)}.",
            "Use its query, or rename one of them.",
        )
    return own[0]


def may_change(viewer: Viewer, view: SavedView) -> bool:
    """Whether somebody may rename, change or delete a view that they see."""
    if view.owner_id == viewer.id:
        return viewer.shares or not view.shared
    if view.owner_id == NOBODY:
        return viewer.shares
    return viewer.manages and view.shared


def address_args(view: SavedView) -> list[tuple[str, str]]:
    """Return the parameters of the page that the view stands for."""
    query = [("q", view.query)] if view.query else []
    return query + [(name, value) for name, value in view.options]


def default_view_id(session: orm.Session, viewer: Viewer) -> int | None:
    """Return the view that the list opens with: one's own choice, else everybody's."""
    choices = session.execute(
        sa.select(DefaultView.owner_id, DefaultView.view_id).where(
            DefaultView.owner_id.in_({viewer.id, NOBODY})
        )
    )
    chosen = {row.owner_id: row.view_id for row in choices}
    return chosen.get(viewer.id, chosen.get(NOBODY))


def default_view(session: orm.Session, viewer: Viewer) -> SavedView | None:
    """Return the view that the list opens with, as long as it is there to see."""
    view_id = default_view_id(session, viewer)
    view = find_view(session, viewer, view_id) if view_id is not None else None
    return view if view is not None and view.page == HOSTS else None
