"""What the queries of saved views ask for, and what of that is not there any more."""

from contextlib import suppress

from sqlalchemy import orm

from ..errors import QueryError
from ..inventory.list_hosts import parse_sort
from ..inventory.vocabulary import in_use
from ..models import SavedView
from ..query.ast import EQUALS, And, Node, Or, Term, terms_of
from ..query.fields import find_field
from ..query.kinds.texts import spellings_of
from ..query.parser import parse
from ..query.sql.group_tree import ALL, UNGROUPED, group_ids
from ..query.sql.text_match import is_pattern
from ..query.to_text import to_text
from ..validation.values import fold, quoted
from .read import HOSTS, Viewer, list_views


def problem_of(session: orm.Session, view: SavedView) -> str:
    """Return what the view asks for that is not there any more; nothing if it is."""
    try:
        check_query(session, view.query or "")
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
        if not (field.kind.has_vocabulary and field.attribute and term.op == EQUALS):
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


def check_query(session: orm.Session, query: str) -> str:
    """Return the query as it is written. Raises ``QueryError``.

    The hosts are not asked for: a page of many views must stay cheap.
    """
    node = parse(query)
    group_ids(session, _groups_of(node) - {ALL, UNGROUPED})
    return to_text(node)


def _groups_of(node: Node) -> set[str]:
    return {
        name for term in terms_of(node) if term.field == "group" for name in term.values
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
