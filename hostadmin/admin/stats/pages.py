"""The counts: an overview, and a table by one or two things of one's own choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ... import saved_views
from ...clock import utcnow
from ...db.session import db
from ...errors import NotFound, QueryError
from ...etags import inventory_tag, not_modified, not_modified_headers
from ...inventory.kept_counts import kept_count
from ...keyset.pages import Count, capped_count
from ...limits import limits
from ...query.ast import EVERYTHING, Node, all_of
from ...query.fields import FIELDS
from ...query.sql.compiler import compile_node, select_ids
from ...query.to_english import describe_count, spelling
from ...stats import counts
from ...stats.axes import Order
from ...stats.by_columns import is_kept
from ...stats.counts import CrossTable, Table
from ...stats.dimensions import PERIODS, Dimension, groupable_names
from ...stats.recent_activity import RECENT_DAYS
from ...validation.values import quoted
from ..generated.list_context import added_filter_url
from ..generated.urls import VIEW, ViewUrl
from ..hints import hint_links
from ..query_args import query_chips, query_frame, read_hosts_request, with_query
from ..query_filters import filter_menu
from ..saved_views_menu import opens_with, view_menu
from ..sql_panel import count_statement
from .downloads import as_csv, as_json, file_name
from .options import (
    PARAMETERS,
    SHOWN,
    TABLES,
    VIEW_NAMES,
    Choice,
    read_choice,
    wanted_tables,
)
from .recent_activity import recent_activity_links
from .tables import (
    CrossView,
    TableView,
    cross_view,
    linked,
    lower,
    table_id,
    table_view,
)
from .time_budget import Budget
from .trend import read_chart

SHORT = Order(top=7)
SMALL_CROSS = (Order(top=8), Order(top=6))
TONES = {"active": "accent", "offline": "danger"}
TOPS = ("10", "20", "50", "100", "all")
MOST_COLUMNS = 20


@dataclass(frozen=True)
class Card:
    number: str
    label: str
    url: str
    tone: str


class StatsPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Count the hosts of the same query that the list takes."""
        if elsewhere := opens_with(saved_views.STATS):
            return redirect(elsewhere)
        list_request = read_hosts_request(
            "stats.index", request.args, (*PARAMETERS, VIEW)
        )
        added = added_filter_url(list_request, request.args, filter_menu())
        if added:
            return redirect(added)
        node = list_request.node
        choice = read_choice(request.args, limits.count_rows)
        hosts = with_query(ViewUrl("hosts.index_view", ()), node)
        chips = query_chips(list_request.url, node)
        # A table knows its total; to count again would double what it costs.
        found = _table(node, choice) if choice.by else None
        total = (
            found.total
            if isinstance(found, Table | CrossTable)
            else counts.count_hosts(db.session(), node)
        )
        context: dict[str, object] = {
            "chips": chips,
            "hosts_url": str(hosts),
            "statement": count_statement(
                db.session(), compile_node(db.session(), node)
            ),
            "listing": query_frame(list_request.url, node, total, chips, VIEW_NAMES),
            "saved_views": view_menu(saved_views.STATS, list_request.url),
            "total": total,
            "options": _options(choice.by),
            "hint": "" if total else hint_links(list_request.url, node),
        }
        if found is not None:
            return self._table_page(found, choice, hosts, node, context)
        return self._overview(node, hosts, context)

    @expose("/table.<kind>")
    def table(self, kind: str) -> ResponseReturnValue:
        """Send the table of the same address as a file."""
        if kind not in ("csv", "json"):
            raise NotFound(f"Unknown format {quoted(kind)}. Use csv or json.")
        node = read_hosts_request("stats.table", request.args, PARAMETERS).node
        choice = read_choice(request.args)
        if not choice.by:
            raise QueryError("The parameter “by” is missing.", "Add it: by=env.")
        tag = inventory_tag(db.session(), node, request.query_string, utcnow().date())
        if (unchanged := not_modified(tag)) is not None:
            return unchanged
        headers = not_modified_headers(tag)
        dimensions = counts.find_dimensions(db.session(), choice.by)
        found = _read(node, dimensions, choice.order)
        if kind == "json":
            return jsonify(as_json(found)), headers
        name = file_name(choice.by)
        file = {"Content-Disposition": f"attachment; filename={name}.csv"}
        return Response(as_csv(found), mimetype="text/csv", headers={**file, **headers})

    def _table_page(
        self,
        found: Table | CrossTable | str,
        choice: Choice,
        hosts: ViewUrl,
        node: Node,
        context: dict[str, object],
    ) -> ResponseReturnValue:
        url: ViewUrl = context["listing"].url  # type: ignore[attr-defined]
        total: int = context["total"]  # type: ignore[assignment]
        dimensions = counts.find_dimensions(db.session(), choice.by)
        page: str = self.render(
            "stats/count.html",
            sentence=_sentence(total, node, dimensions),
            table=_view(found, choice, hosts),
            choice=choice,
            tops=TOPS,
            shown=SHOWN,
            kept=url.only_filters().pairs,
            top=request.args.get("top", "20"),
            csv_url=url.to("stats.table", kind="csv"),
            json_url=url.to("stats.table", kind="json"),
            switch_url=_switched(url, choice),
            **context,
        )
        return page

    def _overview(
        self,
        node: Node,
        hosts: ViewUrl,
        context: dict[str, object],
    ) -> ResponseReturnValue:
        budget = Budget(node)
        url: ViewUrl = context["listing"].url  # type: ignore[attr-defined]
        total: int = context["total"]  # type: ignore[assignment]
        wanted = wanted_tables(request.args)
        page: str = self.render(
            "stats/overview.html",
            sentence=_sentence(total, node, ()),
            cards=_cards(budget, node, hosts, total),
            # What was deleted is in no query.
            recent_activity=recent_activity_links(budget) if node == EVERYTHING else [],
            recent_days=RECENT_DAYS,
            chart=read_chart(None, "30d") if node == EVERYTHING else None,
            tables=_tables(
                budget,
                node,
                wanted,
                hosts,
                url.only_filters(),
                at_once="table" in request.args or total <= limits.overview_hosts,
            ),
            offered=_offered(wanted),
            kept=url.only_filters().pairs,
            **context,
        )
        return page


