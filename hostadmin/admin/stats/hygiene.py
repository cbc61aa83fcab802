"""What is odd in the inventory, each with its number, the reason and a way out."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ...db.session import db
from ...errors import QueryError
from ...permissions import may
from ...query.ast import EVERYTHING, Node, all_of
from ...query.to_english import describe_count, spelling
from ...stats import counts, hygiene
from ...stats.similar_values import LookAlikes, find_look_alikes
from ...validation.values import quoted
from ..generated.list_context import ADD_FILTER, added_filter_url
from ..generated.urls import ViewUrl
from ..query_args import query_chips, query_frame, read_hosts_request, with_query
from ..query_filters import filter_menu
from .tables import linked
from .time_budget import Budget

PARAMETERS = ("days", *ADD_FILTER)
MOST_GROUPS = 50


@dataclass(frozen=True)
class Finding:
    """A line of the page. ``number`` is None where counting was stopped."""

    title: str
    why: str
    fix: str
    number: int | None
    url: str | None
    note: str = ""
    links: Sequence[tuple[str, str]] = ()


class HygienePage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Check the hosts of the same query that the list takes."""
        list_request = read_hosts_request("hygiene.index", request.args, PARAMETERS)
        added = added_filter_url(list_request, request.args, filter_menu())
        if added:
            return redirect(added)
        days = _read_days(request.args.get("days", "").strip())
        node, url, budget = list_request.node, list_request.url, Budget()
        hosts = with_query(ViewUrl("hosts.index_view", ()), node)
        chips = query_chips(url, node)
        total = counts.count_hosts(db.session(), node)
        sections: dict[str, list[Finding]] = {}
        for check in hygiene.host_checks(days):
            sections.setdefault(check.section, []).append(
                _finding(budget, check, node, hosts)
            )
        sections["Spelt differently"] = _look_alikes(budget, node, hosts)
        if node == EVERYTHING:
            sections["Groups"] = [_empty_groups()]
        page: str = self.render(
            "stats/hygiene.html",
            listing=query_frame(url, node, total, chips, ("days",), "Check"),
            sentence=describe_count(total, node, spelling(db.session())),
            sections=sections,
            days=days,
            kept=url.only_filters().pairs,
            hosts_url=str(hosts),
            total=total,
        )
        return page


def _read_days(text: str) -> int:
    text = text or str(hygiene.STALE_DAYS)
    good = text.isascii() and text.isdigit() and len(text) < 6
    if not good or not 1 <= int(text) <= hygiene.MOST_DAYS:
        raise QueryError(
            f"{quoted(text)} is no number of days.",
            f"1 to {hygiene.MOST_DAYS:,} are possible.",
        )
    return int(text)


def _finding(
    budget: Budget, check: hygiene.Check, node: Node, hosts: ViewUrl
) -> Finding:
    both = all_of(node, check.condition)
    number = budget.read(lambda: counts.count_hosts(db.session(), both))
    stopped = isinstance(number, str)
    return Finding(
        check.title,
        check.why,
        check.fix,
        None if isinstance(number, str) else number,
        linked(hosts, check.condition),
        str(number) if stopped else "",
    )


def _look_alikes(budget: Budget, node: Node, hosts: ViewUrl) -> list[Finding]:
    found = budget.read(lambda: find_look_alikes(db.session(), node))
    if isinstance(found, str):
        return [Finding("Values that look alike", "", "", None, None, found)]
    return [_alike(one, hosts) for one in found]


def _alike(one: LookAlikes, hosts: ViewUrl) -> Finding:
    (most, _), *others = one.values
    return Finding(
        f"{one.field.label}: {' / '.join(text for text, _ in one.values)}",
        "Counts and filters take them for different things.",
        f"If they are the same, write {quoted(most)} everywhere.",
        one.hosts,
        linked(hosts, one.condition),
        links=[
            (f"Change {quoted(text)} to {quoted(most)}", _respelling(one, text, most))
            for text, _ in others
            if may("bulk.bulk_page")
        ],
    )


def _respelling(one: LookAlikes, old: str, new: str) -> str:
    """Return the address that shows what the change would do; it changes nothing."""
    return url_for(
        "bulk.bulk_page",
        action="respell",
        field=one.field.attribute,
        old=old,
        new=new,
        step="plan",
    )


def _empty_groups() -> Finding:
    found = hygiene.groups_without_hosts(db.session())
    links = [(name, url_for("groups.details_view", id=id_)) for id_, name in found]
    rest = len(links) - MOST_GROUPS
    return Finding(
        "Groups without hosts",
        "Playbooks for them do nothing, and nobody notices.",
        "Delete them, unless hosts are to come.",
        len(found),
        None,
        f"and {rest:,} more" if rest > 0 else "",
        links[:MOST_GROUPS],
    )
