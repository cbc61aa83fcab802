"""Numbers of hosts without counting hosts: from what the history keeps of them.

Kept are the numbers by each of some columns, and by each two of them. So whatever asks
for hosts by no more than two of these, in keys and conditions together, is answered
from a few hundred rows, however many hosts there are. Of columns, and pairs, that have
too many values no numbers are kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql import visitors

from ..models import COUNTED_COLUMNS, NOT_KEPT, Host, host_counts
from ..query import ast
from ..query.ast import And, Node, Not, Or, Term
from ..query.fields import find_field
from ..query.sql.compiler import Clause, compile_node


@dataclass(frozen=True)
class Kept:
    """How many hosts there are, and by which of KEPT_COUNTS nothing is kept."""

    hosts: int
    missing: frozenset[str]


# Has few values.
_TOTAL = "status"
# Asked by every list.
_WHAT_IS_KEPT = (
    sa.select(
        host_counts.c.fields, host_counts.c.first, sa.func.sum(host_counts.c.hosts)
    )
    .where(host_counts.c.fields.in_((_TOTAL, NOT_KEPT)))
    .group_by(host_counts.c.fields, host_counts.c.first)
)


def what_is_kept(session: orm.Session) -> Kept:
    """Return what is kept; that is asked for once in a transaction."""
    transaction = session.connection().get_transaction()
    known: tuple[object, Kept] | None = session.info.get("kept_counts")
    if known is not None and known[0] is transaction:
        return known[1]
    rows = session.execute(_WHAT_IS_KEPT).all()
    found = Kept(
        sum(int(hosts) for fields, _, hosts in rows if fields == _TOTAL),
        frozenset(name for fields, name, _ in rows if fields == NOT_KEPT),
    )
    session.info["kept_counts"] = (transaction, found)
    return found


def asked_columns(node: Node) -> frozenset[str] | None:
    """Return the columns that a condition is about; None if it is about more."""
    if isinstance(node, Not):
        return asked_columns(node.node)
    if isinstance(node, And | Or):
        each = [asked_columns(part) for part in node.nodes]
        known = [names for names in each if names is not None]
        return frozenset().union(*known) if len(known) == len(each) else None
    if not isinstance(node, Term):
        return None
    column = find_field(node.field).column
    name = column.key if column is not None else ""
    return frozenset({name}) if name in COUNTED_COLUMNS else None


def kept_numbers(
    session: orm.Session, node: Node, columns: Iterable[str] = ()
) -> sa.Subquery | None:
    """Return numbers to sum up, by these columns and those of the condition.

    The subquery has the columns by their names, and ``hosts``. None where they are not
    kept, or where this transaction has changed hosts and not yet their numbers.
    """
    asked = asked_columns(node)
    if asked is None or has_written(session):
        return None
    names = kept_names(what_is_kept(session), asked.union(columns))
    if names is None:
        return None
    shown = [place.label(name) for name, place in places_of(names).items()]
    return (
        sa.select(*shown, host_counts.c.hosts)
        .where(host_counts.c.fields == ",".join(names))
        .subquery("kept")
    )


def kept_names(kept: Kept, columns: Iterable[str]) -> list[str] | None:
    """Return by which columns numbers are kept that tell these; None if by none."""
    wanted = set(columns)
    if len(wanted) > 2 or not wanted <= set(COUNTED_COLUMNS):
        return None
    # Any column has each host once.
    names = [name for name in COUNTED_COLUMNS if name in wanted] or [_TOTAL]
    # Of a column with too many values, those of each other value may be too many.
    return names if kept.missing.isdisjoint((*names, ",".join(names))) else None


def places_of(names: Iterable[str]) -> dict[str, Any]:
    """Return the values of the columns where numbers are kept by these."""
    places = (host_counts.c.first, host_counts.c.second)
    return {name: _as(name, at) for name, at in zip(names, places, strict=False)}


def has_written(session: orm.Session) -> bool:
    """Whether this transaction changed hosts, and not yet what is kept of them."""
    pending = session.new or session.dirty or session.deleted
    return bool(pending) or session.info.get("facts") is not None


def _as(name: str, place: sa.Column[str]) -> Any:
    """Return a kept text as what the column of hosts holds."""
    type_ = getattr(Host, name).type
    if not isinstance(type_, sa.Integer):
        return sa.type_coerce(place, type_)
    # PostgreSQL may look at rows of other columns first, whose texts are no numbers.
    is_first = place is host_counts.c.first
    ours = f"{name},%" if is_first else f"%,{name}"
    fields = host_counts.c.fields
    return sa.cast(sa.case((sa.or_(fields == name, fields.like(ours)), place)), type_)


def moved(clause: Clause | None, to: Any) -> list[Clause]:
    """Return a condition on columns of hosts as one on others, found by their names."""

    def replaced(element: Any, **_: Any) -> Any:
        is_ours = isinstance(element, sa.Column) and element.table is Host.__table__
        return to[element.name] if is_ours else None

    if clause is None:
        return []
    return [visitors.replacement_traverse(clause, {}, replaced)]


def kept_count(session: orm.Session, node: Node = ast.EVERYTHING) -> int | None:
    """Return how many hosts the query means; None where that is not kept."""
    if node == ast.EVERYTHING:
        kept = None if has_written(session) else what_is_kept(session)
        return kept.hosts if kept and kept_names(kept, ()) else None
    if asked_columns(node) is None:
        return None
    return kept_count_where(session, node, compile_node(session, node))


def kept_count_where(
    session: orm.Session, node: Node, where: Clause | None
) -> int | None:
    """Return the same for a condition that is compiled already."""
    kept = kept_numbers(session, node)
    if kept is None:
        return None
    total = sa.select(sa.func.sum(kept.c.hosts)).where(*moved(where, kept.c))
    return int(session.scalar(total) or 0)
