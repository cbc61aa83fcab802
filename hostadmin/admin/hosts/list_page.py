"""The list of hosts: facets, columns of one's choice, a sentence, the SQL."""

import functools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ... import saved_views
from ...bulk_edit import read_ids
from ...db.session import db
from ...errors import InvalidValue, QueryError
from ...formatting import html
from ...inventory.autocomplete import suggest_values, suggest_variables
from ...inventory.columns import variable_path
from ...inventory.list_hosts import HostPage, hosts_beside, list_hosts
from ...limits import limits
from ...models import Host
from ...permissions import may
from ...query.complete import complete
from ...query.fields import FIELDS
from ...query.parser import MAX_LENGTH
from ...query.to_english import describe, spelling
from ...query.to_text import to_text, top_level_terms
from ...stats.facets import NAMES, read_facet, read_facets, read_more_facets
from ...validation.values import did_you_mean, quoted
from ..generated import formatters
from ..generated.list_context import (
    PARAMETERS,
    TICKED,
    Chip,
    FilterField,
    Listing,
    ListRequest,
)
from ..generated.list_rows import Value
from ..generated.model_view import ModelAdmin
from ..generated.urls import QUERY, VIEW, ViewUrl
from ..help import PLACEHOLDER
from ..hints import hint_links
from ..list_columns import COLS, ListDisplay, read_display
from ..query_args import query_chips, read_hosts_request
from ..query_filters import filter_menu
from ..saved_views_menu import gone_from_view, opens_with, view_menu
from ..sql_panel import list_statement
from .facets import FIELD, facet_view, facet_views

KNOWN = (*PARAMETERS, COLS, VIEW)
CHECKED = Markup(" checked")
# For one facet that somebody asked for.
FACET_SECONDS = 3.0


