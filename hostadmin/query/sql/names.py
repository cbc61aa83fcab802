"""What is asked of the name of a host, or of an alias, as a condition on a host."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from ...db.engines import engine_of
from ...models import Host, HostAlias
from ...validation.values import MAX_TEXT, fold_name, natural_key
from .. import ast
from ..ast import Term
from ..clauses import Clause
from .text_match import HIGHEST, is_pattern, match_name
from .trigrams import near


def named_in_order(session: orm.Session, term: Term) -> Clause:
    """Return the same as ``host_named``, for a walk along the order of names."""
    holds = host_named(session, term)
    starts = [_start_of(term.op, value) for value in term.values]
    if all(starts):
        holds = sa.and_(holds, *_sorted_near(session, starts))
    return holds


def host_named(session: orm.Session, term: Term) -> Clause:
    """Return the condition on a host that its name is what the term says."""
    return _with_index(match_name(Host.hostname_key, term), near(session, Host, term))


def alias_named(session: orm.Session, term: Term) -> Clause:
    """Return the condition on an alias that it is what the term says."""
    found = near(session, HostAlias, term)
    return _with_index(match_name(HostAlias.name_key, term), found)


def _with_index(holds: Clause, found: Clause | None) -> Clause:
    return holds if found is None else sa.and_(found, holds)


def _start_of(op: str, value: str) -> str:
    """Return how a name must begin, if that is all that is asked of it."""
    if op == ast.STARTS:
        return fold_name(value)
    head = value.rstrip("*")
    plain = op == ast.EQUALS and is_pattern(value) and not is_pattern(head)
    return fold_name(head) if plain and head != value else ""


def _sorted_near(session: orm.Session, starts: Iterable[str]) -> list[Clause]:
    """Return a range of the natural order that has all names which start so.

    It says nothing new, but about the column by which lists are sorted.
    """
    heads = [(start, start.rstrip("0123456789")) for start in starts]
    # A run of digits is sorted by its length first, so longer ones come later.
    longer = chr(ord("0") + MAX_TEXT + 1)
    ends = [
        natural_key(head) + (HIGHEST if head == start else longer)
        for start, head in heads
    ]
    around: list[Clause] = [
        Host.hostname_sort >= min(natural_key(start) for start, _ in heads),
        Host.hostname_sort < max(ends),
    ]
    return [engine_of(session).likely(clause) for clause in around]
