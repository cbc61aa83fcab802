"""The page of data quality: each check with its number, the reason and a fix."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ...db.session import db
from ...etags import is_steady
from ...permissions import may
from ...query.ast import EVERYTHING, Node, all_of
from ...query.to_english import describe_count, spelling
from ...stats import counts, data_quality
from ...stats.similar_values import SimilarValues, find_similar_values
from ...validation.values import quoted
from ..generated.list_context import ADD_FILTER, added_filter_url, read_number
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


class DataQualityPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Check the hosts of the same query that the list takes."""
        list_request = read_hosts_request(
            "data_quality.index", request.args, PARAMETERS
        )
        added = added_filter_url(list_request, request.args, filter_menu())
        if added:
            return redirect(added)
        days = read_number(
            request.args.get("days", "").strip(),
            data_quality.STALE_DAYS,
            data_quality.MOST_DAYS,
            "days",
        )
        node, url = list_request.node, list_request.url
        budget = Budget(node)
        hosts = with_query(ViewUrl("hosts.index_view", ()), node)
        chips = query_chips(url, node)
        total = counts.count_hosts(db.session(), node)
        sections: dict[str, list[Finding]] = {}
        for check in data_quality.host_checks(days):
            sections.setdefault(check.section, []).append(
                _finding(budget, check, node, hosts)
            )
        sections["Inconsistent values"] = _look_alikes(budget, node, hosts)
        if node == EVERYTHING:
            sections["Groups"] = [_empty_groups()]
        page: str = self.render(
            "stats/data_quality.html",
            listing=query_frame(url, node, total, chips, ("days",), "Check"),
            sentence=describe_count(total, node, spelling(db.session())),
            sections=sections,
            days=days,
            kept=url.only_filters().pairs,
            hosts_url=str(hosts),
            total=total,
        )
        return page


def _finding(
    budget: Budget, check: data_quality.Check, node: Node, hosts: ViewUrl
) -> Finding:
    both = all_of(node, check.condition)
    kept_as = check.condition if is_steady(check.condition) else None
    number = budget.read(lambda: counts.count_hosts(db.session(), both), kept_as)
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
    found = budget.read(lambda: find_similar_values(db.session(), node), "alike")
    if isinstance(found, str):
        return [Finding("Inconsistent values", "", "", None, None, found)]
    return [_alike(one, hosts) for one in found]


def _alike(one: SimilarValues, hosts: ViewUrl) -> Finding:
    (most, _), *others = one.values
    return Finding(
        f"{one.field.label}: {' / '.join(text for text, _ in one.values)}",
        "Counts and filters treat these as different values.",
        f"If they mean the same, rename them to {quoted(most)}.",
        one.hosts,
        linked(hosts, one.condition),
        links=[
            (f"Rename {quoted(text)} to {quoted(most)}", _rename_url(one, text, most))
            for text, _ in others
            if may("bulk.bulk_page")
        ],
    )


def _rename_url(one: SimilarValues, old: str, new: str) -> str:
    """Return the address that shows what the change would do; it changes nothing."""
    return url_for(
        "bulk.bulk_page",
        action="rename",
        field=one.field.attribute,
        old=old,
        new=new,
        step="plan",
    )


def _empty_groups() -> Finding:
    found = data_quality.groups_without_hosts(db.session())
    links = [(name, url_for("groups.details_view", id=id_)) for id_, name in found]
    rest = len(links) - MOST_GROUPS
    return Finding(
        "Groups without hosts",
        "Playbooks for these groups do nothing.",
        "Delete them, unless hosts will be added.",
        len(found),
        None,
        f"and {rest:,} more" if rest > 0 else "",
        links[:MOST_GROUPS],
    )
