"""A query in words: "Hosts in prod that run Debian or Ubuntu, not owned by x".

Common conditions have phrases of their own; whatever has none is told after "where",
so that nothing of the query is left out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import VocabularyEntry
from ..validation.values import fold
from . import ast
from .ast import Node, Not, Or, Quoted, Term, Word
from .fields import Field, Kind, find_field
from .sql.terms import spellings_of
from .sql.text_match import is_pattern
from .to_text import listed, term_sentence, to_sentence, top_level_terms

# Returns a value as the inventory spells it.
Spell = Callable[[Field, str], str]

_ORDER = ("env", "location", "group", "role", "owner", "hostname", "", "ip", "port")


@dataclass(frozen=True)
class Phrase:
    """A part of the sentence; ``rank`` says where it stands."""

    text: str
    rank: int


def describe(node: Node, spell: Spell | None = None) -> str:
    """Return what the query means in words; ``All hosts`` for none."""
    if node == ast.EVERYTHING:
        return "All hosts"
    spell = spell or (lambda _field, value: value)
    subject = "Hosts"
    has: list[Phrase] = []
    lacks: list[Phrase] = []
    where: list[str] = []
    for part in top_level_terms(node):
        inner = part.node if isinstance(part, Not) else part
        term = _as_one(inner)
        if term is None:
            where.append(to_sentence(part))
        elif isinstance(term, Term) and _is_status(part, term) and subject == "Hosts":
            subject = f"{listed(term.values).capitalize()} hosts"
        elif phrase := _phrase(term, spell, negative=isinstance(part, Not)):
            is_lack = isinstance(part, Not) and phrase.text.startswith("not ")
            (lacks if is_lack else has).append(phrase)
        else:
            where.append(to_sentence(part))
    has.sort(key=lambda phrase: phrase.rank)
    text = " ".join((subject, *(phrase.text for phrase in has)))
    joint = ", " if has else " "
    text += joint.join(("", *(phrase.text for phrase in lacks)))
    if where:
        # Only beside others does an "or" need to be told where it ends.
        shown = [f"({w})" if " or " in w and len(where) > 1 else w for w in where]
        text += f"{',' if lacks else ''} where {' and '.join(shown)}"
    return text


def describe_count(total: int, node: Node, spell: Spell | None = None) -> str:
    """Return how many hosts there are of the query: ``1,301 active hosts in prod``."""
    text = "Hosts" if node == ast.EVERYTHING else describe(node, spell)
    if total == 1:
        # The subject stands first, before any value.
        text = re.sub("hosts", "host", text, count=1, flags=re.IGNORECASE)
    return f"{total:,} {text[0].lower()}{text[1:]}"


def spelling(session: orm.Session) -> Spell:
    """Return how values are spelt; of the beginning of one, how that is spelt."""

    def spell(field: Field, value: str) -> str:
        if not is_pattern(value):
            return spellings_of(session, field, [value]).get(fold(value), value)
        head = fold(value.rstrip("*"))
        if is_pattern(head):
            return value
        known = session.scalar(
            sa.select(VocabularyEntry.spelling)
            .where(VocabularyEntry.field == field.attribute)
            .where(VocabularyEntry.folded.startswith(head, autoescape=True))
            .order_by(VocabularyEntry.folded)
            .limit(1)
        )
        # Folding may change the length, and then nothing says where the rest begins.
        if known is None or fold(known[: len(head)]) != head:
            return value
        return f"{known[: len(head)]}*"

    return spell


def _as_one(node: Node) -> Term | Word | None:
    """Return the condition, several on one field as one; None if there is none."""
    if isinstance(node, Term | Word):
        return node
    terms = node.nodes if isinstance(node, Or) else ()
    same = [t for t in terms if isinstance(t, Term) and t.op == ast.EQUALS]
    if not same or len(same) != len(terms) or len({t.field for t in same}) > 1:
        return None
    return Term(same[0].field, ast.EQUALS, tuple(v for t in same for v in t.values))


def _is_status(part: Node, term: Term) -> bool:
    is_plain = term.op == ast.EQUALS and not isinstance(part, Not)
    return is_plain and find_field(term.field).kind is Kind.STATUS


def _phrase(term: Term | Word, spell: Spell, *, negative: bool) -> Phrase | None:
    no = "not " if negative else ""
    if isinstance(term, Word):
        return Phrase(f"{no}matching {listed([term.value])}", _rank(""))
    field = find_field(term.field)
    if field.name == "confirmed" and term.op == ast.EMPTY:
        return Phrase("confirmed at some time" if negative else "never confirmed", 99)
    if field.kind is Kind.TIME and not negative:
        return Phrase(term_sentence(term, negative=False), 99)
    if term.op == ast.EMPTY:
        return _emptiness(field, negative=negative)
    if term.op != ast.EQUALS:
        return None
    if field.kind is Kind.TEXT:
        values = _spelt(field, term.values, spell)
        if field.name == "os":
            return Phrase(
                f"{'not running' if no else 'that run'} {values}", _rank("os")
            )
        return Phrase(f"{no}{field.phrase} {values}", _rank(field.name))
    return _other(field, term.values, no)


def _other(field: Field, values: Sequence[str], no: str) -> Phrase | None:
    shown = listed(values)
    match field.kind:
        case Kind.STATUS:
            return Phrase(f"{no}{shown}", _rank(""))
        case Kind.NAME | Kind.ALIAS | Kind.PORT:
            return Phrase(f"{no}{field.phrase} {shown}", _rank(field.name))
        case Kind.GROUP:
            noun = "group" if len(values) == 1 else "the groups"
            return Phrase(f"{no}in {noun} {shown}", _rank("group"))
        case Kind.SET:
            noun = "set" if len(values) == 1 else "the sets"
            return Phrase(f"{no}in {noun} {shown}", _rank("group"))
        case Kind.ADDRESS:
            is_one = not any(re.search(r"/|\*|\.\.", value) for value in values)
            verb = "with the address" if is_one else "within"
            return Phrase(f"{no}{verb} {shown}", _rank("ip"))
    return None


def _emptiness(field: Field, *, negative: bool) -> Phrase | None:
    if field.kind is Kind.GROUP:
        return Phrase("in some group" if negative else "in no group", _rank("group"))
    if not field.noun:
        return None
    verb = "with" if negative else "without"
    return Phrase(f"{verb} {field.noun}", _rank(field.name))


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _spelt(field: Field, values: Sequence[str], spell: Spell) -> str:
    shown = []
    for value in values:
        text = spell(field, value)
        if field.name == "os" and is_pattern(text):
            # "Hosts that run Debian": of a system, the beginning is its name.
            head = text.rstrip("* ")
            text = text if is_pattern(head) else head
        shown.append(Quoted(text) if isinstance(value, Quoted) else text)
    return listed(shown, quote=False)
