"""The counts: an overview, and a table by one or two things of one's own choice."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from werkzeug.datastructures import MultiDict

from ..database import db
from ..errors import NotFound, QueryError
from ..inventory import counts, views
from ..inventory.axes import MOST_ROWS, Order
from ..inventory.counts import CrossTable, Table
from ..inventory.dimensions import PERIODS, Dimension, groupable_names
from ..inventory.lately import LATELY_DAYS
from ..paging import Count
from ..query.compile import compile_node
from ..query.describing import describe_count, spelling
from ..query.fields import FIELDS, Kind
from ..query.printing import to_text
from ..query.tree import EVERYTHING, Node, all_of
from ..transfer.formats.cells import guarded
from ..values import did_you_mean, quoted
from .asked import query_chips, read_hosts_request, with_query
from .budget import Budget
from .count_tables import CrossView, TableView, cross_view, linked, lower, table_view
from .host_filters import filter_menu
from .lately import shown_lately
from .listing import ADD_FILTER, Listing, added_filter_url
from .statements import count_statement
from .urls import QUERY, VIEW, ViewUrl
from .view_menu import opens_with, view_menu

# What the overview shows, in this order; two with a comma make a cross table.
TABLES = (
    "status",
    "os",
    "owner",
    "network",
    "location,os",
    "port",
    "created:month",
    "env",
    "location",
    "role",
    "group",
)
SHORT = Order(top=7)
SMALL_CROSS = (Order(top=8), Order(top=6))
TONES = {"active": "accent", "offline": "danger"}
TOPS = ("10", "20", "50", "100", "all")
MOST_COLUMNS = 20
# Of a file about two things; with all columns, so many rows are 200,000 numbers.
MOST_CROSS_ROWS = 10_000
MOST_TABLES = 50
SHOWN = {"count": "count", "row": "% of the row", "column": "% of the column"}
VIEW_NAMES = ("by", "table", "order", "top", "zero", "show")
PARAMETERS = (*VIEW_NAMES, *ADD_FILTER)


@dataclass(frozen=True)
class Card:
    number: str
    label: str
    url: str
    tone: str


@dataclass(frozen=True)
class Choice:
    """What a table shows, as it was chosen in the address."""

    by: tuple[str, ...]
    order: Order
    show: str


class StatsPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Count the hosts of the same query that the list takes."""
        if elsewhere := opens_with(views.STATS):
            return redirect(elsewhere)
        asked = read_hosts_request("stats.index", request.args, (*PARAMETERS, VIEW))
        added = added_filter_url(asked, request.args, filter_menu())
        if added:
            return redirect(added)
        node = asked.node
        choice = _read_choice(request.args, MOST_ROWS)
        hosts = with_query(ViewUrl("hosts.index_view", ()), node)
        chips = query_chips(asked.url, node)
        # A table knows its total; to count again would double what it costs.
        found = Budget().read(lambda: _read(node, choice)) if choice.by else None
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
            "listing": query_frame(asked.url, node, total, chips, VIEW_NAMES),
            "saved_views": view_menu(views.STATS, asked.url),
            "total": total,
            "options": _options(choice.by),
        }
        if found is not None:
            return self._table_page(found, choice, hosts, node, context)
        return self._overview(node, hosts, context)

    @expose("/table.<kind>")
    def table(self, kind: str) -> ResponseReturnValue:
        """Send the table of the same address as a file."""
        if kind not in ("csv", "json"):
            raise NotFound(f"There is no format {quoted(kind)}; csv and json are.")
        node = read_hosts_request("stats.table", request.args, PARAMETERS).node
        choice = _read_choice(request.args)
        if not choice.by:
            raise QueryError("The table of what?", "Add by=env or the like.")
        found = _read(node, choice)
        if kind == "json":
            return jsonify(_as_json(found))
        name = "-by-".join(("hosts", *choice.by)).replace("/", "-").replace(":", "-")
        safe = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_."))
        return Response(
            _as_csv(found),
            mimetype="text/csv",
            headers={"Content-Disposition": f"attachment; filename={safe}.csv"},
        )

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
            "hostadmin/count.html",
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
        budget = Budget()
        url: ViewUrl = context["listing"].url  # type: ignore[attr-defined]
        total: int = context["total"]  # type: ignore[assignment]
        wanted = _wanted_tables(request.args)
        page: str = self.render(
            "hostadmin/stats.html",
            sentence=_sentence(total, node, ()),
            cards=_cards(budget, node, hosts, total),
            # What was deleted is in no query.
            lately=shown_lately(budget) if node == EVERYTHING else [],
            lately_days=LATELY_DAYS,
            tables=_tables(budget, node, wanted, hosts, url.only_filters()),
            offered=_offered(wanted),
            kept=url.only_filters().pairs,
            **context,
        )
        return page


