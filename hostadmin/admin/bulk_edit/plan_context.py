"""How a plan for many hosts looks on its page: plain values for the template."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for

from ...bulk_edit import ChangePlan, FieldChange, Line, Selection, text_of
from ...db.session import db
from ...formatting import counted
from ...query import ast
from ...query.ast import EQUALS, Node, Term, all_of
from ...query.fields import find_field
from ...query.to_english import describe, spelling
from ...query.to_text import to_text, top_level_terms
from ...validation.host_fields import VOCABULARY_FIELDS
from ..generated.urls import QUERY, ViewUrl
from ..query_args import narrowed

VERBS: Mapping[str, str] = {
    "edit": "Change",
    "groups": "Change",
    "rename": "Change",
    "confirm": "Confirm",
    "retire": "Retire",
    "delete": "Delete",
}
# Fields whose values a query can name exactly.
LINKED = ("status", *VOCABULARY_FIELDS, "port")


@dataclass(frozen=True)
class Which:
    """Which hosts were chosen: a sentence and the conditions of the query."""

    sentence: str
    terms: list[str]


@dataclass(frozen=True)
class ShownLine:
    """A row of the table; ``label`` is empty where it is that of the row above."""

    label: str
    before: str | None
    after: str | None
    stays: str
    count: int
    url: str | None


@dataclass(frozen=True)
class ShownHost:
    name: str
    url: str
    field_changes: list[tuple[str, str | None, str | None]]


def form_title(action: str, selection: Selection) -> str:
    """Return what the form is for: "Edit 26 hosts"."""
    if action == "rename":
        return "Rename a value everywhere"
    if selection.node is None:
        hosts = counted(len(selection.ids), "host")
    else:
        # To count them may take long, and the next page says the number.
        hosts = f"all {'' if selection.node == ast.EVERYTHING else 'matching '}hosts"
    return f"Change groups of {hosts}" if action == "groups" else f"Edit {hosts}"


def which_hosts(selection: Selection) -> Which:
    node = selection.node
    if node is None:
        return Which(f"{counted(len(selection.ids), 'host')} selected.", [])
    if node == ast.EVERYTHING:
        return Which("All hosts.", [])
    terms = [to_text(all_of(term)) for term in top_level_terms(node)]
    return Which(f"{describe(node, spelling(db.session()))}.", terms)


def shown_lines(plan: ChangePlan, selection: Selection) -> list[ShownLine]:
    shown: list[ShownLine] = []
    last = ""
    for line in plan.lines:
        url = None if line.stays else _url(line, selection.node)
        label = "" if line.label == last else line.label
        last = line.label
        shown.append(
            ShownLine(label, line.before, line.after, line.stays, line.count, url)
        )
    return shown


def _url(line: Line, node: Node | None) -> str | None:
    """Return the list of the hosts of a line, where a query can say which."""
    if node is None or line.others or line.label not in LINKED:
        return None
    field = find_field(line.label)
    if line.before is None:
        term = Term(field.name, ast.EMPTY)
    else:
        value = field.kind.literal(EQUALS, line.before)
        term = Term(field.name, EQUALS, (value,))
    url = narrowed(ViewUrl("hosts.index_view", ((QUERY, to_text(node)),)), term)
    return str(url) if url else None


def shown_sample(plan: ChangePlan) -> list[ShownHost]:
    return [
        ShownHost(
            host.hostname,
            url_for("hosts.details_view", id=host.id),
            [_field_change(change) for change in host.field_changes],
        )
        for host in plan.sample
    ]


def _field_change(change: FieldChange) -> tuple[str, str | None, str | None]:
    return change.label, text_of(change.before), text_of(change.after)


def rest_text(plan: ChangePlan) -> str:
    """Return how many hosts would be written besides those that are shown."""
    more = len(plan.written) - len(plan.sample)
    return f"and {counted(more, 'more host')}" if more > 0 else ""
