"""Which hosts an address asks for: its query and its filters, as one tree.

The list, the stats and the files read it here, so that they mean the same hosts.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from werkzeug.datastructures import MultiDict

from ..errors import QueryError
from ..formatting import time_text
from ..keyset.pages import Count
from ..query.ast import Node, Or, all_of, terms_of
from ..query.fields import find_field
from ..query.parse_terms import MAX_TERMS
from ..query.parser import parse
from ..query.to_text import and_also, to_text, top_level_terms, without
from ..query.url_filters import parse_filter_list
from .generated.list_context import PARAMETERS, Chip, Listing, ListRequest, read_request
from .generated.urls import QUERY, ViewUrl, is_filter
from .query_filters import filter_menu

SHORT = 100

_parsed = functools.lru_cache(maxsize=64)(parse)


def asked_query(args: MultiDict[str, str]) -> Node:
    """Return what the query and the filters among the arguments say together.

    Raises ``QueryError``.
    """
    pairs = [pair for pair in args.items(multi=True) if pair[1].strip()]
    queries = [text for name, text in pairs if name == QUERY]
    # Before any of them is read: an address has room for thousands.
    if len(queries) + sum(is_filter(name) for name, _ in pairs) > MAX_TERMS:
        raise QueryError(
            f"The address has more than {MAX_TERMS} conditions. Use fewer."
        )
    filters = parse_filter_list(pairs)
    node = all_of(*map(_parsed, queries), *(found.node for found in filters))
    # The links of the page say it as one query, which has limits of its own.
    return checked(node) if filters or len(queries) > 1 else node


def read_hosts_request(
    endpoint: str, args: MultiDict[str, str], known: Iterable[str] = PARAMETERS
) -> ListRequest:
    """Read the parameters of a page of hosts; its links say the filters as a query."""
    list_request = read_request(endpoint, args, (*known, QUERY))
    node = asked_query(args)
    kept = tuple(
        p for p in list_request.url.pairs if p[0] != QUERY and not is_filter(p[0])
    )
    return replace(
        list_request, url=with_query(ViewUrl(endpoint, kept), node), node=node
    )


def with_query(url: ViewUrl, node: Node) -> ViewUrl:
    """Return the same view of the hosts that another query means."""
    return url.setting(QUERY, to_text(node))


def query_of(url: ViewUrl) -> Node:
    return _parsed(dict(url.pairs).get(QUERY, ""))


def checked(node: Node) -> Node:
    """Return the query. Raises ``QueryError`` where its text breaks a limit."""
    text = to_text(node)
    # A short text can break none: neither of terms nor of parentheses.
    if len(text) > SHORT:
        _parsed(text)
    return node


def narrowed(url: ViewUrl, condition: Node) -> ViewUrl | None:
    """Return the view narrowed by a condition; None if no query can be so long."""
    node = and_also(query_of(url), condition)
    try:
        checked(node)
    except QueryError:
        return None
    return with_query(url, node)


def query_chips(url: ViewUrl, node: Node) -> list[Chip]:
    """Return a chip for each condition; following its link takes it away."""
    chips = []
    for term in top_level_terms(node):
        text = to_text(all_of(term))
        shown = f"({text})" if isinstance(term, Or) and term.nodes else text
        remove_url = str(with_query(url, without(node, term)))
        chips.append(Chip(shown, remove_url, f"{_resolved(term)}Remove {text}"))
    return chips


def _resolved(node: Node) -> str:
    """Return which instants the times in the condition mean now."""
    found = []
    for term in terms_of(node):
        kind = find_field(term.field).kind
        for value in term.values:
            if instant := kind.instant(value):
                found.append(f"{value} is {time_text(instant)}. ")
    return "".join(found)


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
        search_label=f"{verb} hosts, for example env:prod -owner:search web*",
        search_value=to_text(node),
        view_names=view_names,
    )
