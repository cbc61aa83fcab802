"""Tables of counts as templates show them: labels, bars, shades and links."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...formatting import share_text
from ...query.ast import Node, all_of
from ...stats.axes import Bucket
from ...stats.axes import Kind as SlotKind
from ...stats.counts import CrossTable, Table
from ..generated.urls import ViewUrl
from ..query_args import narrowed

SHADES = 5
MOST_TICKS = 10
SEVERAL = "Hosts with several values are counted in each, but once in the total."


@dataclass(frozen=True)
class Row:
    """One line of a table. ``bar`` is the length in percent of the longest bar."""

    label: str
    is_unset: bool
    count: int
    share: float
    bar: float
    url: str | None
    is_value: bool = True


@dataclass(frozen=True)
class Bar:
    """One column of a diagram; ``x`` to ``height`` are percents of its size."""

    row: Row
    x: float
    width: float
    y: float
    height: float
    tick: str


@dataclass(frozen=True)
class TableView:
    title: str
    rows: Sequence[Row]
    bars: Sequence[Bar]
    total: int
    note: str = ""
    url: str = ""
    csv_url: str = ""
    is_cross: bool = False
    total_url: str = ""
    # Where it is counted, if that is left for later.
    later_url: str = ""
    id: str = ""


@dataclass(frozen=True)
class CellView:
    text: str
    url: str | None
    shade: int


@dataclass(frozen=True)
class CrossView:
    title: str
    corner: str
    columns: Sequence[Row]
    rows: Sequence[Row]
    cells: Sequence[Sequence[CellView]]
    total: int
    names: tuple[str, str]
    note: str = ""
    url: str = ""
    csv_url: str = ""
    total_url: str = ""
    is_cross: bool = True
    later_url: str = ""
    id: str = ""
    bars: Sequence[Bar] = field(default=())


def lower(title: str) -> str:
    """Return a title as it is written within a sentence."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def table_id(by: Sequence[str]) -> str:
    """Return what a table is called within a page."""
    name = "-".join(by)
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)


def linked(hosts: ViewUrl, condition: Node) -> str | None:
    """Return the address of the list so narrowed, if a query can say it."""
    url = narrowed(hosts, condition)
    return None if url is None else str(url)


def table_view(found: Table, hosts: ViewUrl, url: ViewUrl | None = None) -> TableView:
    rows = _rows(found, hosts)
    return TableView(
        title=f"By {lower(found.dimension.title)}",
        rows=rows,
        bars=_bars(rows) if found.dimension.calendar else [],
        total=found.total,
        note=SEVERAL if found.dimension.is_several and rows else "",
        url=str(url or ""),
        csv_url=url.to("stats.table", kind="csv") if url else "",
        total_url=str(hosts),
    )


def _rows(found: Table, hosts: ViewUrl) -> list[Row]:
    longest = max(found.counts, default=0) or 1
    return [
        Row(
            label=bucket.label,
            is_unset=bucket.kind is SlotKind.NOT_SET,
            count=number,
            share=found.share(place),
            bar=round(100 * number / longest, 1),
            url=_bucket_url(hosts, bucket),
            is_value=bucket.kind is SlotKind.VALUE,
        )
        for place, (bucket, number) in enumerate(
            zip(found.buckets, found.counts, strict=True)
        )
    ]


def _bucket_url(hosts: ViewUrl, *buckets: Bucket) -> str | None:
    if not all(bucket.can_be_asked for bucket in buckets):
        return None
    return linked(hosts, all_of(*(bucket.condition for bucket in buckets)))


def _bars(rows: Sequence[Row]) -> list[Bar]:
    """Return the columns of a diagram over time, whose figures are above them."""
    # What lies before or after would dwarf all the others; it is beside them.
    rows = [row for row in rows if row.is_value]
    width = 100 / max(len(rows), 1)
    highest = max((row.count for row in rows), default=0) or 1
    # Labels that have room beside each other and at the end, the year with each.
    step = -(-len(rows) // MOST_TICKS)
    return [
        Bar(
            row,
            round(place * width + width * 0.1, 2),
            round(width * 0.8, 2),
            round(90 - 80 * row.count / highest, 2),
            round(80 * row.count / highest, 2),
            row.label if place % step == 0 and place + step <= len(rows) else "",
        )
        for place, row in enumerate(rows)
    ]


def cross_view(
    found: CrossTable, hosts: ViewUrl, show: str = "count", url: ViewUrl | None = None
) -> CrossView:
    rows, columns = found.rows, found.columns
    highest = max((n for line in found.cells for n in line), default=0) or 1
    cells = [
        [
            CellView(
                _cell_text(n, rows.counts[at], columns.counts[across], show),
                _bucket_url(hosts, rows.buckets[at], columns.buckets[across])
                if n
                else None,
                -(-SHADES * n // highest),
            )
            for across, n in enumerate(line)
        ]
        for at, line in enumerate(found.cells)
    ]
    titles = (rows.dimension.title, columns.dimension.title)
    several = rows.dimension.is_several or columns.dimension.is_several
    return CrossView(
        title=f"{titles[0]} by {lower(titles[1])}",
        corner=titles[0],
        columns=_rows(columns, hosts),
        rows=_rows(rows, hosts),
        cells=cells,
        total=found.total,
        names=(rows.dimension.name, columns.dimension.name),
        note=SEVERAL if several and rows.buckets else "",
        url=str(url or ""),
        csv_url=url.to("stats.table", kind="csv") if url else "",
        total_url=str(hosts),
    )


def _cell_text(number: int, row: int, column: int, show: str) -> str:
    if show == "count":
        return f"{number:,}"
    whole = row if show == "row" else column
    return share_text(number / whole) if whole else "–"
