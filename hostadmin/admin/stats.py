"""The counts: totals, and tables by every field that hosts are counted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ..database import db
from ..inventory import counts
from ..inventory.counts import Bucket, FilterArgs
from ..paging import Count
from ..query.filters import parse_filter_list
from ..query.tree import Node, all_of
from .host_filters import filter_menu
from .listing import Listing, added_filter_url, make_chips, read_request
from .urls import ViewUrl

# What the page counts by, in this order.
TABLES = (
    "status",
    "env",
    "os",
    "location",
    "role",
    "owner",
    "group",
    "port",
    "network",
)
ROWS_SHOWN = 10
TONES = {"active": "accent", "offline": "danger"}
SEVERAL = {
    "group": "A host in two groups is counted in both.",
    "network": "A host with addresses in two networks is counted in both.",
}


@dataclass(frozen=True)
class Card:
    number: int
    label: str
    url: str
    tone: str


@dataclass(frozen=True)
class Row:
    """One line of a table. ``bar`` is the length in percent of the longest bar."""

    label: str
    is_unset: bool
    count: int
    share: float
    bar: float
    url: str


@dataclass(frozen=True)
class Table:
    title: str
    note: str
    rows: Sequence[Row]
    more: Sequence[Row]
    url: str


class StatsPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Count the hosts of the same filters that the list takes."""
        known = ("by", "add_field", "add_op", "add_value")
        asked = read_request("stats.index", request.args, known)
        added = added_filter_url(asked, request.args, filter_menu())
        if added:
            return redirect(added)
        filters = parse_filter_list(asked.filters)
        node = all_of(*(found.node for found in filters))
        chips = make_chips(asked.url, filters)
        hosts = ViewUrl("hosts.index_view", asked.filters)
        summary = counts.summary(db.session(), node)
        wanted = request.args.getlist("by") or TABLES
        page: str = self.render(
            "hostadmin/stats.html",
            sentence=_sentence(summary.total, [chip.text for chip in chips]),
            chips=chips,
            clear_url=str(asked.url.only("by")) if chips else None,
            hosts_url=str(hosts),
            cards=_cards(summary, hosts),
            tables=[_table(node, by, hosts) for by in wanted],
            listing=_frame(asked.url, summary.total, chips),
        )
        return page


def _frame(url: ViewUrl, total: int, chips: Sequence[object]) -> Listing:
    """Return what the filter bar needs, the same as on the list."""
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
        search_name="flt_hostname_contains",
        search_label="Find by name",
    )


def _sentence(total: int, texts: Sequence[str]) -> str:
    hosts = f"{total:,} host" if total == 1 else f"{total:,} hosts"
    return f"{hosts} with {' and '.join(texts)}" if texts else hosts


def _linked(hosts: ViewUrl, args: FilterArgs) -> str:
    return str(ViewUrl(hosts.endpoint, (*hosts.pairs, *args)))


def _cards(summary: counts.Summary, hosts: ViewUrl) -> list[Card]:
    cards = [Card(summary.total, "hosts", str(hosts), "")]
    for fact in summary.facts:
        tone = TONES.get(fact.name, "warning")
        url = _linked(hosts, fact.filter_args)
        cards.append(Card(fact.count, fact.label, url, tone if fact.count else ""))
    return cards


def _table(node: Node, by: str, hosts: ViewUrl) -> Table:
    buckets = counts.count_by(db.session(), node, by)
    longest = max((bucket.count for bucket in buckets), default=0)
    rows = [_row(bucket, longest, hosts) for bucket in buckets]
    title = counts.find_dimension(db.session(), by).title
    return Table(
        title=f"By {title if title.isupper() else title[:1].lower() + title[1:]}",
        note=SEVERAL.get(by.partition("/")[0], ""),
        rows=rows[:ROWS_SHOWN],
        more=rows[ROWS_SHOWN:],
        url="",
    )


def _row(bucket: Bucket, longest: int, hosts: ViewUrl) -> Row:
    return Row(
        label=bucket.label,
        is_unset=bucket.value is None,
        count=bucket.count,
        share=bucket.share,
        bar=round(100 * bucket.count / longest, 1),
        url=_linked(hosts, bucket.filter_args),
    )
