"""From the tree back to the text of a query."""

from . import ast
from .ast import And, Node, Or, Quoted, Term, Word, all_of
from .lexer import bare_name, bare_value, quoted_text
from .parse_values import is_word

# What means every host inside of another condition; alone it is the empty text.
ALL = "*"

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
    bare = bare_name(value) or (bare_value(value) and is_word(value))
    return value if bare and not isinstance(value, Quoted) else quoted_text(value)
