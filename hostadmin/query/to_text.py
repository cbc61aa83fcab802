"""From the tree back to text: as a query reads it, and as people say it."""

import re
from collections.abc import Sequence

from ..validation.values import quoted
from . import ast
from .ast import And, Node, Or, Quoted, Term, Word, all_of
from .fields import Field, Kind, find_field
from .lexer import bare_name, bare_value, quoted_text
from .parse_values import word_range

# What means every host inside of another condition; alone it is the empty text.
ALL = "*"
# Of a longer list, a sentence tells only the first values.
MOST = 8

# ---- parts of a query


def top_level_terms(node: Node) -> list[Node]:
    """Return the conditions that must all hold: what a page shows as chips."""
    return list(node.nodes) if isinstance(node, And) else [node]


def without(node: Node, term: Node) -> Node:
    """Return the query without one of its top-level conditions."""
    rest = top_level_terms(node)
    if term in rest:
        rest.remove(term)
    return all_of(*rest)


def and_also(node: Node, term: Node) -> Node:
    """Return the query narrowed by a condition, unless it is there already."""
    return node if term in top_level_terms(node) else all_of(node, term)


# ---- as a query


def to_text(node: Node) -> str:
    """Return the query text of a tree: ``env:prod -owner:search port>1024``.

    ``parse`` makes the same tree of it, if the tree is one that ``parse`` makes: flat,
    and without a "not" of a "not".
    """
    if node == ast.EVERYTHING:
        return ""
    return _text(node)


def _text(node: Node) -> str:
    if isinstance(node, And):
        return " ".join(map(_and_text, node.nodes)) or ALL
    if isinstance(node, Or):
        return " or ".join(map(_text, node.nodes)) or f"-{ALL}"
    if isinstance(node, Term):
        return _term_text(node)
    if isinstance(node, Word):
        return _word_text(node.value)
    inner = node.node
    if isinstance(inner, Term) and inner.op == ast.EMPTY:
        return f"{_name_text(inner.field)} is not empty"
    if isinstance(inner, And | Or) and inner.nodes:
        return f"-({_text(inner)})"
    return f"-{_text(inner)}"


def _and_text(node: Node) -> str:
    text = _text(node)
    return f"({text})" if isinstance(node, Or) and node.nodes else text


def _term_text(term: Term) -> str:
    name = _name_text(term.field)
    if term.op == ast.EMPTY:
        return f"{name} is empty"
    sign = ":" if term.op == ast.EQUALS else term.op
    return f"{name}{sign}{','.join(map(value_text, term.values))}"


def _name_text(name: str) -> str:
    return name if bare_name(name) else quoted_text(name)


def value_text(value: str) -> str:
    """Return the value as it is written in a query, quoted where it has to be."""
    bare = bare_value(value) and not isinstance(value, Quoted)
    return value if bare else quoted_text(value)


def _word_text(value: str) -> str:
    # With a colon in it, only an address is a word.
    bare = bare_name(value) or (bare_value(value) and word_range(value) is not None)
    return value if bare and not isinstance(value, Quoted) else quoted_text(value)


# ---- as people say it


def to_sentence(node: Node) -> str:
    """Return the query in plain English: ``environment is prod and port is not set``.

    It continues "hosts where …"; nothing is said of all hosts.
    """
    if node == ast.EVERYTHING:
        return ""
    return _sentence(node)


def _sentence(node: Node) -> str:
    if isinstance(node, And):
        return " and ".join(_clause(child, Or) for child in node.nodes) or "any host"
    if isinstance(node, Or):
        return " or ".join(_clause(child, And) for child in node.nodes) or "no host"
    if isinstance(node, Term):
        return term_sentence(node, negative=False)
    if isinstance(node, Word):
        return _word_sentence(node, negative=False)
    inner = node.node
    if isinstance(inner, Term):
        return term_sentence(inner, negative=True)
    if isinstance(inner, Word):
        return _word_sentence(inner, negative=True)
    return f"not ({_sentence(inner)})"


