"""A query in words: "Hosts in prod that run Debian or Ubuntu, not owned by x".

Common conditions have phrases of their own; whatever has none is told after "where",
so that nothing of the query is left out.
"""

import re
from dataclasses import dataclass

from sqlalchemy import orm

from ..models import VocabularyEntry
from ..validation.values import fold
from . import ast
from .ast import And, Node, Not, Or, Term, Word
from .fields import Field, find_field
from .kinds.base import Spell, listed
from .kinds.texts import spellings_of, vocabulary_of
from .sql.text_match import is_pattern
from .to_text import top_level_terms

# Where a word stands among the phrases; see the ranks of fields.
_WORD_RANK = 6
# A value as it stands in the query.
_AS_IT_IS: Spell = lambda _field, value: value  # noqa: E731 - with its type


@dataclass(frozen=True)
class Phrase:
    """A part of the sentence; ``rank`` says where it stands."""

    text: str
    rank: int


def describe(node: Node, spell: Spell = _AS_IT_IS) -> str:
    """Return what the query means in words; ``All hosts`` for none."""
    if node == ast.EVERYTHING:
        return "All hosts"
    subject = "Hosts"
    has: list[Phrase] = []
    lacks: list[Phrase] = []
    where: list[str] = []
    for part in top_level_terms(node):
        inner = part.node if isinstance(part, Not) else part
        term = _as_one(inner)
        if term is None:
            where.append(_sentence(part))
        elif isinstance(term, Term) and _leads(part, term) and subject == "Hosts":
            subject = f"{listed(term.values).capitalize()} hosts"
        elif phrase := _phrase(term, spell, negative=isinstance(part, Not)):
            is_lack = isinstance(part, Not) and phrase.text.startswith("not ")
            (lacks if is_lack else has).append(phrase)
        else:
            where.append(_sentence(part))
    has.sort(key=lambda phrase: phrase.rank)
    text = " ".join((subject, *(phrase.text for phrase in has)))
    joint = ", " if has else " "
    text += joint.join(("", *(phrase.text for phrase in lacks)))
    if where:
        # Only beside others does an "or" need to be told where it ends.
        shown = [f"({w})" if " or " in w and len(where) > 1 else w for w in where]
        text += f"{',' if lacks else ''} where {' and '.join(shown)}"
    return text


def describe_count(total: int, node: Node, spell: Spell = _AS_IT_IS) -> str:
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
        begins = VocabularyEntry.folded.startswith(head, autoescape=True)
        known = session.scalar(vocabulary_of(field).where(begins).limit(1))
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


def _leads(part: Node, term: Term) -> bool:
    is_plain = term.op == ast.EQUALS and not isinstance(part, Not)
    return is_plain and find_field(term.field).kind.is_adjective


def _phrase(term: Term | Word, spell: Spell, *, negative: bool) -> Phrase | None:
    if isinstance(term, Word):
        no = "not " if negative else ""
        return Phrase(f"{no}matching {listed([term.value])}", _WORD_RANK)
    field = find_field(term.field)
    text = field.kind.phrase(field, term, spell, negative=negative)
    return Phrase(text, field.rank) if text else None


# ---- what has no phrase


def _sentence(node: Node) -> str:
    """Return the condition as it continues "hosts where"."""
    if isinstance(node, And):
        return " and ".join(_clause(child, Or) for child in node.nodes) or "any host"
    if isinstance(node, Or):
        return " or ".join(_clause(child, And) for child in node.nodes) or "no host"
    inner = node.node if isinstance(node, Not) else node
    negative = isinstance(node, Not)
    if isinstance(inner, Term):
        field = find_field(inner.field)
        return field.kind.clause(field, inner, negative=negative)
    if isinstance(inner, Word):
        return _word_sentence(inner, negative=negative)
    return f"not ({_sentence(inner)})"


def _clause(node: Node, parted: type[Node]) -> str:
    text = _sentence(node)
    return f"({text})" if isinstance(node, parted) else text


def _word_sentence(word: Word, *, negative: bool) -> str:
    names = "neither name, alias nor" if negative else "name, alias or"
    verb = "matches" if is_pattern(word.value) else "has"
    return f"{names} address {verb} {listed((word.value,))}"
