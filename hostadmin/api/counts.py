"""Counts of hosts, each with the query that finds exactly those hosts."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy import orm

from ..db.session import db
from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..etags import inventory_tag, not_modified
from ..limits import limits
from ..query.ast import Node
from ..query.parser import parse
from ..query.to_text import and_also, to_text
from ..stats.counts import count_by_many, count_hosts
from .blueprint import bp, tagged
from .documented import documented
from .shapes import CountQuery, Counts

MOST_BY = 4


@bp.get("/counts")
@documented(Counts, tag="Counts")
def count(query: CountQuery) -> Response:
    """Count hosts, in total and by up to two fields"""
    if len(query.by) > MOST_BY:
        raise QueryError(f"Count by at most {MOST_BY} fields.")
    session, node = db.session(), parse(query.q)
    tag = inventory_tag(session, node, *query.by)
    if (unchanged := not_modified(tag)) is not None:
        return unchanged
    try:
        with time_limit(session, limits.count_page_seconds):
            total = count_hosts(session, node)
            rows = list(_rows(session, node, query.by)) if query.by else []
    except TooSlow as slow:
        raise QueryError(
            f"Counting stopped after {slow.seconds:.0f} s.",
            "Narrow the query, or count by fewer fields.",
        ) from None
    return tagged({"total": total, "by": query.by, "rows": rows}, tag)


def _rows(
    session: orm.Session, node: Node, by: Sequence[str]
) -> Iterator[dict[str, object]]:
    for cell in count_by_many(session, node, by):
        found = to_text(and_also(node, cell.condition))
        yield {"values": cell.values, "hosts": cell.count, "q": found}