def _clause(node: Node, parted: type[Node]) -> str:
    text = _sentence(node)
    return f"({text})" if isinstance(node, parted) else text


def _word_sentence(word: Word, *, negative: bool) -> str:
    whole = not isinstance(word.value, Quoted) and re.search(r"[*?]", word.value)
    verb = "matches" if whole else "has"
    names = "neither name, alias nor" if negative else "name, alias or"
    return f"{names} address {verb} {listed((word.value,))}"


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
_TIMES = {
    ast.LESS: "before",
    ast.AT_MOST: "until",
    ast.GREATER: "after",
    ast.AT_LEAST: "since",
}
_PERIOD = re.compile(r"\d{4}(-\d\d?){0,2}")
_AGO = re.compile(r"-(\d+)(s|m|h|d|w|mo|y)", re.IGNORECASE)
_UNITS = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}


def term_sentence(term: Term, *, negative: bool) -> str:
    """Return one condition in words: ``port is above 1024``."""
    field = find_field(term.field)
    name = field.label if field.label == "OS" else field.label.lower()
    if field.kind is Kind.VARIABLE:
        name = f"variable {field.label}"
    no = "not " if negative else ""
    if term.op == ast.EMPTY:
        if field.kind is Kind.GROUP:
            return "in some group" if negative else "in no group"
        return f"{name} is {'' if negative else 'not '}set"
    if term.op in _VERBS:
        return f"{name} {_VERBS[term.op][negative]} {listed(term.values, negative)}"
    if term.op == ast.EQUALS:
        return _equality(field, name, term.values, negative=negative)
    if field.kind is not Kind.TIME:
        return f"{name} is {no}{_NUMBERS[term.op]} {listed(term.values)}"
    ago = _AGO.fullmatch(term.values[0]) if len(term.values) == 1 else None
    if ago is None:
        return f"{name} {no}{_TIMES[term.op]} {listed(term.values)}"
    number, unit = int(ago[1]), _UNITS[ago[2].lower()]
    span = f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    if term.op in (ast.GREATER, ast.AT_LEAST):
        return f"{name} {no}in the last {span}"
    return f"{name} {no}more than {span} ago"


def _equality(field: Field, name: str, values: Sequence[str], *, negative: bool) -> str:
    no = "not " if negative else ""
    if field.kind is Kind.GROUP:
        noun = "group" if len(values) == 1 else "any of the groups"
        return f"{no}in {noun} {listed(values)}"
    if field.kind is Kind.CHECK:
        noun = "check" if len(values) == 1 else "checks"
        return f"{no}found by the {noun} {listed(values)}"
    if field.kind is Kind.SET:
        noun = "set" if len(values) == 1 else "any of the sets"
        return f"{no}in {noun} {listed(values)}"
    if field.kind is Kind.TIME:
        return f"{name} {no}{_time_verb(values)}{listed(values)}"
    if any(re.search(r"/|\*|\.\.", value) for value in values) and (
        field.kind in (Kind.ADDRESS, Kind.PORT)
    ):
        return f"{name} is {no}in {listed(values)}"
    if any(not isinstance(v, Quoted) and re.search(r"[*?]", v) for v in values):
        return f"{name} {'does not match' if negative else 'matches'} {listed(values)}"
    neither = negative and len(values) > 1
    verb = "is neither" if neither else "is not" if negative else "is"
    return f"{name} {verb} {listed(values, neither)}"


def _time_verb(values: Sequence[str]) -> str:
    if any(".." in value for value in values):
        return "from "
    return "in " if all(_PERIOD.fullmatch(value) for value in values) else ""


def listed(values: Sequence[str], negative: bool = False, quote: bool = True) -> str:
    """Return "a, b or c"; of many values, the first and how many more."""
    shown = [str(v) if bare_value(v) or not quote else quoted(v) for v in values[:MOST]]
    if len(values) > MOST:
        shown[-1] = f"{len(values) - MOST + 1:,} more"
    shown = [text.replace("..", " to ") for text in shown]
    *most, last = shown
    joint = "nor" if negative else "or"
    return f"{', '.join(most)} {joint} {last}" if most else last