# ---- reading the address


def _read_choice(args: MultiDict[str, str], most: int | None = None) -> Choice:
    """Return what is to be counted; of "all" values, ``most`` are shown."""
    by = tuple(text.strip() for text in args.getlist("by") if text.strip())
    if len(by) > 2:
        raise QueryError("Hosts are counted by one or two things, not more.")
    top = _read_top(args.get("top", "").strip()) or most
    order = _one_of(args, "order", ("count", "value"))
    zeros = _one_of(args, "zero", ("0", "1")) == "1"
    show = _one_of(args, "show", tuple(SHOWN))
    return Choice(by, Order(top, order == "value", zeros), show)


def _wanted_tables(args: MultiDict[str, str]) -> list[str]:
    """Return the tables of the overview, each once. Raises ``QueryError``."""
    wanted = list(dict.fromkeys(args.getlist("table"))) or list(TABLES)
    if len(wanted) > MOST_TABLES:
        raise QueryError(f"An overview has at most {MOST_TABLES} tables.")
    return wanted


def _one_of(args: MultiDict[str, str], name: str, known: Sequence[str]) -> str:
    value = args.get(name, "").strip() or known[0]
    if value not in known:
        raise QueryError(
            f"{quoted(value)} is nothing that “{name}” can be.",
            did_you_mean(value, known) or f"Use one of: {', '.join(known)}.",
        )
    return value


def _read_top(text: str) -> int | None:
    if text == "all":
        return None
    text = text or "20"
    good = text.isascii() and text.isdigit() and len(text) < 6
    if not good or not 1 <= int(text) <= MOST_ROWS:
        raise QueryError(
            f"{quoted(text)} is no number of values to show.",
            f"1 to {MOST_ROWS:,} are possible, and “all”.",
        )
    return int(text)


# ---- counting


def _read(node: Node, choice: Choice) -> Table | CrossTable:
    session = db.session()
    dimensions = counts.find_dimensions(session, choice.by)
    order = choice.order
    if len(dimensions) == 1:
        return counts.count_table(session, dimensions[0], node, order)
    across = min(order.top or MOST_COLUMNS, MOST_COLUMNS)
    columns = Order(across, order.by_key, order.zeros)
    rows = replace(order, top=order.top or MOST_CROSS_ROWS)
    return counts.cross_table(session, dimensions, node, (rows, columns))


def _cards(budget: Budget, node: Node, hosts: ViewUrl, total: object) -> list[Card]:
    cards = [Card(f"{total:,}", "host" if total == 1 else "hosts", str(hosts), "")]
    for fact in counts.FACTS:
        both = all_of(node, fact.condition)
        number = budget.read(lambda both=both: counts.count_hosts(db.session(), both))  # type: ignore[misc]
        url = linked(hosts, fact.condition) or ""
        if isinstance(number, str):
            cards.append(Card("?", f"{fact.label}: too slow to count", url, ""))
            continue
        tone = TONES.get(fact.name, "warning") if number else ""
        cards.append(Card(f"{number:,}", fact.label, url, tone))
    return cards


