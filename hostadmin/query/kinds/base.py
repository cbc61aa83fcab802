"""What all kinds of value have in common, and a field, which is of one kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...errors import QueryError
from ...validation.values import quoted
from .. import ast
from ..ast import Quoted, Term
from ..clauses import Alternative, Clause, Column
from ..lexer import bare_value
from ..parse_values import MAX_VALUES, check_text

TEXT_OPERATORS = (ast.EQUALS, ast.CONTAINS, ast.STARTS, ast.ENDS)
COMPARISONS = (ast.LESS, ast.AT_MOST, ast.GREATER, ast.AT_LEAST)
# What filters in the style of Flask-Admin may do, in the order of a menu.
MATCH = ("equals", "not_equal")
PART = ("contains", "not_contains", "starts_with")
LIST = ("in_list", "not_in_list")
RANGE = ("greater_than", "smaller_than", "between")
# Of a longer list, a sentence tells only the first values.
MOST = 8

# Values to complete a query with, and how many hosts have each, where that is known.
Found = list[tuple[str, int | None]]
# The ways in which a term can hold.
Parts = list[Alternative]
# Returns a value as the inventory spells it.
Spell = Callable[["Field", str], str]


class Kind:
    """How the values of a field are written, compared, found and shown.

    ``operators`` are those of a query, ``operations`` those of filters, both apart
    from "empty". ``expected`` says what is after an operator; ``offered`` are all
    values worth to be offered, with what each means. Pages ask the rest: whether
    values are patterns where they hold * or ?, may have several lines, have one
    spelling in the vocabulary, are distinguished by case, are counted by period, make a
    facet, are before the word "hosts"; and why the field cannot be counted by, or
    set of many.
    """

    name: ClassVar[str]
    operators: ClassVar[tuple[str, ...]] = TEXT_OPERATORS
    operations: ClassVar[tuple[str, ...]] = (*MATCH, *PART, *LIST)
    expected: ClassVar[tuple[str, ...]] = ("a value",)
    offered: ClassVar[Mapping[str, str]] = {}
    has_patterns: ClassVar[bool] = False
    has_lines: ClassVar[bool] = False
    has_vocabulary: ClassVar[bool] = False
    has_case: ClassVar[bool] = False
    has_periods: ClassVar[bool] = False
    has_facet: ClassVar[bool] = True
    is_adjective: ClassVar[bool] = False
    why_not_counted: ClassVar[tuple[str, ...]] = ()
    why_not_set: ClassVar[str] = ""

    # -- reading

    def check(self, value: str) -> None:
        """Refuse a value that no host could ever have."""

    def literal(self, op: str, value: str) -> str:
        """Return the value such that the stars in it are stars, not a pattern.

        Only what has some becomes ``Quoted``, so that equal terms are equal.
        """
        is_pattern = self.has_patterns and op == ast.EQUALS
        return Quoted(value) if is_pattern and re.search(r"[*?]", value) else str(value)

    def literal_text(self, op: str, value: str) -> str:
        """Return what a value in quotation marks means."""
        return self.literal(op, value)

    def instant(self, value: str) -> datetime | None:
        """Return the time that a value means now, if it means another one later."""
        return None

    # -- SQL

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        """Return the ways in which the term can hold: any of them is enough."""
        raise NotImplementedError

    def alone(
        self, session: Session, term: Term
    ) -> tuple[Clause, sa.Select[int]] | None:
        """Return a condition and ids that are cheap where nothing else is asked."""
        return None

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        """Return values in use that begin so."""
        return []

    def members(self, session: Session, field: Field) -> Sequence[Any]:
        """Return values, as SQL gives them, that a host could have."""
        return ()

    # -- words

    def clause(self, field: Field, term: Term, *, negative: bool) -> str:
        """Return the condition as it follows "hosts where": ``port is above 1024``."""
        name = self.subject(field)
        if term.op == ast.EMPTY:
            return f"{name} is {'' if negative else 'not '}set"
        if term.op in _VERBS:
            verb = _VERBS[term.op][negative]
            return f"{name} {verb} {listed(term.values, negative)}"
        if term.op == ast.EQUALS:
            return self.equality(name, term.values, negative=negative)
        return self.comparison(name, term, "not " if negative else "")

    def subject(self, field: Field) -> str:
        return field.label if field.label.isupper() else field.label.lower()

    def equality(self, name: str, values: Sequence[str], *, negative: bool) -> str:
        if any(not isinstance(v, Quoted) and re.search(r"[*?]", v) for v in values):
            verb = "does not match" if negative else "matches"
            return f"{name} {verb} {listed(values)}"
        neither = negative and len(values) > 1
        verb = "is neither" if neither else "is not" if negative else "is"
        return f"{name} {verb} {listed(values, neither)}"

    def comparison(self, name: str, term: Term, no: str) -> str:
        return f"{name} is {no}{_NUMBERS[term.op]} {listed(term.values)}"

    def phrase(self, field: Field, term: Term, spell: Spell, *, negative: bool) -> str:
        """Return the condition as it follows "Hosts": ``in prod``, if it can."""
        if term.op == ast.EMPTY:
            return field.noun and f"{'with' if negative else 'without'} {field.noun}"
        if term.op != ast.EQUALS:
            return ""
        return self.holding(field, term.values, spell, "not " if negative else "")

    def holding(
        self, field: Field, values: Sequence[str], spell: Spell, no: str
    ) -> str:
        return field.phrase and f"{no}{field.phrase} {listed(values)}"


class Exact(Kind):
    """Values that are equal or not, and nothing else."""

    operators = (ast.EQUALS,)
    operations = (*MATCH, *LIST)


@dataclass(frozen=True)
class Field:
    """What a query may ask about a host.

    ``column`` is the model's column where there is one; ``sort_column`` orders and
    pages a list; ``path`` is the way down to a variable. Of words, see ``HostField``.
    """

    name: str
    label: str
    kind: Kind
    description: str
    aliases: tuple[str, ...] = ()
    column: Column | None = None
    sort_column: Column | None = None
    nullable: bool = True
    groupable: bool = False
    path: tuple[str, ...] = ()
    phrase: str = ""
    not_phrase: str = ""
    noun: str = ""
    rank: int = 9

    @property
    def sortable(self) -> bool:
        return self.sort_column is not None

    @property
    def operations(self) -> tuple[str, ...]:
        """The filter operations that make sense here, in the order of a menu."""
        known = self.kind.operations
        return (*known, "empty") if self.nullable else known

    @property
    def attribute(self) -> str | None:
        """The name of the column on the model, such as environment for env."""
        return self.column.key if self.column is not None else None

    @property
    def own_column(self) -> Column:
        column: Column | None = self.column
        if column is None:
            raise LookupError(self.name)
        return column

    def check_term(self, term: Term) -> None:
        """Raise ``QueryError`` where the term makes no sense in any database."""
        self.check_operator(term.op)
        if len(term.values) > MAX_VALUES:
            raise QueryError(
                f"The list has {len(term.values):,} values; "
                f"at most {MAX_VALUES:,} are allowed."
            )
        for value in term.values:
            self.check_value(term.op, value)

    def check_operator(self, op: str) -> None:
        """Refuse an operator that the kind of value does not know."""
        if op == ast.EMPTY:
            if not self.nullable:
                raise QueryError(f"{quoted(self.name)} is always set.")
        elif op not in self.kind.operators:
            raise QueryError(
                f"“{op}” cannot be used with {quoted(self.name)}.",
                f"Use {', '.join(self.kind.operators)}.",
            )

    def check_value(self, op: str, value: str) -> None:
        """Refuse a value that no host could ever have in this field."""
        check_text(value, several_lines=self.kind.has_lines)
        if op in (ast.EQUALS, *COMPARISONS):
            self.kind.check(value)


_VERBS = {
    ast.CONTAINS: ("contains", "does not contain"),
    ast.STARTS: ("starts with", "does not start with"),
    ast.ENDS: ("ends with", "does not end with"),
}
_NUMBERS = {
    ast.LESS: "below",
    ast.AT_MOST: "at most",
    ast.GREATER: "above",
    ast.AT_LEAST: "at least",
}


def listed(values: Sequence[str], negative: bool = False, quote: bool = True) -> str:
    """Return "a, b or c"; of many values, the first and how many more."""
    shown = [str(v) if bare_value(v) or not quote else quoted(v) for v in values[:MOST]]
    if len(values) > MOST:
        shown[-1] = f"{len(values) - MOST + 1:,} more"
    shown = [text.replace("..", " to ") for text in shown]
    *most, last = shown
    joint = "nor" if negative else "or"
    return f"{', '.join(most)} {joint} {last}" if most else last


def read_texts(session: Session, texts: sa.Select[Any], limit: int) -> Found:
    """Return the first of the texts, each once, as values that nobody counted."""
    found = dict.fromkeys(session.scalars(texts.limit(limit)))
    return [(text, None) for text in found]
