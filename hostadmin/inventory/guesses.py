"""What a query could have meant, from the likeliest on: untried, some find nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import HostadminError
from ..formats.csv_table.placeholders import PLACEHOLDERS
from ..limits import limits
from ..models import Group, VocabularyEntry
from ..query import ast
from ..query.ast import And, Node, Not, Or, Quoted, Term, Word, all_of, any_of, negated
from ..query.fields import FIELDS, Field, find_field, is_field
from ..query.kinds.texts import newest_variables
from ..query.mac_addresses import beginning_like, is_mac, is_mac_beginning
from ..query.parse_terms import MAX_TERMS
from ..query.parse_values import word_range
from ..query.sql.compiler import nearest_values
from ..query.sql.text_match import HIGHEST, is_pattern
from ..query.to_text import top_level_terms
from ..validation.values import STATUSES, fold
from .autocomplete import variable_names

# So many of each kind are tried, and so many shown.
MOST_TRIED = 8
MAX_SHOWN = 4
_ANY_NUMBER = re.compile(r"(?<=\d)(?:\.[x%])+$", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|/，；、]")  # noqa: RUF001 - wide ones, too
_ADDRESSES = re.compile(
    r"((?:\d{1,3}\.){3})(\d{1,3})[-–](?:((?:\d{1,3}\.){3}))?(\d{1,3})",
    re.ASCII,
)
_TEXTS = {f.attribute: f for f in FIELDS.values() if f.kind.has_vocabulary}


@dataclass(frozen=True)
class Guess:
    node: Node
    why: str = ""


def guesses(session: orm.Session, node: Node) -> Iterator[Guess]:
    yield from _near(session, node)
    parts = top_level_terms(node)
    yield from _joined(parts)
    yield from _fields_named(session, parts)
    yield from _values(session, parts)
    for write in (_with_stars, _unset, _one_by_one):
        if (other := _rewritten(node, write)) != node:
            yield Guess(other)


# ---- values that are nearly right


def _near(session: orm.Session, node: Node) -> Iterator[Guess]:
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
        yield Guess(_rewritten(node, partial(_respelt, choice)))


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


def _joined(parts: list[Node]) -> Iterator[Guess]:
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
            for op in (ast.EQUALS, ast.STARTS):
                values = (*others, value) if op == ast.EQUALS else (value,)
                term = Term(part.field, op, values)
                yield Guess(all_of(*parts[:at], term, *parts[end + 1 :]))


# ---- words that are fields or values

# Of SQL, Foreman and the filters of admin pages; "like" is about patterns.
_OPERATORS = {
    "like": ast.EQUALS,
    "matches": ast.EQUALS,
    **dict.fromkeys(("contains", "has", "includes"), ast.CONTAINS),
    **dict.fromkeys(("startswith", "begins"), ast.STARTS),
    "endswith": ast.ENDS,
}


def _fields_named(session: orm.Session, parts: list[Node]) -> Iterator[Guess]:
    """Yield ``env:prod`` for ``env prod``, ``role~web`` for ``role like web``."""
    for at, name in enumerate(parts):
        word = name.node if isinstance(name, Not) else name
        if not isinstance(word, Word) or not is_field(word.value):
            continue
        field = find_field(word.value)
        for terms, end in _of_words(session, field, parts[at + 1 : at + 3]):
            for term in terms:
                said = negated(term) if isinstance(name, Not) else term
                rest = parts[at + 1 + end :]
                why = f"{word.value} is a field"
                yield Guess(all_of(*parts[:at], said, *rest), why)


def _of_words(
    session: orm.Session, field: Field, words: list[Node]
) -> Iterator[tuple[list[Term], int]]:
    """Yield what the words behind a field say of it, and how many of them do."""
    texts = [word.value for word in words if isinstance(word, Word)]
    with suppress(HostadminError):
        if len(texts) == 2 and (op := _OPERATORS.get(fold(texts[0]))):
            value = texts[1].replace("%", "*")
            is_part = op == ast.EQUALS and not is_pattern(value)
            term = Term(field.name, ast.CONTAINS if is_part else op, (value,))
            field.check_term(term)
            yield [term], 2
    with suppress(HostadminError):
        if texts and words[0] == Word(texts[0]):
            yield _of_field(session, field, texts[0]), 1


def _of_field(session: orm.Session, field: Field, value: str) -> list[Term]:
    if field.kind.has_vocabulary:
        return [term for term in _in_vocabulary(session, value) if _is(term, field)]
    op = field.kind.operators[0]
    term = Term(field.name, op, (field.kind.literal(op, value),))
    field.check_term(term)
    return [term]


def _is(term: Term, field: Field) -> bool:
    return term.field == field.name


def _values(session: orm.Session, parts: list[Node]) -> Iterator[Guess]:
    """Yield ``os:debian*`` for ``debian``; of several words, first all at once."""
    yield from _values_with_blanks(session, parts)
    meant = {
        at: terms
        for at, part in enumerate(parts[:MOST_TRIED])
        if (word := _bare(part)) and (terms := _meanings(session, word))
        if not (at and _is_denied_field(parts[at - 1]))
    }
    if len(meant) > 1:
        first = {at: terms[0] for at, terms in meant.items()}
        yield Guess(all_of(*(first.get(at, p) for at, p in enumerate(parts))))
    for at, terms in meant.items():
        for term in terms:
            node = all_of(*parts[:at], term, *parts[at + 1 :])
            yield Guess(node, _why(_bare(parts[at]), term))
    yield from _beginnings(session, parts)


def _is_denied_field(part: Node) -> bool:
    """Whether a part is as ``-env`` in ``-env prod``, which is said otherwise."""
    word = part.node if isinstance(part, Not) else None
    return isinstance(word, Word) and is_field(word.value)


def _bare(part: Node) -> str:
    """Return a word that may be meant in another way; nothing for other parts."""
    if not isinstance(part, Word) or isinstance(part.value, Quoted):
        return ""
    return "" if is_pattern(part.value) else part.value


def _values_with_blanks(session: orm.Session, parts: list[Node]) -> Iterator[Guess]:
    """Yield ``os:"Debian 12"`` for ``debian 12``, the longest first."""
    words = [_bare(part) for part in parts[:MOST_TRIED]]
    for length in range(len(words), 1, -1):
        for at in range(len(words) - length + 1):
            if all(several := words[at : at + length]):
                text = " ".join(several)
                for term in _in_vocabulary(session, text):
                    node = all_of(*parts[:at], term, *parts[at + length :])
                    yield Guess(node, _why(text, term))


def _why(value: str, term: Term) -> str:
    field = find_field(term.field)
    if field.path or field.name == "notes":
        is_whole = is_mac(value)
        return f"{value} {'is' if is_whole else 'is the beginning of'} a MAC address"
    label = field.kind.subject(field)
    article = "an" if label[0].lower() in "aeiou" else "a"
    return f"{value} is {article} {label}"


def _meanings(session: orm.Session, word: str) -> list[Term]:
    """Return the conditions that a word without its field could stand for."""
    if is_mac(word) or is_mac_beginning(word):
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
        Term(_TEXTS[name].name, *_equal_or_begun(word, is_whole=start in known))
        for name, known in values.items()
    ]


def _equal_or_begun(word: str, *, is_whole: bool) -> tuple[str, tuple[str]]:
    if is_whole:
        return ast.EQUALS, (word,)
    # A pattern with a blank in it cannot be written: in quotation marks it is none.
    return (ast.STARTS, (word,)) if " " in word else (ast.EQUALS, (f"{word}*",))


def _of_mac(session: orm.Session, word: str) -> list[Term]:
    """Return where a MAC address may be: in variables that hold some, in notes."""
    macs: dict[str, dict[str, None]] = {}
    for variables in newest_variables(session):
        for name, value in variable_names(variables):
            if isinstance(value, str) and is_mac(value):
                macs.setdefault(f"var.{name}", {})[beginning_like(word, value)] = None
    names = list(macs)[:MAX_SHOWN]
    notes = Term("notes", ast.CONTAINS, (word,))
    if is_mac(word):
        return [*(Term(name, ast.EQUALS, (word,)) for name in names), notes]
    # No more than the notations that there are.
    begun = {name: tuple(list(macs[name])[:MOST_TRIED]) for name in names}
    return [*(Term(name, ast.STARTS, begun[name]) for name in names), notes]


def _beginnings(session: orm.Session, parts: list[Node]) -> Iterator[Guess]:
    """Yield ``var.mac^=00:0c:29`` for ``var.mac:00:0c:29``."""
    for at, part in enumerate(parts):
        if not isinstance(part, Term) or part.op != ast.EQUALS:
            continue
        for value in part.values:
            if not is_mac_beginning(value):
                continue
            for term in _of_mac(session, value):
                if term.field == part.field:
                    yield Guess(
                        all_of(*parts[:at], term, *parts[at + 1 :]), _why(value, term)
                    )


# ---- what other programs write


def _with_stars(leaf: Term | Word) -> Node:
    """Return ``web*`` for ``web%`` or ``web.*``, and 10.0.0.* for ``10.0.0.x``."""
    if isinstance(leaf, Word):
        return Word(_starred(leaf.value))
    if leaf.op != ast.EQUALS:
        return leaf
    return Term(leaf.field, leaf.op, tuple(map(_starred, leaf.values)))


def _starred(value: str) -> str:
    starred = _ANY_NUMBER.sub(".*", value)
    if starred != value or not re.search(r"%|\.\*", value):
        return starred
    is_address = not re.search(r"[^\d.*]", value)
    return value if is_address else value.replace(".*", "*").replace("%", "*")


def _unset(leaf: Term | Word) -> Node:
    """Return ``owner is empty`` for ``owner:null``."""
    if isinstance(leaf, Word) or leaf.op != ast.EQUALS:
        return leaf
    is_unset = all(fold(value) in PLACEHOLDERS for value in leaf.values)
    if not is_unset or not find_field(leaf.field).nullable:
        return leaf
    return Term(leaf.field, ast.EMPTY)


def _one_by_one(leaf: Term | Word) -> Node:
    """Return ``web-1 or web-2`` for ``web-1;web-2``, a range for ``10.0.0.1-5``."""
    if not isinstance(leaf, Word):
        return leaf
    if found := _ADDRESSES.fullmatch(leaf.value):
        first, last = f"{found[1]}{found[2]}", f"{found[3] or found[1]}{found[4]}"
        is_range = word_range(f"{first}..{last}") is not None
        return Word(f"{first}..{last}") if is_range else leaf
    words = [part for part in _BETWEEN.split(leaf.value) if part]
    if len(words) < 2 or (word_range(words[0]) and words[1].isdecimal()):
        return leaf
    return any_of(*(Word(word) for word in words[:MAX_TERMS]))
