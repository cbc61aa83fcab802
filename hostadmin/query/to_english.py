"""A query in words: "Hosts in prod that run Debian or Ubuntu, not owned by x".

Common conditions have phrases of their own; whatever has none is shown after "where",
so that nothing of the query is left out.
"""

import re
from dataclasses import dataclass, field

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

# Where a word is among the phrases; see the ranks of fields.
_WORD_RANK = 6
# A value as it is in the query.
_AS_IT_IS: Spell = lambda _field, value: value  # noqa: E731 - with its type


@dataclass(frozen=True)
class Phrase:
    """A part of the sentence; ``rank`` says where it is."""

    text: str
    rank: int


def describe(node: Node, spell: Spell = _AS_IT_IS) -> str:
    """Return what the query means in words; ``All hosts`` for none."""
    if node == ast.EVERYTHING:
        return "All hosts"
    parts = _Parts()
    for part in top_level_terms(node):
        parts.add(part, spell)
    return parts.text()


@dataclass
class _Parts:
    """The parts of a sentence: what the hosts are, have, lack, and the rest."""

    subject: str = "Hosts"
    has: list[Phrase] = field(default_factory=list)
    lacks: list[Phrase] = field(default_factory=list)
    where: list[str] = field(default_factory=list)

    def add(self, part: Node, spell: Spell) -> None:
        is_negative = isinstance(part, Not)
        term = _as_one(part.node if isinstance(part, Not) else part)
        if isinstance(term, Term) and _leads(part, term) and self.subject == "Hosts":
            self.subject = f"{listed(term.values).capitalize()} hosts"
        elif term and (phrase := _phrase(term, spell, negative=is_negative)):
            is_lack = is_negative and phrase.text.startswith("not ")
            (self.lacks if is_lack else self.has).append(phrase)
        else:
            self.where.append(_sentence(part))

    def text(self) -> str:
        self.has.sort(key=lambda phrase: phrase.rank)
        text = " ".join((self.subject, *(phrase.text for phrase in self.has)))
        joint = ", " if self.has else " "
        text += joint.join(("", *(phrase.text for phrase in self.lacks)))
        if not self.where:
            return text
        # Only beside others does an "or" need a mark of where it ends.
        is_marked = len(self.where) > 1
        shown = [f"({w})" if is_marked and " or " in w else w for w in self.where]
        return f"{text}{',' if self.lacks else ''} where {' and '.join(shown)}"


def describe_count(total: int, node: Node, spell: Spell = _AS_IT_IS) -> str:
    """Return how many hosts there are of the query: ``1,301 active hosts in prod``."""
    text = "Hosts" if node == ast.EVERYTHING else describe(node, spell)
    if total == 1:
        # The subject is first, before any value.
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
