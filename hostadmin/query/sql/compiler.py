"""From the tree to SQLAlchemy: the one place that says what a query means.

Negation keeps the partition law: ``not x`` holds for exactly the hosts for which
``x`` does not, so those with an empty field are among them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from ...limits import limits
from ...models import Host, HostAddress, HostAlias
from ...validation.values import fold, name_key, nearest_few
from .. import ast
from ..ast import And, Node, Not, Or, Quoted, Term, Word
from ..clauses import Alternative, Clause, by_ids
from ..fields import Field, find_field
from ..kinds.ordered import within
from ..kinds.texts import spellings_of, vocabulary_of
from ..parse_values import check_text, word_range
from .names import alias_named, host_named, named_in_order
from .text_match import is_pattern

__all__ = [
    "Clause",
    "compile_forms",
    "compile_node",
    "nearest_values",
    "select_hosts",
    "select_ids",
]


def select_hosts(session: orm.Session, node: Node = ast.EVERYTHING) -> sa.Select[Host]:
    """Start every read of hosts here: what may be seen, and what was asked for."""
    where = compile_node(session, node)
    hosts = sa.select(Host)
    return hosts if where is None else hosts.where(where)


def select_ids(session: orm.Session, node: Node = ast.EVERYTHING) -> sa.Select[int]:
    """Return the ids of the hosts that were asked for."""
    where = compile_node(session, node)
    ids = sa.select(Host.id)
    return ids if where is None else ids.where(where)


def compile_node(session: orm.Session, node: Node) -> Clause | None:
    """Return the condition on ``Host`` that the tree means; None where it has none.

    Asks the database for what the tree only names: spellings, groups. Raises
    ``QueryError`` for an unknown field, status or group.
    """
    return None if node == ast.EVERYTHING else _clause(session, node)


class Forms(NamedTuple):
    """A condition in the forms that are cheap for a list.

    ``walked`` is for hosts that are looked at one by one until a page is full,
    ``collected`` for all that match at once; ``ids`` are as many as these.
    """

    walked: Clause | None
    collected: Clause | None
    ids: sa.Select[int]


def compile_forms(session: orm.Session, node: Node) -> Forms:
    """Return what the tree means, as ``compile_node`` does, for a list."""
    if isinstance(node, Term):
        field = find_field(node.field)
        field.check_term(node)
        if alone := field.kind.alone(session, node):
            where, ids = alone
            return Forms(where, Host.id.in_(ids), ids)
    condition = compile_node(session, node)
    hosts = sa.select(Host.id)
    counted = hosts if condition is None else hosts.where(condition)
    return Forms(condition, condition, counted)


# Of one query; each is compared with all values of its field.
MAX_NEAR = 10
MAX_MATCHES = 3


class Suggestion(NamedTuple):
    """A value of a query that no host ever had, and one that it may have meant."""

    field: Field
    value: str
    instead: str


def nearest_values(session: orm.Session, node: Node) -> list[Suggestion]:
    """Return what is in use and near to values that no host ever had."""
    unknown: list[tuple[Field, str]] = []
    for term in ast.terms_of(node):
        field = find_field(term.field)
        if field.kind.has_vocabulary and term.op == ast.EQUALS:
            values = [value for value in term.values if not is_pattern(value)]
            known = spellings_of(session, field, values)
            unknown += [(field, value) for value in values if fold(value) not in known]
    return [
        Suggestion(field, value, match)
        for field, value in unknown[:MAX_NEAR]
        for match in nearest_few(value, _vocabulary(session, field), MAX_MATCHES)
    ]


def _vocabulary(session: orm.Session, field: Field) -> Sequence[str]:
    return session.scalars(vocabulary_of(field).limit(limits.counted_rows)).all()


# ---- and, or, not


def _clause(session: orm.Session, node: Node) -> Clause:
    if isinstance(node, And):
        return sa.and_(sa.true(), *(_clause(session, part) for part in node.nodes))
    if isinstance(node, Or):
        return sa.or_(sa.false(), *(_clause(session, part) for part in node.nodes))
    if isinstance(node, Term | Word):
        return sa.or_(*(part.holds for part in _parts(session, node)))
    return _negation(session, node.node)


def _negation(session: orm.Session, node: Node) -> Clause:
    """Push a "not" down to the terms, where it is known which of them can be NULL."""
    if isinstance(node, And):
        return sa.or_(sa.false(), *(_negation(session, part) for part in node.nodes))
    if isinstance(node, Or):
        return sa.and_(sa.true(), *(_negation(session, part) for part in node.nodes))
    if isinstance(node, Not):
        return _clause(session, node.node)
    return sa.and_(*(part.fails for part in _parts(session, node)))


# ---- one condition


def _parts(session: orm.Session, term: Term | Word) -> list[Alternative]:
    """Return the ways in which a term can hold: any of them is enough."""
    if isinstance(term, Word):
        return _word(session, term.value)
    field = find_field(term.field)
    field.check_term(term)
    return field.kind.parts(session, field, term)


def _word(session: orm.Session, value: str) -> list[Alternative]:
    """Match a name, an alias, or addresses: one, a network, or how they begin."""
    check_text(value)
    op = ast.EQUALS if is_pattern(value) else ast.CONTAINS
    term = Term("hostname", op, (value,))
    aliases = sa.select(HostAlias.host_id).where(alias_named(session, term))
    others = by_ids(session, aliases)
    if op == ast.CONTAINS and value.endswith(".") and "." in value[:-1]:
        # Of names that DNS ends with a dot; nothing looks like an address there.
        own = Term("hostname", ast.EQUALS, (Quoted(name_key(value)),))
        same = sa.select(HostAlias.host_id).where(alias_named(session, own))
        others += [Alternative(host_named(session, own)), *by_ids(session, same)]
    addresses = word_range(value)
    if addresses is not None:
        others.append(Alternative(within(Host.ip_key, addresses), Host.ip_key))
        inside = within(HostAddress.ip_key, addresses)
        others += by_ids(session, sa.select(HostAddress.host_id).where(inside))
    # Beside something else, the order of names would keep SQLite from two indexes.
    name = host_named(session, term) if others else named_in_order(session, term)
    return [Alternative(name), *others]
