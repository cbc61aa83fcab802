"""Facets as a page shows them: each value a link that chooses it or takes it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import QueryError
from ...formatting import number_text
from ...query.ast import Node
from ...query.to_text import to_text
from ...query.toggle import toggled
from ...stats.axes import NOT_SET
from ...stats.facets import Facet, Value
from ..generated.urls import QUERY, ViewUrl
from ..query_args import SHORT, checked

FACET = "hosts.facet_view"
FIELD = "field"


@dataclass(frozen=True)
class Line:
    label: str
    number: str
    url: str | None
    is_chosen: bool
    is_unset: bool


@dataclass(frozen=True)
class FacetView:
    """What is beside the list about one field; ``lines`` is None if not counted."""

    name: str
    label: str
    lines: Sequence[Line] | None
    more: int
    all_url: str


def facet_views(
    facets: Sequence[Facet], url: ViewUrl, node: Node
) -> Sequence[FacetView]:
    return [facet_view(facet, url, node) for facet in facets]


def facet_view(facet: Facet, url: ViewUrl, node: Node) -> FacetView:
    lines = None
    if facet.values is not None:
        lines = [_line(facet, value, url, node) for value in facet.values]
    return FacetView(
        facet.field.name,
        facet.field.label,
        lines,
        facet.more,
        url.adding(FIELD, facet.field.name).to(FACET),
    )


def _line(facet: Facet, value: Value, url: ViewUrl, node: Node) -> Line:
    others = [other for other in facet.chosen if other != value.value]
    wanted = toggled(node, facet.field, value.value, others)
    return Line(
        NOT_SET if value.value is None else value.value,
        number_text(value.count),
        _url(url, wanted),
        value.chosen,
        value.value is None,
    )


def _url(url: ViewUrl, node: Node) -> str | None:
    """Return the address of the narrowed list; None if no query can be so long."""
    text = to_text(node)
    try:
        if len(text) > SHORT:
            checked(node)
    except QueryError:
        return None
    return str(url.setting(QUERY, text))
