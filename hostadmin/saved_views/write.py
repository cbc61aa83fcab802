"""Saved views: keep, change and delete them, each within what is allowed.

The history has what becomes of shared views; private ones are nobody else's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..db.guards import VIEWS, take_turn
from ..errors import (
    Conflict,
    FieldError,
    InvalidInput,
    InvalidValue,
    NotFound,
    QueryError,
)
from ..history import CHANGED, CREATED, DELETED, add_entries
from ..limits import limits
from ..models import NOBODY, DefaultView, SavedView
from ..validation.values import clean_view_name, quoted
from .check import check_query
from .read import HOSTS, PAGES, Viewer, find_by_name, get_view, may_change

MAX_OPTIONS = 4_000


@dataclass(frozen=True)
class View:
    """What a view is to become: its name, and the page it stands for."""

    name: str
    page: str
    query: str = ""
    options: Sequence[tuple[str, str]] = ()
    shared: bool = False


def add_view(session: orm.Session, viewer: Viewer, given: View) -> SavedView:
    """Keep a view. Raises ``InvalidInput``."""
    given = _checked(session, viewer, given)
    take_turn(session, VIEWS)
    count = sa.select(sa.func.count()).where(SavedView.owner_id == viewer.id)
    if (session.scalar(count) or 0) >= limits.saved_views:
        raise _wrong(f"You already have {limits.saved_views} views. Delete one first.")
    _check_name_free(session, viewer.id, given.name, None)
    view = SavedView(owner_id=viewer.id)
    _set(view, given)
    session.add(view)
    _flush(session, view.name)
    _note(session, view, CREATED, {}, _shown(view))
    return view


def change_view(
    session: orm.Session, viewer: Viewer, view_id: int, given: View, version: int | None
) -> SavedView:
    """Change a view. Raises ``InvalidInput``, ``NotFound``, ``Conflict``."""
    view = _own(session, viewer, view_id)
    _check_version(view, version)
    given = _checked(session, viewer, given, view.query or "")
    _check_name_free(session, view.owner_id, given.name, view.id)
    before = _shown(view)
    _set(view, given)
    _flush(session, view.name)
    _note(session, view, CHANGED, before, _shown(view))
    return view


def delete_view(
    session: orm.Session, viewer: Viewer, view_id: int, version: int | None
) -> SavedView:
    """Delete a view and return what it was. Raises ``NotFound``, ``Conflict``."""
    view = _own(session, viewer, view_id)
    _check_version(view, version)
    before = _shown(view)
    session.delete(view)
    _flush(session, view.name)
    _note(session, view, DELETED, before, {})
    return view


def set_default(session: orm.Session, viewer: Viewer, view_id: int | None) -> None:
    """Open the list with a view from now on; with None, with all hosts."""
    if view_id is not None and get_view(session, viewer, view_id).page != HOSTS:
        raise InvalidValue("Only a view of hosts can be the default view.")
    row = session.get(DefaultView, viewer.id)
    if row is None:
        try:
            with session.begin_nested():
                session.add(DefaultView(owner_id=viewer.id, view_id=view_id))
        except IntegrityError:
            raise Conflict(
                "The default view was changed at the same time. Try again."
            ) from None
    else:
        row.view_id = view_id
        session.flush()


def _own(session: orm.Session, viewer: Viewer, view_id: int) -> SavedView:
    view = get_view(session, viewer, view_id)
    if not may_change(viewer, view):
        raise NotFound(
            f"{quoted(view.name)} belongs to someone else. You cannot change it."
        )
    return view


def _check_version(view: SavedView, version: int | None) -> None:
    if version is not None and view.version != version:
        raise Conflict(
            f"{quoted(view.name)} was changed by someone else since you opened it."
        )


def _checked(
    session: orm.Session, viewer: Viewer, given: View, before: str | None = None
) -> View:
    """Return what is given as it is kept. Raises ``InvalidInput``.

    A query that stays as it was may ask for what is gone: else such a view could not
    even be renamed.
    """
    try:
        name = clean_view_name(given.name)
    except InvalidValue as error:
        raise _wrong(str(error)) from None
    query = given.query.strip()
    if query != before:
        try:
            query = check_query(session, query)
        except QueryError as error:
            raise _wrong(str(error), "query") from None
    if given.page not in PAGES:
        raise _wrong(
            f"{quoted(given.page)} is not a page that views can be saved for.", "page"
        )
    if len(urlencode(given.options)) > MAX_OPTIONS:
        raise _wrong("The address is too long to save.", "page")
    if given.shared and not viewer.shares:
        raise _wrong("Viewers can only save views for themselves.", "shared")
    return replace(given, name=name, query=query)


def _check_name_free(
    session: orm.Session, owner_id: int, name: str, own_id: int | None
) -> None:
    other = find_by_name(session, owner_id, name)
    if other is not None and other.id != own_id:
        raise _wrong(f"{quoted(other.name)} already exists.")


def _set(view: SavedView, given: View) -> None:
    view.name, view.page = given.name, given.page
    view.query = given.query or None
    view.options = [[name, value] for name, value in given.options]
    # What belongs to nobody would be lost if nobody else saw it.
    view.shared = given.shared or view.owner_id == NOBODY


def _flush(session: orm.Session, name: str) -> None:
    """Write; the loser of a race gets the same errors as one who came later."""
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(
            f"{quoted(name)} was changed by someone else since you opened it."
        ) from None
    except IntegrityError:
        raise _wrong(f"{quoted(name)} has just been taken.") from None


Shown = dict[str, object]


def _shown(view: SavedView) -> Shown:
    """Return what the history keeps of a view that others see."""
    if not view.shared:
        return {}
    settings = "&".join(f"{name}={value}" for name, value in view.options)
    shown: Shown = {"name": view.name, "page": view.page, "query": view.query}
    return shown | {"settings": settings or None}


def _note(
    session: orm.Session, view: SavedView, action: str, before: Shown, after: Shown
) -> None:
    changes = {
        name: [before.get(name), after.get(name)]
        for name in before | after
        if before.get(name) != after.get(name)
    }
    if changes:
        entry = {
            "subject": "view",
            "subject_id": view.id,
            "subject_name": view.name,
            "action": action,
            "changes": changes,
        }
        add_entries(session, [entry])


def _wrong(message: str, field: str = "name") -> InvalidInput:
    return InvalidInput([FieldError(field, message)])
