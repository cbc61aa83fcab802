"""What a table of counts shows along one side: values, and what is left of them."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..errors import QueryError
from ..formatting import counted
from ..limits import limits
from ..query.ast import EVERYTHING, Node, terms_of
from ..query.fields import find_field
from .dimensions import Dimension
from .dimensions.base import Calendar
from .group_by import Key, KeyCounts

NOT_SET = "(not set)"


class Kind(enum.Enum):
    VALUE = "value"
    NOT_SET = "not set"
    OTHER = "other"
    EARLIER = "earlier"
    LATER = "later"

    @property
    def is_rest(self) -> bool:
        return self in (Kind.OTHER, Kind.EARLIER, Kind.LATER)


@dataclass(frozen=True)
class Order:
    """Which values are shown, and in which order.

    All are shown where ``top`` is None. ``zeros`` adds those that no host has.
    """

    top: int | None = 20
    by_key: bool = False
    zeros: bool = False


@dataclass(frozen=True)
class Bucket:
    """One row or column: the hosts with a value, without one, or with another.

    ``value`` is None unless ``kind`` is VALUE. ``condition`` finds the hosts.
    """

    kind: Kind
    key: Key
    label: str
    condition: Node

    @property
    def value(self) -> str | None:
        return self.label if self.kind is Kind.VALUE else None

    @property
    def can_be_asked(self) -> bool:
        """Whether a query can say it: a long variable, for one, is too long."""
        try:
            for term in terms_of(self.condition):
                find_field(term.field).check_term(term)
        except QueryError:
            return False
        return True


@dataclass(frozen=True)
class Axis:
    buckets: Sequence[Bucket]
    counts: Sequence[int]


def make_axis(dimension: Dimension, found: KeyCounts, order: Order) -> Axis:
    """Return what to show of the counts, "(not set)" and "(other)" last."""
    if dimension.calendar is not None:
        buckets = _periods(dimension, found, order)
    else:
        buckets = _values(dimension, found, order)
    if found.unset:
        condition = EVERYTHING if dimension.unset is None else dimension.unset
        buckets.append((Bucket(Kind.NOT_SET, None, NOT_SET, condition), found.unset))
    return Axis([bucket for bucket, _ in buckets], [number for _, number in buckets])


_Counts = list[tuple[Bucket, int]]


def _values(dimension: Dimension, found: KeyCounts, order: Order) -> _Counts:
    counts = _with_zeros(dimension, dict(found.counts), order)
    keys = list(counts) if order.top is None else list(counts)[: order.top]
    if not found.rest and len(counts) - len(keys) == 1:
        # The line that says there is one more is as long as the one that says which.
        keys = list(counts)
    buckets = [(_value(dimension, key), counts[key]) for key in keys]
    rest = found.rest + len(counts) - len(keys)
    if rest:
        number = found.counted - found.unset - sum(n for _, n in buckets)
        label = (
            f"(only in {counted(rest, 'other')})"
            if dimension.is_several
            else f"({counted(rest, 'other')})"
        )
        other = Bucket(Kind.OTHER, None, label, dimension.others(keys))
        buckets.append((other, number))
    return buckets


def _with_zeros(
    dimension: Dimension, counts: dict[Key, int], order: Order
) -> dict[Key, int]:
    if not order.zeros or dimension.known is None:
        return counts
    counts |= {key: 0 for key in dimension.known() if key not in counts}
    if order.by_key:
        return dict(sorted(counts.items(), key=lambda item: dimension.rank(item[0])))
    return counts


def _value(dimension: Dimension, key: Key) -> Bucket:
    return Bucket(Kind.VALUE, key, dimension.text(key), dimension.condition(key))


def _periods(dimension: Dimension, found: KeyCounts, order: Order) -> _Counts:
    """Return every period up to the last, also those of no host."""
    calendar = dimension.calendar
    if calendar is None or not found.counts:
        return []
    counts: dict[date, int] = dict(found.counts)
    start, end = _span(calendar, counts, order)
    shown = [start]
    while shown[-1] < end:
        shown.append(calendar.next(shown[-1]))
    buckets = [(_value(dimension, key), counts.get(key, 0)) for key in shown]
    earlier = sum(number for key, number in counts.items() if key < start)
    if earlier:
        before = Bucket(Kind.EARLIER, None, "(earlier)", calendar.before(start))
        buckets.insert(0, (before, earlier))
    later = sum(number for key, number in counts.items() if key > end)
    if later:
        after = Bucket(Kind.LATER, None, "(later)", calendar.after(end))
        buckets.append((after, later))
    return buckets


def _span(
    calendar: Calendar, counts: dict[date, int], order: Order
) -> tuple[date, date]:
    """Return the first and last period to show."""
    # A date in the far future would leave nothing but empty periods.
    end = start = min(max(counts), calendar.current())
    oldest = min(counts)
    for _ in range((order.top or limits.count_rows) - 1):
        if start > oldest:
            start = calendar.previous(start)
    return start, end
