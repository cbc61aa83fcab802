"""The list of hosts: facets, columns of one's choice, a sentence, the SQL."""

import functools
from dataclasses import asdict
from typing import Any

from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from jinja2 import pass_context
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ... import saved_views
from ...bulk_edit import read_ids
from ...db.session import db
from ...errors import InvalidValue, QueryError
from ...inventory.autocomplete import suggest_values, suggest_variables
from ...inventory.columns import parse_columns, variable_path
from ...inventory.hints import Hint, find_hints
from ...inventory.list_hosts import HostPage, list_hosts
from ...limits import limits
from ...query.ast import Node
from ...query.complete import complete
from ...query.fields import FIELDS
from ...query.parser import MAX_LENGTH
from ...query.to_english import describe, spelling
from ...query.to_text import to_text, top_level_terms
from ...stats.facets import NAMES, read_facet, read_facets
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
from ..generated.model_view import ModelAdmin
from ..generated.urls import QUERY, VIEW, ViewUrl
from ..help import PLACEHOLDER, example_links
from ..list_columns import (
    COLS,
    ListDisplay,
    offered,
    read_display,
    remember,
)
from ..query_args import query_chips, read_hosts_request
from ..query_filters import filter_menu
from ..saved_views_menu import gone_from_view, opens_with, view_menu
from ..sql_panel import list_statement
from .export import export_menu
from .facets import FIELD, facet_view, facet_views

KNOWN = (*PARAMETERS, COLS, VIEW)
# For one facet that somebody asked for.
FACET_SECONDS = 3.0


class HostList(ModelAdmin):
    """What stands around the rows of the one list that takes a query."""

    def read_request(self) -> ListRequest:
        known = (*KNOWN, TICKED)
        return read_hosts_request(f"{self.endpoint}.index_view", request.args, known)

    def opens_with(self) -> str | None:
        return opens_with(saved_views.HOSTS)

    def filter_fields(self) -> list[FilterField]:
        return filter_menu()

    def active_filters(self, list_request: ListRequest) -> list[Any]:
        return list(top_level_terms(list_request.node))

    def chips(self, list_request: ListRequest, filters: list[Any]) -> list[Chip]:
        return query_chips(list_request.url, list_request.node)

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

    @pass_context
    def get_list_value(self, context: Any, model: Any, name: str) -> Any:
        """Return the cell; no column is declared for a variable."""
        if path := variable_path(name):
            return formatters.format_variable(model, path)
        return super().get_list_value(context, model, name)

    @expose("/columns/", methods=("POST",))
    def columns_view(self) -> ResponseReturnValue:
        """Remember the columns, and show the same list with them."""
        view = MultiDict(
            (name, value)
            for name, value in request.form.items(multi=True)
            if name in (QUERY, VIEW, "sort", "per_page")
        )
        list_request = read_hosts_request(f"{self.endpoint}.index_view", view)
        display = _display_of(request.form)
        url = list_request.url.setting(COLS, display.cols)
        moved = request.form.get("up") or request.form.get("down")
        response = redirect(f"{url}#column-{moved}" if moved else str(url), 303)
        remember(response, display)
        return response

    # -- the page ------------------------------------------------------------------

    def read_page(self, list_request: ListRequest, filters: list[Any]) -> HostPage:
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
        listing.stats_url = list_request.url.only_filters().to("stats.index")
        display = self.display(list_request)
        noun = listing.noun if listing.count.value == 1 else listing.nouns
        listing.exports = export_menu(
            list_request.url, f"{listing.count_text} {noun}", display.columns
        )
        chosen = ((COLS, display.cols),) if display.cols else ()
        listing.views = view_menu(saved_views.HOSTS, list_request.url, chosen)
        listing.can_sort_by_several = True
        listing.sort_note = _sort_note(list_request, listing)
        listing.stopped_after = listing.page.stopped_after
        listing.view_names = ("sort", "per_page", COLS)
        if listing.chips:
            listing.sentence = describe(node, spelling(session))
        if not rows and not listing.stopped_after:
            hints = (gone_from_view(node), _hints(list_request.url, node))
            listing.hint = Markup(" ").join(text for text in hints if text)
        ticked = _ticked()
        here = ticked & {host.id for host in rows}
        listing.extra = {
            "ticked": here,
            "ticked_elsewhere": sorted(ticked - here),
            "facets": facets,
            "examples": example_links(list_request.url),
            "placeholder": PLACEHOLDER,
            "starts": [f"{name}:" for name in FIELDS],
            "columns": [
                (name, self.get_column_name(name), shown)
                for name, shown in offered(display)
            ],
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
                f"There is no facet {quoted(name)}.",
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

    @expose("/complete/")
    def complete_view(self) -> ResponseReturnValue:
        """Return what could stand at the cursor in a query; never an error."""
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


def _hints(url: ViewUrl, node: Node) -> Markup:
    """Return links to queries that were probably meant, and how many hosts each has."""
    return Markup(" ").join(
        Markup('{} <a href="{}"><code>{}</code></a> ({}){}').format(
            f"{hint.why}:" if hint.why else "Did you mean",
            url.setting(QUERY, hint.text),
            hint.text,
            hint.hosts,
            _end_of(hint),
        )
        for hint in find_hints(db.session(), node)
    )


def _end_of(hint: Hint) -> str:
    if hint.nearest:
        return f"? (nearest: {hint.nearest})"
    return "." if hint.why else "?"


def _ticked() -> set[int]:
    """Return the hosts that were ticked on other pages. Raises ``QueryError``."""
    try:
        return set(read_ids(request.args.getlist(TICKED)))
    except InvalidValue as error:
        raise QueryError(str(error)) from None


def _display_of(form: MultiDict[str, str]) -> ListDisplay:
    """Return what the form of columns says. Raises ``QueryError``."""
    if "reset" in form:
        return ListDisplay()
    names = [*form.getlist("col"), *form.get("more", "").split(",")]
    display = ListDisplay(parse_columns(names), form.get("density") == "comfortable")
    if up := form.get("up"):
        return display.moved(up, -1)
    return display.moved(form.get("down", ""), 1)


def _sort_note(list_request: ListRequest, listing: Listing) -> str:
    if "," not in list_request.sort or listing.sort_then:
        return ""
    return (
        f"Sorted by {listing.sort_label} only: by several columns, at most "
        f"{limits.counted_rows:,} hosts can be sorted."
    )
