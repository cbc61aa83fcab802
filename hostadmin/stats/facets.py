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
from ..limits import limits
from ..models import Group, Host, group_children
from ..query.ast import Node, all_of
from ..query.fields import FIELDS, Field
from ..query.toggle import is_chosen, named_values, own_nodes, without_own
from ..validation.values import fold
from .dimensions import Dimension, find_dimension
from .group_by import Tally, tally, tally_columns

# Least is asked of the last ones, which may find no time left.
_LAST = ("role", "group")
_COUNTED = (f.name for f in FIELDS.values() if f.groupable and f.kind.has_facet)
NAMES = (*(name for name in _COUNTED if name not in _LAST), *_LAST)
# So many values are shown beside a list.
FEW = 5
# So many of those that are chosen stay in sight beside the most frequent.
MOST_CHOSEN = 15
# With more hosts, one pass over all of them takes longer than there is time.
BIG = 100_000
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
    """Return the facets, as many counted as fit into the time.

    Call it before rows are read: what is stopped rolls the transaction back.
    """
    watch = Stopwatch()
    found: dict[str, Facet] = {}
    for group in _groups(session, node):
        left = limits.facet_seconds - watch.seconds
        if left < _LEAST:
            break
        try:
            with watch.running(session), time_limit(session, left):
                found |= _read(session, node, group)
        except TooSlow:
            break
    return [found.get(name, Facet(FIELDS[name], None)) for name in NAMES]


def read_facet(session: orm.Session, node: Node, name: str, seconds: float) -> Facet:
    """Return one facet with all its values, or uncounted after so many seconds."""
    try:
        with time_limit(session, seconds):
            return _read(session, node, [name], limits.facet_values)[name]
    except TooSlow:
        return Facet(FIELDS[name], None)


def _groups(session: orm.Session, node: Node) -> Sequence[Sequence[str]]:
    """Return the fields that are counted together, in one pass over the columns.

    Of few hosts these are all columns. Of many, those that the query says nothing
    about come first: under the whole query there is less to count.
    """
    columns = [name for name in NAMES if FIELDS[name].column is not None]
    others = [[name] for name in NAMES if name not in columns]
    if _has_many_groups(session):
        others = [group for group in others if group != ["group"]]
    highest = session.scalar(sa.select(sa.func.max(Host.id))) or 0
    if highest <= BIG:
        return [columns, *others]
    free = [name for name in columns if not own_nodes(node, FIELDS[name])]
    alone = [[name] for name in columns if name not in free]
    return [group for group in (free, *alone, *others) if group]


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
        tallies = tally_columns(session, dimensions, under, own)
    else:
        tallies = [tally(session, dimensions[0], without_own(node, fields[0]))]
    return {
        field.name: _facet(field, dimension, counted, node, limit)
        for field, dimension, counted in zip(fields, dimensions, tallies, strict=True)
    }


def _facet(
    field: Field, dimension: Dimension, counted: Tally, node: Node, limit: int
) -> Facet:
    numbers: dict[str | None, int] = {
        dimension.text(key): number for key, number in counted.counts
    }
    if counted.unset:
        numbers[None] = counted.unset
    # What is chosen is there to be taken back, also where no host has it.
    folded = {fold(value) for value in numbers if value is not None}
    for value in named_values(node, field)[:MOST_CHOSEN]:
        if value not in numbers and (value is None or fold(value) not in folded):
            numbers[value] = 0
    values = [
        Value(value, number, is_chosen(node, field, value))
        for value, number in sorted(
            numbers.items(), key=lambda item: (item[0] is None, -item[1], item[0])
        )
    ]
    chosen = [value.value for value in values if value.chosen]
    some = {id(value) for value in [v for v in values if v.chosen][:MOST_CHOSEN]}
    shown = [
        value
        for place, value in enumerate(values)
        if place < limit or id(value) in some or value.value is None
    ]
    return Facet(field, shown, len(values) - len(shown), chosen)
