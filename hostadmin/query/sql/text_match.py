"""How a text matches a column: whole, by a part, or by a pattern with * and ?."""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from ...validation.values import fold, fold_name, name_key
from .. import ast
from ..ast import Quoted, Term
from ..clauses import Clause, Column

# Beyond the last character that a name can hold.
HIGHEST = "\U0010ffff"
ESCAPE = "/"


def match_name(key: Column, term: Term) -> Clause:
    """Match names by their folded key; the beginning of a name is an index range."""
    return match_key(key, term, fold_name)


def match_key(key: Column, term: Term, fold: Callable[[str], str] = fold) -> Clause:
    """Match short texts by their folded form, in the same way."""
    if term.op == ast.EQUALS:
        exact = [name_key(value) for value in term.values if not is_pattern(value)]
        patterns = [fold(value) for value in term.values if is_pattern(value)]
        clauses = [_match_pattern(key, text) for text in patterns]
        return sa.or_(*([one_of(key, exact)] if exact else []), *clauses)
    needles = [fold(value) for value in term.values]
    if term.op == ast.STARTS:
        return sa.or_(*(_prefix(key, needle) for needle in needles))
    match = like_of(key, term.op)
    return sa.or_(*(match(needle, autoescape=True) for needle in needles))


def like_of(column: Column, op: str) -> Callable[..., Clause]:
    """Return the method of the column that looks for a part, as the operator says."""
    if op == ast.CONTAINS:
        return column.contains
    return column.startswith if op == ast.STARTS else column.endswith


def one_of(column: Column, values: Iterable[Any]) -> Clause:
    """Return the condition that the column is equal to one of these, in their order."""
    wanted = list(dict.fromkeys(values))
    return column == wanted[0] if len(wanted) == 1 else column.in_(wanted)


def _prefix(key: Column, start: str) -> Clause:
    return sa.and_(key >= start, key < start + HIGHEST)


def is_pattern(value: str) -> bool:
    """Whether a value has wildcards that count: in quotation marks none does."""
    return not isinstance(value, Quoted) and ("*" in value or "?" in value)


def _match_pattern(key: Column, pattern: str) -> Clause:
    """Match ``*`` and ``?``, and nothing else, as wildcards."""
    head = pattern.rstrip("*")
    if pattern != head and "*" not in head and "?" not in head:
        return _prefix(key, head)
    return key.like(like_pattern(pattern), escape=ESCAPE)


def like_pattern(pattern: str) -> str:
    """Return the pattern as LIKE wants it, with ``ESCAPE``."""
    for char in (ESCAPE, "%", "_"):
        pattern = pattern.replace(char, ESCAPE + char)
    return pattern.replace("*", "%").replace("?", "_")
