"""How many hosts there were: a chart over days or months, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from ...db.session import db
from ...errors import QueryError
from ...query.ast import EMPTY, EQUALS, EVERYTHING, Term
from ...query.fields import FIELDS, Field
from ...stats.axes import NOT_SET
from ...stats.trend import OTHER, Trend, read_trend, trend_fields
from ...validation.values import did_you_mean, quoted
from ..generated.list_context import single
from ..generated.urls import ViewUrl
from ..query_args import with_query
from .tables import lower
from .time_budget import Budget

# Of the drawing, which is stretched to the width of the page.
WIDTH, HEIGHT = 600, 200
SPANS = {
    "30d": ("day", 30, "30 days"),
    "90d": ("day", 90, "90 days"),
    "12m": ("month", 12, "12 months"),
    "36m": ("month", 36, "36 months"),
}
PARAMETERS = ("by", "over")


@dataclass(frozen=True)
class Part:
    """A series as it is drawn; ``url`` leads to the hosts that it has now."""

    label: str
    path: str
    counts: Sequence[int]
    url: str | None


@dataclass(frozen=True)
class Chart:
    title: str
    parts: Sequence[Part]
    days: Sequence[str]
    totals: Sequence[int]
    highest: int
    total_url: str
    # Without a chart: why.
    note: str = ""


class TrendPage(BaseView):
    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show the hosts of all days up to now, in all or by a field."""
        for name in request.args:
            if name not in PARAMETERS:
                raise QueryError(
                    f"Unknown parameter {quoted(name)}.",
                    did_you_mean(name, PARAMETERS) or "Remove it.",
                )
        by, over = single(request.args, "by"), single(request.args, "over") or "30d"
        page: str = self.render(
            "stats/trend.html",
            chart=read_chart(_field(by), over),
            by=by,
            over=over,
            fields=[(field.name, field.label) for field in trend_fields()],
            spans=[(name, words) for name, (_, _, words) in SPANS.items()],
        )
        return page


def _field(name: str) -> Field | None:
    known = [field.name for field in trend_fields()]
    if name and name not in known:
        raise QueryError(
            f"The trend cannot be shown by {quoted(name)}.",
            did_you_mean(name, known) or f"Use one of: {', '.join(known)}.",
        )
    return FIELDS[name] if name else None


def read_chart(field: Field | None, over: str) -> Chart:
    """Return the chart over a span of time. Raises ``QueryError`` for another one."""
    if over not in SPANS:
        raise QueryError(
            f"{quoted(over)} is not a valid time span.",
            f"Use one of: {', '.join(SPANS)}.",
        )
    period, count, words = SPANS[over]
    title = f"Hosts over {words}"
    if field is not None:
        title += f", by {lower(field.label)}"
    found = Budget(EVERYTHING, "Choose a shorter period.").read(
        lambda: read_trend(db.session(), field, period, count)
    )
    if isinstance(found, str):
        return Chart(title, [], [], [], 0, "", found)
    return _chart(title, found, field, period)


def _chart(title: str, found: Trend, field: Field | None, period: str) -> Chart:
    highest = max(found.totals)
    hosts = ViewUrl("hosts.index_view", ())
    below = [0] * len(found.days)
    parts = []
    for series in found.series:
        above = [low + n for low, n in zip(below, series.counts, strict=True)]
        path = _area(below, above, highest)
        parts.append(Part(series.label, path, series.counts, _url(field, series.label)))
        below = above
    days = [day.isoformat()[: 7 if period == "month" else 10] for day in found.days]
    return Chart(title, parts, days, found.totals, highest, str(hosts))


def _area(below: Sequence[int], above: Sequence[int], highest: int) -> str:
    """Return the outline of what lies between two lines."""
    there = [_point(at, n, len(above), highest) for at, n in enumerate(above)]
    back = [_point(at, n, len(below), highest) for at, n in enumerate(below)]
    return f"M{' L'.join(there)} L{' L'.join(reversed(back))} Z"


def _point(at: int, number: int, count: int, highest: int) -> str:
    x = WIDTH * at / max(count - 1, 1)
    return f"{x:.1f} {HEIGHT - HEIGHT * number / max(highest, 1):.1f}"


def _url(field: Field | None, label: str) -> str | None:
    hosts = ViewUrl("hosts.index_view", ())
    if field is None:
        return str(hosts)
    if label == OTHER:
        return None
    if label == NOT_SET:
        return str(with_query(hosts, Term(field.name, EMPTY)))
    value = field.kind.literal(EQUALS, label)
    return str(with_query(hosts, Term(field.name, EQUALS, (value,))))