# ---- counting


def _table(node: Node, choice: Choice) -> Table | CrossTable | str:
    """Return the table that somebody asked for, or words that say why not."""
    dimensions = counts.find_dimensions(db.session(), choice.by)
    is_cheap = is_kept(db.session(), dimensions, node)
    kept_as = None if is_cheap else (choice.by, choice.order)
    return Budget(node).read(lambda: _read(node, dimensions, choice.order), kept_as)


def _read(
    node: Node, dimensions: Sequence[Dimension], order: Order
) -> Table | CrossTable:
    session = db.session()
    if len(dimensions) == 1:
        return counts.count_table(session, dimensions[0], node, order)
    across = min(order.top or MOST_COLUMNS, MOST_COLUMNS)
    columns = Order(across, order.by_key, order.zeros)
    rows = replace(order, top=order.top or limits.count_file_rows)
    return counts.cross_table(session, dimensions, node, (rows, columns))


def _cards(budget: Budget, node: Node, hosts: ViewUrl, total: int) -> list[Card]:
    cards = [Card(f"{total:,}", "host" if total == 1 else "hosts", str(hosts), "")]
    for fact in counts.FACTS:
        both = all_of(node, fact.condition)
        number = budget.read(lambda both=both: _card_count(both, total))  # type: ignore[misc]
        url = linked(hosts, fact.condition) or ""
        if isinstance(number, str):
            cards.append(Card("?", f"{fact.label}: too slow to count", url, ""))
            continue
        tone = TONES.get(fact.name, "warning") if number.value else ""
        cards.append(Card(str(number), fact.label, url, tone))
    return cards


def _card_count(node: Node, total: int) -> Count:
    """Count all of few hosts; of many only what is kept, else up to a cap."""
    session = db.session()
    kept = kept_count(session, node)
    if kept is None and total > limits.overview_hosts:
        return capped_count(session, select_ids(session, node))
    return Count(counts.count_hosts(session, node) if kept is None else kept)


def _tables(
    budget: Budget,
    node: Node,
    wanted: Sequence[str],
    hosts: ViewUrl,
    stats: ViewUrl,
    *,
    at_once: bool,
) -> list[TableView | CrossView]:
    """Return the tables of the overview; those that take long later, if they may."""
    session = db.session()
    choices = [_overview_choice(text) for text in wanted]
    each = [counts.find_dimensions(session, choice.by) for choice in choices]
    now = [at_once or is_kept(session, dimensions, node) for dimensions in each]
    plain = _plain([ds for ds, is_now in zip(each, now, strict=True) if is_now])
    found = _read_plain(budget, plain, node)
    views: list[TableView | CrossView] = []
    for choice, dimensions, is_now in zip(choices, each, now, strict=True):
        url = stats
        for by in choice.by:
            url = url.adding("by", by)
        if not is_now:
            later = stats.adding("table", ",".join(choice.by))
            views.append(_later(dimensions, choice, url, later))
            continue
        result = _count(budget, node, choice, dimensions, found)
        views.append(_view(result, choice, hosts, url, dimensions))
    return views