class HostList(ModelAdmin):
    """What is around the rows of the one list that takes a query."""

    can_sort_by_several = True
    has_labels_on_cards = False
    not_on_cards = frozenset(("env", "os", "location", "role", "groups", "updated"))

    def read_request(self) -> ListRequest:
        known = (*KNOWN, TICKED)
        return read_hosts_request(f"{self.endpoint}.index_view", request.args, known)

    def opens_with(self) -> str | None:
        return opens_with(saved_views.HOSTS)

    def filter_fields(self) -> tuple[FilterField, ...]:
        return filter_menu()

    def active_filters(self, list_request: ListRequest) -> list[Any]:
        return list(top_level_terms(list_request.node))

    def chips(self, list_request: ListRequest, filters: list[Any]) -> list[Chip]:
        return query_chips(list_request.url, list_request.node)

    def rows_beside(self, model: Host) -> tuple[Host | None, Host | None]:
        """Return the hosts beside it in the list that somebody came from."""
        back = self.way_back()
        if not back.is_known:
            return None, None
        args = MultiDict(parse_qsl(urlsplit(back.url).query))
        try:
            known = (*KNOWN, TICKED)
            seen = read_hosts_request(f"{self.endpoint}.index_view", args, known)
            return hosts_beside(db.session(), seen.node, seen.sort, model)
        except QueryError:
            return None, None

    # -- columns -------------------------------------------------------------------

    def display(self, list_request: ListRequest) -> ListDisplay:
        """Return how the list looks. Raises ``QueryError``."""
        return read_display(dict(list_request.url.pairs).get(COLS, ""), request.cookies)

    def shown_columns(self, list_request: ListRequest) -> list[tuple[str, str]]:
        display = self.display(list_request)
        return [(name, self.get_column_name(name)) for name in display.columns]

    def get_column_name(self, field: str) -> str:
        """Return the label of a column; that of a variable is its name."""
        if path := variable_path(field):
            return ".".join(path)
        return str(super().get_column_name(field))

    def is_sortable(self, name: str) -> bool:
        """Whether the list can be sorted by a column: by those of variables, too."""
        return bool(variable_path(name)) or bool(super().is_sortable(name))

    def value(self, context: Any, name: str) -> Value:
        """Return what makes a cell; no column is declared for a variable."""
        if path := variable_path(name):
            return lambda host: formatters.format_variable(host, path)
        return super().value(context, name)

    def cell(self, context: Any, name: str, label: str) -> tuple[str, Value]:
        """Return a cell; that of a status has its colour by a class of its own."""
        if name == "status":
            return '<td class="col-status is-', formatters.status_and_end
        return super().cell(context, name, label)

    def row_cells(
        self, context: Any, columns: Sequence[tuple[str, str]]
    ) -> list[tuple[str, Value]]:
        """Return the cells of a row, with a box to tick it for those who may edit."""
        cells = super().row_cells(context, columns)
        if not may("bulk.bulk_page"):
            return cells
        ticked, named = context["listing"].extra["ticked"], self.naming(columns[0][0])
        tick = functools.partial(_tick, ticked, named("Select"))
        return [("<td class=tick>", tick), *cells]

    # -- the page ------------------------------------------------------------------

    def read_page(
        self, list_request: ListRequest, filters: list[Any]
    ) -> HostPage[Host]:
        display = self.display(list_request)
        more = ("aliases",) if "alias" in display.columns else ()
        return list_hosts(
            db.session(),
            list_request.node,
            list_request.sort,
            list_request.cursor,
            list_request.size,
            more,
        )

    def read_list(self, list_request: ListRequest) -> tuple[list[Any], Listing]:
        session, node = db.session(), list_request.node
        # Before the rows: what takes too long is stopped with its transaction.
        facets = facet_views(read_facets(session, node), list_request.url, node)
        rows, listing = super().read_list(list_request)
        listing.search_name = QUERY
        listing.search_label = "Find hosts"
        listing.search_value = to_text(node)
        listing.counts = _count_links(list_request.url.only_filters())
        display = self.display(list_request)
        chosen = ((COLS, display.cols),) if display.cols else ()
        listing.views = view_menu(saved_views.HOSTS, list_request.url, chosen)
        listing.sort_note = _sort_note(list_request, listing)
        listing.stopped_after = listing.page.stopped_after
        listing.view_names = ("sort", "per_page", COLS)
        if listing.chips:
            listing.sentence = describe(node, spelling(session))
        if not rows and not listing.stopped_after:
            listing.hint = _hint(list_request)
        ticked = _ticked()
        here = ticked & {host.id for host in rows}
        listing.extra = {
            "ticked": here,
            "ticked_elsewhere": sorted(ticked - here),
            "facets": facets,
            "more_facets_url": list_request.url.to(f"{self.endpoint}.facets_view")
            if any(facet.lines is None for facet in facets)
            else None,
            "placeholder": PLACEHOLDER,
            "starts": [f"{name}:" for name in FIELDS],
            "comfortable": display.is_comfortable,
            "statement": list_statement(
                session, listing.page.where, listing.page.sort, list_request.size
            ),
        }
        return rows, listing

    @expose("/facet/")
    def facet_view(self) -> ResponseReturnValue:
        """Count one facet for as long as it takes, within reason."""
        list_request = read_hosts_request(
            f"{self.endpoint}.index_view", request.args, (*KNOWN, FIELD)
        )
        url = list_request.url.setting(FIELD, None)
        name = request.args.get(FIELD, "").strip()
        if name not in NAMES:
            raise QueryError(
                f"Unknown facet {quoted(name)}.",
                did_you_mean(name, NAMES) or f"Facets are: {', '.join(NAMES)}.",
            )
        facet = read_facet(db.session(), list_request.node, name, FACET_SECONDS)
        return self.render(
            "hosts/facet.html",
            facet=facet_view(facet, url, list_request.node),
            seconds=FACET_SECONDS,
            list_url=str(url),
            sentence=describe(list_request.node, spelling(db.session())),
            count_url=url.only_filters().setting("by", name).to("stats.index"),
        )

    @expose("/facets/")
    def facets_view(self) -> ResponseReturnValue:
        """Count what the list left out; the list is there already."""
        list_request = read_hosts_request(
            f"{self.endpoint}.index_view", request.args, KNOWN
        )
        node, session = list_request.node, db.session()
        found = read_more_facets(session, node, limits.more_facets_seconds)
        return self.render(
            "hosts/facets.html",
            facets=facet_views(found, list_request.url, node),
            list_url=str(list_request.url),
            sentence=describe(node, spelling(session)),
        )

    @expose("/complete/")
    def complete_view(self) -> ResponseReturnValue:
        """Return what could be at the cursor in a query; never an error."""
        text = request.args.get(QUERY, "")
        cursor = request.args.get("cursor", type=int)
        session = db.session()
        found = complete(
            text if len(text) <= MAX_LENGTH else "",
            len(text) if cursor is None else cursor,
            functools.partial(suggest_values, session),
            names=functools.partial(suggest_variables, session),
        )
        return jsonify(suggestions=[asdict(one) for one in found])


def _hint(list_request: ListRequest) -> Markup:
    """Say why there may be no hosts."""
    node = list_request.node
    hints = (gone_from_view(node), hint_links(list_request.url, node))
    return Markup(" ").join(text for text in hints if text)


def _count_links(url: ViewUrl) -> list[tuple[str, str]]:
    """Return where the hosts of a view are counted, by each of the usual ways."""
    ways = [(field.label, field.name) for field in FIELDS.values() if field.groupable]
    ways += [("Network", "network/24"), ("Domain", "domain")]
    links = [(label, url.setting("by", by).to("stats.index")) for label, by in ways]
    return [("Overview", url.to("stats.index")), *links]


def _tick(ticked: set[int], name: Value, host: Any) -> Markup:
    return html(
        "<input type=checkbox form=bulk name=ids value=%s%s%s>",
        host.id,
        name(host),
        CHECKED if host.id in ticked else "",
    )


def _ticked() -> set[int]:
    """Return the hosts that were ticked on other pages. Raises ``QueryError``."""
    try:
        return set(read_ids(request.args.getlist(TICKED)))
    except InvalidValue as error:
        raise QueryError(str(error)) from None


def _sort_note(list_request: ListRequest, listing: Listing) -> str:
    wanted = list_request.sort or listing.sort_name
    if wanted.count(",") == len(listing.sort_then) and listing.sort_name in wanted:
        return ""
    return (
        f"Sorted by {listing.sort_label} only. At most {limits.counted_rows:,} hosts "
        "can be sorted by several columns or by variables."
    )
