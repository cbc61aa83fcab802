"""Facets: how many hosts each value of some fields would show beside a list.

The numbers of a field are counted under the query minus what it says about that field
alone, so that a second value can be added. They share a little time, and what does not
fit is left uncounted: a page never waits for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.time_limit import Stopwatch, TooSlow, time_limit
from ..inventory.kept_counts import Kept, kept_count, what_is_kept
from ..limits import limits
from ..models import Group, group_children
from ..query.ast import EVERYTHING, Node, all_of
from ..query.fields import FIELDS, Field
from ..query.toggle import is_chosen, named_values, own_nodes, without_own
from ..validation.values import fold, sort_key
from .by_columns import can_be_kept, count_each_column
from .dimensions import Dimension, find_dimension
from .group_by import KeyCounts, count_keys

# Least is asked of the last ones, which may find no time left.
_LAST = ("role", "group")
_COUNTED = (f.name for f in FIELDS.values() if f.groupable and f.kind.has_facet)
NAMES = (*(name for name in _COUNTED if name not in _LAST), *_LAST)
# So many values are shown beside a list.
FEW = 5
# So many of those that are chosen stay in sight beside the most frequent.
MOST_CHOSEN = 15
MOST_PARENTS = 30
# With less time left, a statement is not worth to be begun.
_LEAST = 0.002


@dataclass(frozen=True)
class Value:
    """One value, None for hosts without one, and how many hosts it would show."""

    value: str | None
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A field with its values; ``values`` is None where they were not counted.

    ``more`` are values that are not shown. ``chosen`` are all that the query chooses.
    """

    field: Field
    values: Sequence[Value] | None
    more: int = 0
    chosen: Sequence[str | None] = ()


def read_facets(session: orm.Session, node: Node) -> list[Facet]:
    """Return the facets of a page: those that are kept, and of few hosts the others.

    Of many, the others are left uncounted, to be asked for where they are wanted.
    Call it before rows are read: what is stopped rolls the transaction back.
    """
    kept = what_is_kept(session)
    at_once = [name for name in NAMES if _is_kept(kept, node, name)]
    found = _read(session, node, at_once) if at_once else {}
    most = limits.facet_hosts if node == EVERYTHING else limits.filtered_facet_hosts
    rest = [name for name in NAMES if name not in found]
    if rest and _hosts(session) <= most:
        found |= _read_in_time(session, node, rest, limits.facet_seconds)
    return [found.get(name, Facet(FIELDS[name], None)) for name in NAMES]


def read_more_facets(
    session: orm.Session, node: Node, seconds: float
) -> Sequence[Facet]:
    """Return the facets that a page left out, as many as can be counted in time."""
    shown = {facet.field.name for facet in read_facets(session, node) if facet.values}
    rest = [name for name in NAMES if name not in shown]
    return list(_read_in_time(session, node, rest, seconds).values())


def read_facet(session: orm.Session, node: Node, name: str, seconds: float) -> Facet:
    """Return one facet with all its values, or uncounted after so many seconds."""
    try:
        with time_limit(session, seconds):
            return _read(session, node, [name], limits.facet_values)[name]
    except TooSlow:
        return Facet(FIELDS[name], None)


def _is_kept(kept: Kept, node: Node, name: str) -> bool:
    field = FIELDS[name]
    column = field.column
    under = without_own(node, field)
    return column is not None and can_be_kept(kept, column.key, under)


def _hosts(session: orm.Session) -> int:
    """Return how many hosts there are, or might be."""
    kept = kept_count(session)
    return kept if kept is not None else limits.filtered_facet_hosts


def _read_in_time(
    session: orm.Session, node: Node, names: Sequence[str], seconds: float
) -> dict[str, Facet]:
    watch = Stopwatch()
    found: dict[str, Facet] = {}
    for some in _passes(session, names):
        left = seconds - watch.seconds
        if left < _LEAST:
            break
        try:
            with watch.running(session), time_limit(session, left):
                found |= _read(session, node, some)
        except TooSlow:
            break
    return found


def _passes(session: orm.Session, names: Sequence[str]) -> Sequence[Sequence[str]]:
    """Return the fields that are counted together: all columns, in one pass."""
    columns = [name for name in names if FIELDS[name].column is not None]
    others = [[name] for name in names if name not in columns]
    if ["group"] in others and _has_many_groups(session):
        others.remove(["group"])
    return [some for some in (columns, *others) if some]


def _has_many_groups(session: orm.Session) -> bool:
    """Whether to count by group takes long to prepare: each that nests is a way."""
    parents = sa.select(sa.func.count(sa.distinct(group_children.c.parent_id)))
    groups = sa.select(sa.func.count(Group.id))
    many, nested = session.execute(
        sa.select(groups.scalar_subquery(), parents.scalar_subquery())
    ).one()
    return bool(many > limits.facet_groups or nested > MOST_PARENTS)


def _read(
    session: orm.Session, node: Node, names: Sequence[str], limit: int = FEW
) -> dict[str, Facet]:
    fields = [FIELDS[name] for name in names]
    dimensions = [find_dimension(session, name) for name in names]
    if len(fields) > 1:
        own = [all_of(*own_nodes(node, field)) for field in fields]
        under = node
        for field in fields:
            under = without_own(under, field)
        each = count_each_column(session, dimensions, under, own)
    else:
        each = [count_keys(session, dimensions[0], without_own(node, fields[0]))]
    return {
        field.name: _facet(field, dimension, counted, node, limit)
        for field, dimension, counted in zip(fields, dimensions, each, strict=True)
    }


def _facet(
    field: Field, dimension: Dimension, counted: KeyCounts, node: Node, limit: int
) -> Facet:
    numbers: dict[str | None, int] = {
        dimension.text(key): number for key, number in counted.counts
    }
    if counted.unset:
        numbers[None] = counted.unset
    _add_chosen(numbers, named_values(node, field))
    asks = bool(own_nodes(node, field))
    values = [
        Value(value, number, asks and is_chosen(node, field, value))
        for value, number in sorted(numbers.items(), key=_rank)
    ]
    chosen = [value.value for value in values if value.chosen]
    always = {None, *chosen[:MOST_CHOSEN]}
    shown = [
        value
        for place, value in enumerate(values)
        if place < limit or value.value in always
    ]
    return Facet(field, shown, len(values) - len(shown), chosen)


def _add_chosen(numbers: dict[str | None, int], chosen: Sequence[str | None]) -> None:
    """Add what is chosen, to be taken back: also where no host has it."""
    if not chosen:
        return
    folded = {fold(value) for value in numbers if value is not None}
    for value in chosen[:MOST_CHOSEN]:
        if value not in numbers and (value is None or fold(value) not in folded):
            numbers[value] = 0


def _rank(item: tuple[str | None, int]) -> tuple[object, ...]:
    """Rank the most frequent first, and what is not set last."""
    value, number = item
    return value is None, -number, sort_key(value or ""), value
