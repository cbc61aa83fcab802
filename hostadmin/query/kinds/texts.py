"""Texts: short ones with one spelling each, long ones, and variables."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...db.engines import engine_of
from ...db.time_limit import TooSlow, time_limit
from ...limits import limits
from ...models import Host, VocabularyEntry
from ...validation.json_values import variable_at
from ...validation.values import fold, sort_key
from .. import ast
from ..ast import Quoted, Term
from ..clauses import Alternative, Clause, Column
from ..mac_addresses import spellings
from ..sql.json_path import Variable as JsonPath
from ..sql.text_match import ESCAPE, is_pattern, like_pattern, match_key, one_of
from .base import Field, Found, Kind, Parts, Spell, listed

# Names and values of variables have no index: some of the newest hosts tell them.
SAMPLE = 300
# No value that is longer helps anybody who types.
MAX_SHOWN = 100
# Values of the vocabulary that are offered as such of no host.
MOST_KNOWN = 1_000
# What a variable may hold besides texts, as it would be written.
_NO_TEXT = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?|true|false", re.IGNORECASE)


class Text(Kind):
    """A short text, found by way of the vocabulary, whose keys are folded."""

    name = "text"
    has_patterns = True
    has_vocabulary = True

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        column = field.own_column
        if term.op == ast.EMPTY:
            return [Alternative(column.is_(None))]
        if term.op != ast.EQUALS:
            return [Alternative(_in_vocabulary(field, column, term), column)]
        exact = [value for value in term.values if not is_pattern(value)]
        patterns = tuple(value for value in term.values if is_pattern(value))
        known = spellings_of(session, field, exact)
        # A value that is in no vocabulary is kept: it finds nothing, by the index.
        wanted = [known.get(fold(value), str(value)) for value in exact]
        clauses = [one_of(column, wanted)] if wanted else []
        if patterns:
            term = Term(term.field, term.op, patterns)
            clauses.append(_in_vocabulary(field, column, term))
        return [Alternative(sa.or_(*clauses), column)]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        begins = VocabularyEntry.folded.startswith(fold(begun), autoescape=True)
        known = vocabulary_of(field).where(begins).limit(limit)
        spellings = session.scalars(known).all()
        if not spellings:
            return []
        column = field.own_column
        counted = sa.select(column, sa.func.count()).where(column.in_(spellings))
        try:
            with time_limit(session, limits.completion_seconds):
                rows = session.execute(counted.group_by(column)).all()
        except TooSlow:
            return [(spelling, None) for spelling in spellings]
        # A spelling may outlive the last host that had it.
        found: Found = [(str(value), int(number)) for value, number in rows]
        return sorted(found, key=lambda pair: (-(pair[1] or 0), sort_key(pair[0])))

    def members(self, session: Session, field: Field) -> Sequence[Any]:
        return session.scalars(vocabulary_of(field).limit(MOST_KNOWN)).all()

    def holding(
        self, field: Field, values: Sequence[str], spell: Spell, no: str
    ) -> str:
        shown = listed([_spelt(field, value, spell) for value in values], quote=False)
        if no and field.not_phrase:
            return f"{field.not_phrase} {shown}"
        return f"{no}{field.phrase} {shown}"


def _spelt(field: Field, value: str, spell: Spell) -> str:
    text = spell(field, value)
    if field.name == "os" and is_pattern(text):
        # "Hosts that run Debian": of a system, the beginning is its name.
        head = text.rstrip("* ")
        text = text if is_pattern(head) else head
    return Quoted(text) if isinstance(value, Quoted) else text


def vocabulary_of(field: Field) -> sa.Select[str]:
    """Return the spellings of all values that hosts have or had, in order."""
    return (
        sa.select(VocabularyEntry.spelling)
        .where(VocabularyEntry.field == field.attribute)
        .order_by(VocabularyEntry.folded)
    )


def _in_vocabulary(field: Field, column: Column, term: Term) -> Clause:
    spellings = sa.select(VocabularyEntry.spelling).where(
        VocabularyEntry.field == field.attribute,
        match_key(VocabularyEntry.folded, term),
    )
    return column.in_(spellings)


def spellings_of(
    session: Session, field: Field, values: Iterable[str]
) -> dict[str, str]:
    """Return how the values are spelt, by their folded form."""
    folded = {fold(value) for value in values}
    found = session.execute(
        sa.select(VocabularyEntry.folded, VocabularyEntry.spelling).where(
            VocabularyEntry.field == field.attribute, VocabularyEntry.folded.in_(folded)
        )
    )
    return {row.folded: row.spelling for row in found}


class Notes(Kind):
    """A long text, in which parts are searched."""

    name = "notes"
    operators = (ast.CONTAINS,)
    operations = ("contains", "not_contains")
    has_lines = True

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        column = field.own_column
        if term.op == ast.EMPTY:
            return [Alternative(column.is_(None))]
        texts = map(str, term.values)
        found = sa.or_(*(column.icontains(text, autoescape=True) for text in texts))
        return [Alternative(found, column)]


class Variable(Kind):
    """A variable of the host itself; case counts only where it must be equal."""

    name = "variable"
    has_patterns = True
    has_lines = True

    def literal_text(self, op: str, value: str) -> str:
        """Return what a value in quotation marks means: of variables, only texts."""
        if op == ast.EQUALS and _NO_TEXT.fullmatch(value):
            return Quoted(value)
        return self.literal(op, value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        variable = JsonPath(engine_of(session), Host.vars, field.path)
        if term.op == ast.EMPTY:
            return [Alternative(variable.text == "")]
        return [
            Alternative(_match_variable(variable, term.op, value))
            for value in term.values
        ]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        found: dict[str, None] = {}
        for variables in newest_variables(session):
            [value] = variable_at(variables, field.path) or [None]
            text = value if isinstance(value, str) else json.dumps(value)
            if value is not None and fold(text).startswith(fold(begun)):
                found[text] = None
        shown = [text for text in found if 0 < len(text) <= MAX_SHOWN]
        return [(text, None) for text in shown[:limit]]

    def subject(self, field: Field) -> str:
        return f"variable {field.label}"


def _match_variable(variable: JsonPath, op: str, value: str) -> Clause:
    text, plain = variable.text, str(value)
    if op == ast.CONTAINS:
        return text.icontains(plain, autoescape=True)
    if op == ast.STARTS:
        return text.istartswith(plain, autoescape=True)
    if op == ast.ENDS:
        return text.iendswith(plain, autoescape=True)
    if is_pattern(value):
        return text.ilike(like_pattern(plain), escape=ESCAPE)
    macs = spellings(plain)
    same = sa.func.lower(text).in_(macs) if macs else text == plain
    return sa.and_(same, variable.is_text()) if isinstance(value, Quoted) else same


def newest_variables(session: Session) -> Sequence[dict[str, Any]]:
    newest = sa.select(Host.vars).order_by(Host.id.desc()).limit(SAMPLE)
    return session.scalars(newest).all()