def _overview_choice(text: str) -> Choice:
    by = tuple(text.split(","))
    if len(by) > 2:
        raise QueryError("Count by at most two fields.")
    return Choice(by, SHORT, "count")


def _plain(each: Sequence[Sequence[Dimension]]) -> list[Dimension]:
    return [ds[0] for ds in each if len(ds) == 1 and ds[0].column is not None]


def _read_plain(
    budget: Budget, plain: Sequence[Dimension], node: Node
) -> dict[str, Table | str]:
    """Count plain columns together: that costs hardly more than one of them."""
    if not plain:
        return {}
    session = db.session()
    together = budget.read(lambda: counts.count_columns(session, plain, node, SHORT))
    return {
        dimension.name: together if isinstance(together, str) else together[at]
        for at, dimension in enumerate(plain)
    }


def _count(
    budget: Budget,
    node: Node,
    choice: Choice,
    dimensions: Sequence[Dimension],
    found: dict[str, Table | str],
) -> Table | CrossTable | str:
    name = dimensions[0].name
    if len(dimensions) == 1 and name in found:
        return found[name]
    return budget.read(lambda: _small(node, dimensions), ("small", choice.by))


def _later(
    dimensions: Sequence[Dimension], choice: Choice, url: ViewUrl, later: ViewUrl
) -> TableView:
    title = f"By {' and '.join(lower(d.title) for d in dimensions)}"
    return TableView(
        title, [], [], 0, url=str(url), later_url=str(later), id=table_id(choice.by)
    )


def _small(node: Node, dimensions: Sequence[Dimension]) -> Table | CrossTable:
    session = db.session()
    if len(dimensions) == 2:
        return counts.cross_table(session, dimensions, node, SMALL_CROSS)
    order = Order(top=24) if dimensions[0].calendar else SHORT
    return counts.count_table(session, dimensions[0], node, order)


def _view(
    found: Table | CrossTable | str,
    choice: Choice,
    hosts: ViewUrl,
    url: ViewUrl | None = None,
    dimensions: Sequence[Dimension] = (),
) -> TableView | CrossView:
    if isinstance(found, str):
        title = " by ".join(d.title for d in dimensions)
        view: TableView | CrossView = TableView(title, [], [], 0, note=found)
        view = replace(view, url=str(url or ""))
    elif isinstance(found, CrossTable):
        view = cross_view(found, hosts, choice.show, url)
    else:
        view = table_view(found, hosts, url)
    return replace(view, id=table_id(choice.by))


# ---- around the tables


def _sentence(total: int, node: Node, dimensions: Sequence[Dimension]) -> str:
    hosts = describe_count(total, node, spelling(db.session()))
    if dimensions:
        hosts += f", by {' and '.join(lower(d.title) for d in dimensions)}"
    return hosts


def _options(chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Return what the menus offer to count by: name and label."""
    names = [name for name in groupable_names() if name not in ("network", "domain")]
    found = {name: FIELDS[name].label for name in names}
    found |= {"network/16": "Network /16", "network/24": "Network /24"}
    found |= {"domain": "Domain", "hostname": "Hostname", "ip": "Address"}
    found |= {"alias": "Alias", "notes": "Notes"}
    for field in FIELDS.values():
        if field.kind.has_periods:
            found |= {f"{field.name}:{p}": f"{field.label}, by {p}" for p in PERIODS}
    found |= {name: name for name in chosen if name not in found}
    return list(found.items())


def _offered(wanted: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Return the tables that the overview can show: name, label, chosen."""
    labels = dict(_options(()))
    labels |= {"network": labels["network/16"], "location,os": "Location by OS"}
    names = list(dict.fromkeys((*TABLES, *wanted)))
    return [(name, labels.get(name, name), name in wanted) for name in names]


def _switched(url: ViewUrl, choice: Choice) -> str | None:
    if len(choice.by) < 2:
        return None
    rest = tuple(pair for pair in url.pairs if pair[0] != "by")
    return str(ViewUrl(url.endpoint, (*rest, *(("by", b) for b in choice.by[::-1]))))
