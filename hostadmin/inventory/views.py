"""Saved views: keep, find, change and delete them, each within what is allowed.

The history has what becomes of shared views; private ones are nobody else's business.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..errors import (
    Conflict,
    FieldError,
    InvalidInput,
    InvalidValue,
    NotFound,
    QueryError,
)
from ..history import CHANGED, CREATED, DELETED, add_entries
from ..models import NOBODY, DefaultView, SavedView
from ..query.fields import Kind, find_field
from ..query.matching import is_pattern
from ..query.membership import ALL, UNGROUPED, group_ids
from ..query.parse import parse
from ..query.printing import to_text
from ..query.terms import spellings_of
from ..query.tree import EQUALS, And, Node, Or, Term, terms_of
from ..values import clean_view_name, fold, quoted
from .listing import parse_sort
from .vocabulary import in_use

HOSTS, STATS = "hosts", "stats"
PAGES = (HOSTS, STATS)
# Of one owner: a menu that nobody can read any more helps nobody.
MAX_VIEWS = 200
MAX_OPTIONS = 4_000


@dataclass(frozen=True)
class Viewer:
    """Who looks.

    ``shares`` is whether they may keep what everybody sees, ``manages`` whether they
    may change what others shared.
    """

    id: int = NOBODY
    shares: bool = True
    manages: bool = False


@dataclass(frozen=True)
class View:
    """What a view is to become: its name, and the page it stands for."""

    name: str
    page: str
    query: str = ""
    options: Sequence[tuple[str, str]] = ()
    shared: bool = False


# ---- reading


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
        raise NotFound(f"There is no view with the id {view_id} (any more).")
    return view


def find_by_name(session: orm.Session, owner_id: int, name: str) -> SavedView | None:
    """Return the view of an owner with this name, whatever its case."""
    return session.scalar(
        sa.select(SavedView).where(
            SavedView.owner_id == owner_id, SavedView.name_key == fold(name.strip())
        )
    )


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


def problem_of(session: orm.Session, view: SavedView) -> str:
    """Return what the view asks for that is not there any more; nothing if it is."""
    try:
        _check_query(session, view.query or "")
        for name, value in view.options:
            if name == "sort" and view.page == HOSTS:
                parse_sort(value)
    except QueryError as error:
        return str(error)
    return ""


def gone_values(session: orm.Session, node: Node) -> list[str]:
    """Return which values a query asks for that no host has: "owner “search”"."""
    found: dict[str, None] = {}
    for term in _demanded(node):
        field = find_field(term.field)
        if field.kind is not Kind.TEXT or term.op != EQUALS or not field.attribute:
            continue
        exact = [value for value in term.values if not is_pattern(value)]
        known = spellings_of(session, field, exact)
        for value in exact:
            spelling = known.get(fold(value))
            if spelling is None or not in_use(session, field.attribute, spelling):
                found[f"{field.label.lower()} {quoted(value)}"] = None
    return list(found)


def _demanded(node: Node) -> list[Term]:
    """Return the conditions without those that leave hosts out: these may find none."""
    if isinstance(node, Term):
        return [node]
    nodes = node.nodes if isinstance(node, And | Or) else ()
    return [term for part in nodes for term in _demanded(part)]


def _check_query(session: orm.Session, query: str) -> str:
    """Return the query as it is written. Raises ``QueryError``.

    The hosts are not asked for: a page of many views must stay cheap.
    """
    node = parse(query)
    group_ids(session, _groups_of(node) - {ALL, UNGROUPED})
    return to_text(node)


def _groups_of(node: Node) -> set[str]:
    return {
        name
        for term in terms_of(node)
        if find_field(term.field).kind is Kind.GROUP
        for name in term.values
    }


def naming_group(session: orm.Session, viewer: Viewer, name: str) -> list[SavedView]:
    """Return the views that somebody sees and whose query names the group."""
    found = []
    for view in list_views(session, viewer):
        # What a view keeps may make no sense any more; then it names nothing.
        with suppress(QueryError):
            if name in _groups_of(parse(view.query or "")):
                found.append(view)
    return found


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


# ---- writing


def add_view(session: orm.Session, viewer: Viewer, given: View) -> SavedView:
    """Keep a view. Raises ``InvalidInput``."""
    given = _checked(session, viewer, given)
    count = sa.select(sa.func.count()).where(SavedView.owner_id == viewer.id)
    if (session.scalar(count) or 0) >= MAX_VIEWS:
        raise _wrong(f"There are {MAX_VIEWS} views already; delete one first.")
    _check_name_free(session, viewer.id, given.name, None)
    view = SavedView(owner_id=viewer.id)
    _set(view, given)
    session.add(view)
    _flush(session, view.name)
    _note(session, view, CREATED, {}, _told(view))
    return view


def change_view(
    session: orm.Session, viewer: Viewer, view_id: int, given: View, version: int | None
) -> SavedView:
    """Change a view. Raises ``InvalidInput``, ``NotFound``, ``Conflict``."""
    view = _own(session, viewer, view_id)
    _check_version(view, version)
    given = _checked(session, viewer, given, view.query or "")
    _check_name_free(session, view.owner_id, given.name, view.id)
    before = _told(view)
    _set(view, given)
    _flush(session, view.name)
    _note(session, view, CHANGED, before, _told(view))
    return view


def delete_view(
    session: orm.Session, viewer: Viewer, view_id: int, version: int | None
) -> SavedView:
    """Delete a view and return what it was. Raises ``NotFound``, ``Conflict``."""
    view = _own(session, viewer, view_id)
    _check_version(view, version)
    before = _told(view)
    session.delete(view)
    _flush(session, view.name)
    _note(session, view, DELETED, before, {})
    return view


def set_default(session: orm.Session, viewer: Viewer, view_id: int | None) -> None:
    """Open the list with a view from now on; with None, with all hosts."""
    if view_id is not None and get_view(session, viewer, view_id).page != HOSTS:
        raise InvalidValue("Only a view of hosts can be what the list opens with.")
    row = session.get(DefaultView, viewer.id)
    if row is None:
        try:
            with session.begin_nested():
                session.add(DefaultView(owner_id=viewer.id, view_id=view_id))
        except IntegrityError:
            raise Conflict("Somebody chose at the same moment; look again.") from None
    else:
        row.view_id = view_id
        session.flush()


def _own(session: orm.Session, viewer: Viewer, view_id: int) -> SavedView:
    view = get_view(session, viewer, view_id)
    if not may_change(viewer, view):
        raise NotFound(f"{quoted(view.name)} is not yours to change.")
    return view


def _check_version(view: SavedView, version: int | None) -> None:
    if version is not None and view.version != version:
        raise Conflict(f"{quoted(view.name)} was changed since you opened it.")


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
            query = _check_query(session, query)
        except QueryError as error:
            raise _wrong(str(error), "query") from None
    if given.page not in PAGES:
        raise _wrong(f"{quoted(given.page)} is no page that a view can be of.", "page")
    if len(urlencode(given.options)) > MAX_OPTIONS:
        raise _wrong("The address is too long to be kept.", "page")
    if given.shared and not viewer.shares:
        raise _wrong("You may keep views for yourself, not for others.", "shared")
    return replace(given, name=name, query=query)


def _check_name_free(
    session: orm.Session, owner_id: int, name: str, own_id: int | None
) -> None:
    other = find_by_name(session, owner_id, name)
    if other is not None and other.id != own_id:
        raise _wrong(f"{quoted(other.name)} is there already.")


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
        raise Conflict(f"{quoted(name)} was changed since you opened it.") from None
    except IntegrityError:
        raise _wrong(f"{quoted(name)} was taken at the same moment.") from None


Told = dict[str, object]


def _told(view: SavedView) -> Told:
    """Return what the history keeps of a view that others see."""
    if not view.shared:
        return {}
    settings = "&".join(f"{name}={value}" for name, value in view.options)
    told: Told = {"name": view.name, "page": view.page, "query": view.query}
    return told | {"settings": settings or None}


def _note(
    session: orm.Session, view: SavedView, action: str, before: Told, after: Told
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
