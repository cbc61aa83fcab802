"""What each kind of term means as a condition on a host."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..models import Host, HostAddress, HostAlias, VocabularyEntry, group_members
from ..paging import CAP, capped_count
from ..values import MAX_TEXT, fold, name_key, natural_key
from . import membership, tree
from .checks import CHECKS
from .fields import Field, Kind, find_field
from .parts import Clause, Column, Part, by_ids
from .ranges import (
    Range,
    check_term,
    check_text,
    parse_check,
    parse_range,
    parse_status,
    word_range,
)
from .sets import in_sets
from .tree import Node, Quoted, Term, Word
from .trigrams import near
from .variables import Variable

# Beyond the last character that a name can hold.
_HIGHEST = "\U0010ffff"
_ESCAPE = "/"


def parts_of(session: orm.Session, term: Term | Word) -> list[Part]:
    """Return the ways in which a term can hold: any of them is enough."""
    if isinstance(term, Word):
        return _word(session, term.value)
    field = find_field(term.field)
    check_term(term, field)
    return _COMPILERS[field.kind](session, field, term)


def _word(session: orm.Session, value: str) -> list[Part]:
    """Match a name, an alias, or addresses: one, a network, or how they begin."""
    check_text(value)
    op = tree.EQUALS if is_pattern(value) else tree.CONTAINS
    term = Term("hostname", op, (value,))
    aliases = sa.select(HostAlias.host_id).where(_alias_named(session, term))
    others = by_ids(session, aliases)
    addresses = word_range(value)
    if addresses is not None:
        others.append(Part(_within(Host.ip_key, addresses), Host.ip_key))
        inside = _within(HostAddress.ip_key, addresses)
        others += by_ids(session, sa.select(HostAddress.host_id).where(inside))
    # Beside something else, the order of names would keep SQLite from two indexes.
    name = _host_named(session, term) if others else _hostname(session, term)
    return [Part(name), *others]


def _own_column(field: Field) -> Column:
    if field.column is None:
        raise LookupError(field.name)
    column: Column = field.column
    return column


def _name(session: orm.Session, _field: Field, term: Term) -> list[Part]:
    return [Part(_hostname(session, term))]


def _hostname(session: orm.Session, term: Term) -> Clause:
    holds = _host_named(session, term)
    starts = [_start_of(term.op, value) for value in term.values]
    if all(starts):
        holds = sa.and_(holds, *_sorted_near(session, starts))
    return holds


def _host_named(session: orm.Session, term: Term) -> Clause:
    return _with_index(_match_key(Host.hostname_key, term), near(session, Host, term))


def _alias_named(session: orm.Session, term: Term) -> Clause:
    found = near(session, HostAlias, term)
    return _with_index(_match_key(HostAlias.name_key, term), found)


def _with_index(holds: Clause, found: Clause | None) -> Clause:
    return holds if found is None else sa.and_(found, holds)


def _start_of(op: str, value: str) -> str:
    """Return how a name must begin, if that is all that is asked of it."""
    if op == tree.STARTS:
        return fold(value)
    head = value.rstrip("*")
    plain = op == tree.EQUALS and is_pattern(value) and not is_pattern(head)
    return fold(head) if plain and head != value else ""


def _sorted_near(session: orm.Session, starts: Iterable[str]) -> list[Clause]:
    """Return a range of the natural order that has all names which start so.

    It says nothing new, but about the column by which lists are sorted.
    """
    heads = [(start, start.rstrip("0123456789")) for start in starts]
    # A run of digits is sorted by its length first, so longer ones come later.
    longer = chr(ord("0") + MAX_TEXT + 1)
    ends = [
        natural_key(head) + (_HIGHEST if head == start else longer)
        for start, head in heads
    ]
    around: list[Clause] = [
        Host.hostname_sort >= min(natural_key(start) for start, _ in heads),
        Host.hostname_sort < max(ends),
    ]
    if session.get_bind().dialect.name == "sqlite":
        # Else SQLite might begin a search with the wider of two ranges.
        almost = sa.literal_column("0.9999", sa.Float)
        around = [sa.func.likelihood(clause, almost) for clause in around]
    return around


def _alias(session: orm.Session, _field: Field, term: Term) -> list[Part]:
    hosts = sa.select(HostAlias.host_id)
    if term.op == tree.EMPTY:
        return [Part(Host.id.not_in(hosts))]
    return [Part(Host.id.in_(hosts.where(_alias_named(session, term))))]


def _match_key(key: Column, term: Term) -> Clause:
    """Match names by their folded key; the beginning of a name is an index range."""
    if term.op == tree.EQUALS:
        exact = {name_key(value) for value in term.values if not is_pattern(value)}
        patterns = [fold(value) for value in term.values if is_pattern(value)]
        clauses = [_match_pattern(key, text) for text in patterns]
        return sa.or_(*([_one_of(key, exact)] if exact else []), *clauses)
    needles = [fold(value) for value in term.values]
    if term.op == tree.STARTS:
        return sa.or_(*(_prefix(key, needle) for needle in needles))
    match = _like_of(key, term.op)
    return sa.or_(*(match(needle, autoescape=True) for needle in needles))


def _like_of(column: Column, op: str) -> Callable[..., Clause]:
    if op == tree.CONTAINS:
        return column.contains
    return column.startswith if op == tree.STARTS else column.endswith


def _one_of(column: Column, values: Iterable[Any]) -> Clause:
    wanted = list(values)
    return column == wanted[0] if len(wanted) == 1 else column.in_(wanted)


def _prefix(key: Column, start: str) -> Clause:
    return sa.and_(key >= start, key < start + _HIGHEST)


def is_pattern(value: str) -> bool:
    return not isinstance(value, Quoted) and ("*" in value or "?" in value)


def _match_pattern(key: Column, pattern: str) -> Clause:
    """Match ``*`` and ``?``, and nothing else, as wildcards."""
    head = pattern.rstrip("*")
    if pattern != head and "*" not in head and "?" not in head:
        return _prefix(key, head)
    return key.like(_like(pattern), escape=_ESCAPE)


def _like(pattern: str) -> str:
    for char in (_ESCAPE, "%", "_"):
        pattern = pattern.replace(char, _ESCAPE + char)
    return pattern.replace("*", "%").replace("?", "_")


def _text(session: orm.Session, field: Field, term: Term) -> list[Part]:
    """Match a short text by way of the vocabulary, whose keys are folded."""
    column = _own_column(field)
    if term.op == tree.EMPTY:
        return [Part(column.is_(None))]
    if term.op != tree.EQUALS:
        return [Part(_in_vocabulary(field, column, term), column)]
    exact = [value for value in term.values if not is_pattern(value)]
    patterns = tuple(value for value in term.values if is_pattern(value))
    known = spellings_of(session, field, exact)
    # A value that is in no vocabulary is kept: it finds nothing, by the index.
    wanted = {known.get(fold(value), str(value)) for value in exact}
    clauses = [_one_of(column, wanted)] if wanted else []
    if patterns:
        term = Term(term.field, term.op, patterns)
        clauses.append(_in_vocabulary(field, column, term))
    return [Part(sa.or_(*clauses), column)]


def _in_vocabulary(field: Field, column: Column, term: Term) -> Clause:
    spellings = sa.select(VocabularyEntry.spelling).where(
        VocabularyEntry.field == field.attribute,
        _match_key(VocabularyEntry.folded, term),
    )
    return column.in_(spellings)


def spellings_of(
    session: orm.Session, field: Field, values: Iterable[str]
) -> dict[str, str]:
    """Return how the values are spelt, by their folded form."""
    folded = {fold(value) for value in values}
    found = session.execute(
        sa.select(VocabularyEntry.folded, VocabularyEntry.spelling).where(
            VocabularyEntry.field == field.attribute, VocabularyEntry.folded.in_(folded)
        )
    )
    return {row.folded: row.spelling for row in found}


def _status(_session: orm.Session, _field: Field, term: Term) -> list[Part]:
    wanted = {parse_status(value) for value in term.values}
    return [Part(_one_of(Host.status, sorted(wanted, key=lambda one: one.value)))]


def _ordered(_session: orm.Session, field: Field, term: Term) -> list[Part]:
    """Compare a port or a time."""
    column = _own_column(field)
    nullable = column if field.nullable else None
    if term.op == tree.EMPTY:
        return [Part(column.is_(None))]
    return [Part(_compare(column, field, term), nullable)]


def _compare(column: Column, field: Field, term: Term) -> Clause:
    ranges = [parse_range(field, value) for value in term.values]
    points = [one.low for one in ranges if one.low == one.high]
    if term.op == tree.EQUALS and len(points) == len(ranges):
        return _one_of(column, points)
    return sa.or_(*(_RELATIONS[term.op](column, one) for one in ranges))


def _within(column: Column, one: Range) -> Clause:
    if one.open_end:
        return sa.and_(column >= one.low, column < one.high)
    return column.between(one.low, one.high)


def _above(column: Column, one: Range) -> Clause:
    clause: Clause = column >= one.high if one.open_end else column > one.high
    return clause


def _up_to(column: Column, one: Range) -> Clause:
    clause: Clause = column < one.high if one.open_end else column <= one.high
    return clause


_RELATIONS: dict[str, Callable[[Column, Range], ColumnElement[bool]]] = {
    tree.EQUALS: _within,
    tree.LESS: lambda column, one: column < one.low,
    tree.AT_LEAST: lambda column, one: column >= one.low,
    tree.GREATER: _above,
    tree.AT_MOST: _up_to,
}


def _address(session: orm.Session, field: Field, term: Term) -> list[Part]:
    """Match the address of a host or one of its further addresses."""
    if term.op == tree.EMPTY:
        no_other = _has_none(session, HostAddress.host_id)
        return [Part(sa.and_(Host.ip_key.is_(None), no_other))]
    if term.op in (tree.CONTAINS, tree.STARTS, tree.ENDS):
        own = _match_address(Host.ip_addr, term)
        other = _match_address(HostAddress.ip_addr, term)
        nullable: Column = Host.ip_addr
    else:
        own = _compare(Host.ip_key, field, term)
        other = _compare(HostAddress.ip_key, field, term)
        nullable = Host.ip_key
    others = sa.select(HostAddress.host_id).where(other)
    return [Part(own, nullable), *by_ids(session, others)]


def _match_address(column: Column, term: Term) -> Clause:
    needles = [str(value).casefold() for value in term.values]
    match = _like_of(column, term.op)
    return sa.or_(*(match(needle, autoescape=True) for needle in needles))


def _group(session: orm.Session, _field: Field, term: Term) -> list[Part]:
    none = _has_none(session, group_members.c.host_id)
    if term.op == tree.EMPTY:
        return [Part(none)]
    names = set(map(str, term.values))
    parts = [Part(none)] if membership.UNGROUPED in names else []
    if membership.ALL in names:
        parts.append(Part(sa.true()))
    names -= {membership.ALL, membership.UNGROUPED}
    if names:
        ids = sorted(membership.group_ids(session, names))
        in_groups = group_members.c.group_id.in_(ids)
        parts.append(Part(_members(session, in_groups)))
    return parts


def groups_alone(
    session: orm.Session, node: Node
) -> tuple[Clause, sa.Select[int]] | None:
    """Return what a query means that asks for groups and nothing else.

    First the condition, for a walk that ends with the page: even among many hosts,
    probes find enough members before a list of them is made. Then the ids, which can
    be counted without a look at any host.
    """
    if not isinstance(node, Term) or node.op != tree.EQUALS:
        return None
    names = set(map(str, node.values))
    is_group = find_field(node.field).kind is Kind.GROUP
    if not is_group or names & {membership.ALL, membership.UNGROUPED}:
        return None
    check_term(node, find_field(node.field))
    ids = sorted(membership.group_ids(session, names))
    in_groups = group_members.c.group_id.in_(ids)
    members = sa.select(group_members.c.host_id).where(in_groups)
    where: Clause = Host.id.in_(members)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if is_sqlite and capped_count(session, members).capped:
        # By the sum, SQLite looks the host up once, not once in each of the groups.
        group = (
            group_members.c.group_id if len(ids) == 1 else group_members.c.group_id + 0
        )
        where = sa.exists().where(group_members.c.host_id == Host.id, group.in_(ids))
    return where, members.distinct()


def _members(session: orm.Session, in_groups: Clause) -> Clause:
    """Return the condition that a host is a member, in the form that is cheap here."""
    hosts = sa.select(group_members.c.host_id).where(in_groups)
    if _is_big(session, hosts):
        return sa.exists().where(group_members.c.host_id == Host.id, in_groups)
    return Host.id.in_(hosts)


def _is_big(session: orm.Session, hosts: sa.Select[Any]) -> bool:
    """Whether SQLite should probe host by host; the others find out by themselves.

    To collect M members costs as much as to probe M hosts; of all N, about cap · N / M
    are probed until a count reaches its cap.
    """
    if session.get_bind().dialect.name != "sqlite":
        return False
    highest = session.scalar(sa.select(sa.func.max(Host.id))) or 0
    limit = math.isqrt(CAP * highest)
    return capped_count(session, hosts, limit).capped


def _has_none(session: orm.Session, host_id: Column | sa.Column[int]) -> Clause:
    """Return the condition that a host has no row in another table."""
    if session.get_bind().dialect.name not in ("mysql", "mariadb"):
        return ~sa.exists().where(host_id == Host.id)
    # MariaDB would turn NOT EXISTS into a list of all hosts that have one.
    one = sa.select(host_id).where(host_id == Host.id).limit(1)
    return one.correlate(Host).scalar_subquery().is_(None)


def _notes(_session: orm.Session, _field: Field, term: Term) -> list[Part]:
    if term.op == tree.EMPTY:
        return [Part(Host.notes.is_(None))]
    found = sa.or_(
        *(Host.notes.icontains(str(value), autoescape=True) for value in term.values)
    )
    return [Part(found, Host.notes)]


def _check(session: orm.Session, _field: Field, term: Term) -> list[Part]:
    wanted = sorted({parse_check(value) for value in term.values})
    return [part for name in wanted for part in CHECKS[name](session)]


def _set(session: orm.Session, _field: Field, term: Term) -> list[Part]:
    return [in_sets(session, term.values)]


def _variable(session: orm.Session, field: Field, term: Term) -> list[Part]:
    """Match a variable of the host itself; case counts only where it must be equal."""
    variable = Variable(session.get_bind().dialect.name, Host.vars, field.path)
    if term.op == tree.EMPTY:
        return [Part(variable.text == "")]
    return [Part(_match_variable(variable, term.op, value)) for value in term.values]


def _match_variable(variable: Variable, op: str, value: str) -> Clause:
    text, plain = variable.text, str(value)
    if op == tree.CONTAINS:
        return text.icontains(plain, autoescape=True)
    if op == tree.STARTS:
        return text.istartswith(plain, autoescape=True)
    if op == tree.ENDS:
        return text.iendswith(plain, autoescape=True)
    if is_pattern(value):
        return text.ilike(_like(plain), escape=_ESCAPE)
    same = text == plain
    return sa.and_(same, variable.is_text()) if isinstance(value, Quoted) else same


_COMPILERS: dict[Kind, Callable[[orm.Session, Field, Term], list[Part]]] = {
    Kind.NAME: _name,
    Kind.ALIAS: _alias,
    Kind.ADDRESS: _address,
    Kind.PORT: _ordered,
    Kind.STATUS: _status,
    Kind.TEXT: _text,
    Kind.GROUP: _group,
    Kind.NOTES: _notes,
    Kind.TIME: _ordered,
    Kind.VARIABLE: _variable,
    Kind.CHECK: _check,
    Kind.SET: _set,
}
