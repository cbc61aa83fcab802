"""What was probably meant by a query that finds nothing: other queries, which do."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.time_limit import TooSlow, time_limit
from ..errors import HostadminError, QueryError
from ..formatting import counted
from ..limits import limits
from ..models import Group, VocabularyEntry
from ..query import ast
from ..query.ast import And, Node, Not, Or, Quoted, Term, Word, all_of, any_of, negated
from ..query.fields import FIELDS, Field, find_field
from ..query.kinds.texts import newest_variables
from ..query.mac_addresses import is_mac
from ..query.sql.compiler import nearest_values, select_ids
from ..query.sql.text_match import HIGHEST, is_pattern
from ..query.to_text import to_text, top_level_terms
from ..validation.values import STATUSES, fold
from .autocomplete import variable_names

# So many of each kind are tried, and so many told.
MOST_TRIED = 8
MOST_TOLD = 4
_TEXTS = {f.attribute: f for f in FIELDS.values() if f.kind.has_vocabulary}


@dataclass(frozen=True)
class Hint:
    """A query that finds hosts: its text, how many, and why it was thought of.

    ``why`` is a sentence such as "debian is an OS". ``is_capped`` says that there are
    more hosts than were counted.
    """

    text: str
    count: int
    why: str = ""
    nearest: str = ""
    is_capped: bool = False

    @property
    def hosts(self) -> str:
        """How many hosts, in words."""
        if self.is_capped:
            return f"{self.count:,}+ hosts"
        return counted(self.count, "host")


@dataclass(frozen=True)
class _Guess:
    node: Node
    why: str = ""
    nearest: str = ""


def find_hints(session: orm.Session, node: Node) -> list[Hint]:
    """Return queries that were probably meant, those with most hosts first.

    Each parses and finds something. What takes too long to count is not told.
    """
    until = time.monotonic() + limits.count_seconds
    found: dict[str, Hint] = {}
    with suppress(TooSlow, QueryError):
        for guess in _guesses(session, node):
            left = until - time.monotonic()
            if left <= 0 or len(found) >= MOST_TRIED:
                break
            text = to_text(guess.node)
            if text not in found and (count := _count(session, guess.node, left)):
                cap = limits.counted_rows
                found[text] = Hint(
                    text, min(count, cap), guess.why, guess.nearest, count > cap
                )
    return sorted(found.values(), key=lambda hint: -hint.count)[:MOST_TOLD]


def _count(session: orm.Session, node: Node, seconds: float) -> int:
    some = select_ids(session, node).limit(limits.counted_rows + 1).subquery()
    with time_limit(session, seconds):
        return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _guesses(session: orm.Session, node: Node) -> Iterator[_Guess]:
    yield from _near(session, node)
    parts = top_level_terms(node)
    yield from _joined(parts)
    yield from _fields_named(session, parts)
    yield from _values(session, parts)


# ---- values that are nearly right


def _near(session: orm.Session, node: Node) -> Iterator[_Guess]:
    """Yield the query with values in use instead of those that no host has."""
    by_value: dict[tuple[str, str], list[str]] = {}
    for field, value, instead in nearest_values(session, node):
        by_value.setdefault((field.name, value), []).append(instead)
    if not by_value:
        return
    if len(by_value) == 1:
        [(slip, several)] = by_value.items()
        choices = [{slip: instead} for instead in several]
    else:
        choices = [{slip: several[0] for slip, several in by_value.items()}]
    for choice in choices:
        names = ", ".join(dict.fromkeys(choice.values()))
        yield _Guess(_rewritten(node, partial(_respelt, choice)), nearest=names)


def _rewritten(node: Node, write: Callable[[Term | Word], Node]) -> Node:
    if isinstance(node, And):
        return all_of(*(_rewritten(part, write) for part in node.nodes))
    if isinstance(node, Or):
        return any_of(*(_rewritten(part, write) for part in node.nodes))
    if isinstance(node, Not):
        return negated(_rewritten(node.node, write))
    return write(node)


def _respelt(instead: dict[tuple[str, str], str], leaf: Term | Word) -> Node:
    if isinstance(leaf, Word) or leaf.op != ast.EQUALS:
        return leaf
    kind = find_field(leaf.field).kind
    values = [
        kind.literal(ast.EQUALS, instead[leaf.field, value])
        if (leaf.field, value) in instead
        else value
        for value in leaf.values
    ]
    return Term(leaf.field, leaf.op, tuple(dict.fromkeys(values)))


# ---- values with blanks, without their quotation marks


def _joined(parts: list[Node]) -> Iterator[_Guess]:
    """Yield ``os:"Debian 12"`` for ``os:Debian 12``."""
    for at, part in enumerate(parts):
        if not isinstance(part, Term) or part.op != ast.EQUALS:
            continue
        if not find_field(part.field).kind.has_patterns:
            continue
        *others, value = part.values
        for end in range(at + 1, len(parts)):
            following = parts[end]
            if not isinstance(following, Word):
                break
            value = f"{value} {following.value}"
            term = Term(part.field, part.op, (*others, value))
            yield _Guess(all_of(*parts[:at], term, *parts[end + 1 :]))


# ---- words that are fields or values


def _fields_named(session: orm.Session, parts: list[Node]) -> Iterator[_Guess]:
    """Yield ``env:prod`` for ``env prod``."""
    for at, (name, value) in enumerate(itertools.pairwise(parts)):
        if isinstance(name, Word) and isinstance(value, Word):
            with suppress(HostadminError):
                field = find_field(name.value)
                for term in _of_field(session, field, value.value):
                    yield _Guess(
                        all_of(*parts[:at], term, *parts[at + 2 :]),
                        f"{name.value} is a field",
                    )


def _of_field(session: orm.Session, field: Field, value: str) -> list[Term]:
    if field.kind.has_vocabulary:
        return [term for term in _in_vocabulary(session, value) if _is(term, field)]
    op = field.kind.operators[0]
    term = Term(field.name, op, (field.kind.literal(op, value),))
    field.check_term(term)
    return [term]


def _is(term: Term, field: Field) -> bool:
    return term.field == field.name


def _values(session: orm.Session, parts: list[Node]) -> Iterator[_Guess]:
    """Yield ``os:debian*`` for ``debian``; of several words, first all at once."""
    meant = {
        at: terms
        for at, part in enumerate(parts[:MOST_TRIED])
        if isinstance(part, Word) and (terms := _meanings(session, part.value))
    }
    if len(meant) > 1:
        first = {at: terms[0] for at, terms in meant.items()}
        yield _Guess(all_of(*(first.get(at, p) for at, p in enumerate(parts))))
    for at, terms in meant.items():
        for term in terms:
            node = all_of(*parts[:at], term, *parts[at + 1 :])
            yield _Guess(node, _why(parts[at], term))


def _why(word: Node, term: Term) -> str:
    field, value = find_field(term.field), word.value if isinstance(word, Word) else ""
    if field.path or field.name == "notes":
        return f"{value} is a MAC address"
    label = field.kind.subject(field)
    article = "an" if label[0].lower() in "aeiou" else "a"
    return f"{value} is {article} {label}"


def _meanings(session: orm.Session, word: str) -> list[Term]:
    """Return the conditions that a word without its field could stand for."""
    if isinstance(word, Quoted) or is_pattern(word):
        return []
    if is_mac(word):
        return _of_mac(session, word)
    terms = _in_vocabulary(session, word)
    if fold(word) in STATUSES:
        terms.append(Term("status", ast.EQUALS, (fold(word),)))
    groups = sa.select(Group.name).where(Group.name == word)
    terms += [Term("group", ast.EQUALS, (name,)) for name in session.scalars(groups)]
    return terms


def _in_vocabulary(session: orm.Session, word: str) -> list[Term]:
    """Return a condition for each field that has the word as a value or beginning."""
    start = fold(word)
    found = session.execute(
        sa.select(VocabularyEntry.field, VocabularyEntry.folded)
        .where(
            VocabularyEntry.field.in_(_TEXTS),
            VocabularyEntry.folded >= start,
            VocabularyEntry.folded < f"{start}{HIGHEST}",
        )
        .order_by(VocabularyEntry.field, VocabularyEntry.folded)
        .limit(limits.count_rows)
    )
    values: dict[str, set[str]] = {}
    for attribute, folded in found:
        values.setdefault(attribute, set()).add(folded)
    return [
        Term(_TEXTS[name].name, ast.EQUALS, (word if start in known else f"{word}*",))
        for name, known in values.items()
    ]


def _of_mac(session: orm.Session, word: str) -> list[Term]:
    """Return where a MAC address may stand: in variables that hold some, in notes."""
    names = dict.fromkeys(
        name
        for variables in newest_variables(session)
        for name, value in variable_names(variables)
        if isinstance(value, str) and is_mac(value)
    )
    terms = [Term(f"var.{n}", ast.EQUALS, (word,)) for n in list(names)[:MOST_TOLD]]
    return [*terms, Term("notes", ast.CONTAINS, (word,))]