def _tables(
    budget: Budget,
    node: Node,
    wanted: Sequence[str],
    hosts: ViewUrl,
    stats: ViewUrl,
) -> list[TableView | CrossView]:
    session = db.session()
    choices = [Choice(tuple(text.split(",")), SHORT, "count") for text in wanted]
    for choice in choices:
        if len(choice.by) > 2:
            raise QueryError("A table is by one or two things, not more.")
    each = [counts.find_dimensions(session, choice.by) for choice in choices]
    # Plain columns are counted together: that costs hardly more than one of them.
    plain = [ds[0] for ds in each if len(ds) == 1 and ds[0].column is not None]
    together = (
        budget.read(lambda: counts.count_columns(session, plain, node, SHORT))
        if plain
        else []
    )
    found: dict[str, Table | str] = {
        d.name: together if isinstance(together, str) else together[at]
        for at, d in enumerate(plain)
    }
    views = []
    for choice, dimensions in zip(choices, each, strict=True):
        name = dimensions[0].name
        if len(dimensions) == 1 and name in found:
            result: Table | CrossTable | str = found[name]
        else:
            result = budget.read(
                lambda ds=dimensions: _small(node, ds)  # type: ignore[misc]
            )
        url = stats
        for by in choice.by:
            url = url.adding("by", by)
        views.append(_view(result, choice, hosts, url, dimensions))
    return views


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
        return TableView(title, [], [], 0, note=found, url=str(url or ""))
    if isinstance(found, CrossTable):
        return cross_view(found, hosts, choice.show, url)
    return table_view(found, hosts, url)


# ---- around the tables


def query_frame(
    url: ViewUrl,
    node: Node,
    total: int,
    chips: Sequence[object],
    view_names: Sequence[str],
    verb: str = "Count",
) -> Listing:
    """Return what the query bar needs, the same as on the list."""
    return Listing(
        noun="host",
        nouns="hosts",
        url=url,
        sort_name="",
        sort_desc=False,
        size=0,
        count=Count(total),
        total=Count(total),
        chips=chips,  # type: ignore[arg-type]
        filter_fields=filter_menu(),
        search_name=QUERY,
        search_label=f"{verb} only hosts with env:prod -owner:search web*",
        search_value=to_text(node),
        view_names=view_names,
    )


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
        if field.kind is Kind.TIME:
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


# ---- files


def _as_csv(found: Table | CrossTable) -> str:
    """Return one line a number; "kind" tells a value from what reads like it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if isinstance(found, Table):
        writer.writerow([found.dimension.name, "kind", "hosts"])
        for slot, number in zip(found.slots, found.counts, strict=True):
            writer.writerow([guarded(slot.value or ""), slot.kind.value, number])
        return out.getvalue()
    names = [table.dimension.name for table in (found.rows, found.columns)]
    writer.writerow([names[0], "kind", names[1], "kind", "hosts"])
    for row, column, number in counts.cells_of(found):
        cells = [
            c for s in (row, column) for c in (guarded(s.value or ""), s.kind.value)
        ]
        writer.writerow([*cells, number])
    return out.getvalue()


def _as_json(found: Table | CrossTable) -> dict[str, object]:
    if isinstance(found, Table):
        rows = [
            {"value": slot.value, "kind": slot.kind.value, "hosts": number}
            for slot, number in zip(found.slots, found.counts, strict=True)
        ]
        return {"by": [found.dimension.name], "total": found.total, "rows": rows}
    cells = [
        {
            "values": [row.value, column.value],
            "kinds": [row.kind.value, column.kind.value],
            "hosts": number,
        }
        for row, column, number in counts.cells_of(found)
    ]
    names = [table.dimension.name for table in (found.rows, found.columns)]
    return {"by": names, "total": found.total, "cells": cells}
