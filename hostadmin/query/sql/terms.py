"""What each kind of term means as a condition on a host."""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ...db.engines import engine_of
from ...models import Host, HostAddress, HostAlias, VocabularyEntry
from ...validation.values import fold
from .. import ast
from ..ast import Quoted, Term, Word
from ..checks import found_by
from ..clauses import Alternative, Clause, Column, by_ids, has_none
from ..fields import Field, Kind, find_field
from ..host_sets import in_sets
from ..parse_values import (
    Range,
    check_term,
    check_text,
    parse_check,
    parse_range,
    parse_status,
    word_range,
)
from .groups import group_parts
from .json_path import Variable
from .names import alias_named, alias_parts, host_named, name_parts, named_in_order
from .text_match import ESCAPE, is_pattern, like_of, like_pattern, match_key, one_of


def parts_of(session: orm.Session, term: Term | Word) -> list[Alternative]:
    """Return the ways in which a term can hold: any of them is enough."""
    if isinstance(term, Word):
        return _word(session, term.value)
    field = find_field(term.field)
    check_term(term, field)
    return _COMPILERS[field.kind](session, field, term)


def _word(session: orm.Session, value: str) -> list[Alternative]:
    """Match a name, an alias, or addresses: one, a network, or how they begin."""
    check_text(value)
    op = ast.EQUALS if is_pattern(value) else ast.CONTAINS
    term = Term("hostname", op, (value,))
    aliases = sa.select(HostAlias.host_id).where(alias_named(session, term))
    others = by_ids(session, aliases)
    addresses = word_range(value)
    if addresses is not None:
        others.append(Alternative(_within(Host.ip_key, addresses), Host.ip_key))
        inside = _within(HostAddress.ip_key, addresses)
        others += by_ids(session, sa.select(HostAddress.host_id).where(inside))
    # Beside something else, the order of names would keep SQLite from two indexes.
    name = host_named(session, term) if others else named_in_order(session, term)
    return [Alternative(name), *others]


def _own_column(field: Field) -> Column:
    if field.column is None:
        raise LookupError(field.name)
    column: Column = field.column
    return column


def _text(session: orm.Session, field: Field, term: Term) -> list[Alternative]:
    """Match a short text by way of the vocabulary, whose keys are folded."""
    column = _own_column(field)
    if term.op == ast.EMPTY:
        return [Alternative(column.is_(None))]
    if term.op != ast.EQUALS:
        return [Alternative(_in_vocabulary(field, column, term), column)]
    exact = [value for value in term.values if not is_pattern(value)]
    patterns = tuple(value for value in term.values if is_pattern(value))
    known = spellings_of(session, field, exact)
    # A value that is in no vocabulary is kept: it finds nothing, by the index.
    wanted = {known.get(fold(value), str(value)) for value in exact}
    clauses = [one_of(column, wanted)] if wanted else []
    if patterns:
        term = Term(term.field, term.op, patterns)
        clauses.append(_in_vocabulary(field, column, term))
    return [Alternative(sa.or_(*clauses), column)]


def _in_vocabulary(field: Field, column: Column, term: Term) -> Clause:
    spellings = sa.select(VocabularyEntry.spelling).where(
        VocabularyEntry.field == field.attribute,
        match_key(VocabularyEntry.folded, term),
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


def _status(_session: orm.Session, _field: Field, term: Term) -> list[Alternative]:
    wanted = {parse_status(value) for value in term.values}
    return [Alternative(one_of(Host.status, sorted(wanted, key=lambda one: one.value)))]


def _ordered(_session: orm.Session, field: Field, term: Term) -> list[Alternative]:
    """Compare a port or a time."""
    column = _own_column(field)
    nullable = column if field.nullable else None
    if term.op == ast.EMPTY:
        return [Alternative(column.is_(None))]
    return [Alternative(_compare(column, field, term), nullable)]


def _compare(column: Column, field: Field, term: Term) -> Clause:
    ranges = [parse_range(field, value) for value in term.values]
    points = [one.low for one in ranges if one.low == one.high]
    if term.op == ast.EQUALS and len(points) == len(ranges):
        return one_of(column, points)
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
    ast.EQUALS: _within,
    ast.LESS: lambda column, one: column < one.low,
    ast.AT_LEAST: lambda column, one: column >= one.low,
    ast.GREATER: _above,
    ast.AT_MOST: _up_to,
}


def _address(session: orm.Session, field: Field, term: Term) -> list[Alternative]:
    """Match the address of a host or one of its further addresses."""
    if term.op == ast.EMPTY:
        no_other = has_none(session, HostAddress.host_id)
        return [Alternative(sa.and_(Host.ip_key.is_(None), no_other))]
    if term.op in (ast.CONTAINS, ast.STARTS, ast.ENDS):
        own = _match_address(Host.ip_addr, term)
        other = _match_address(HostAddress.ip_addr, term)
        nullable: Column = Host.ip_addr
    else:
        own = _compare(Host.ip_key, field, term)
        other = _compare(HostAddress.ip_key, field, term)
        nullable = Host.ip_key
    others = sa.select(HostAddress.host_id).where(other)
    return [Alternative(own, nullable), *by_ids(session, others)]


def _match_address(column: Column, term: Term) -> Clause:
    needles = [str(value).casefold() for value in term.values]
    match = like_of(column, term.op)
    return sa.or_(*(match(needle, autoescape=True) for needle in needles))


def _notes(_session: orm.Session, _field: Field, term: Term) -> list[Alternative]:
    if term.op == ast.EMPTY:
        return [Alternative(Host.notes.is_(None))]
    found = sa.or_(
        *(Host.notes.icontains(str(value), autoescape=True) for value in term.values)
    )
    return [Alternative(found, Host.notes)]


def _check(session: orm.Session, _field: Field, term: Term) -> list[Alternative]:
    wanted = sorted({parse_check(value) for value in term.values})
    return [part for name in wanted for part in found_by(session, name)]


def _set(session: orm.Session, _field: Field, term: Term) -> list[Alternative]:
    return [in_sets(session, term.values)]


def _variable(session: orm.Session, field: Field, term: Term) -> list[Alternative]:
    """Match a variable of the host itself; case counts only where it must be equal."""
    variable = Variable(engine_of(session), Host.vars, field.path)
    if term.op == ast.EMPTY:
        return [Alternative(variable.text == "")]
    return [
        Alternative(_match_variable(variable, term.op, value)) for value in term.values
    ]


def _match_variable(variable: Variable, op: str, value: str) -> Clause:
    text, plain = variable.text, str(value)
    if op == ast.CONTAINS:
        return text.icontains(plain, autoescape=True)
    if op == ast.STARTS:
        return text.istartswith(plain, autoescape=True)
    if op == ast.ENDS:
        return text.iendswith(plain, autoescape=True)
    if is_pattern(value):
        return text.ilike(like_pattern(plain), escape=ESCAPE)
    same = text == plain
    return sa.and_(same, variable.is_text()) if isinstance(value, Quoted) else same


_COMPILERS: dict[Kind, Callable[[orm.Session, Field, Term], list[Alternative]]] = {
    Kind.NAME: name_parts,
    Kind.ALIAS: alias_parts,
    Kind.ADDRESS: _address,
    Kind.PORT: _ordered,
    Kind.STATUS: _status,
    Kind.TEXT: _text,
    Kind.GROUP: group_parts,
    Kind.NOTES: _notes,
    Kind.TIME: _ordered,
    Kind.VARIABLE: _variable,
    Kind.CHECK: _check,
    Kind.SET: _set,
}
