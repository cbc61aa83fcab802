"""The tree of a query, and the text that says the same. Knows no field and no SQL."""

import re
from dataclasses import dataclass
from typing import TypeAlias

EQUALS = "="
CONTAINS = "~"
STARTS = "^="
ENDS = "$="
LESS = "<"
AT_MOST = "<="
GREATER = ">"
AT_LEAST = ">="
EMPTY = "empty"


class Quoted(str):
    """A value in quotation marks: taken literally, neither a number nor a pattern."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quoted) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Quoted, str(self)))


@dataclass(frozen=True)
class Term:
    """One condition. Several values mean any of them; ``empty`` has none.

    Negative operators do not exist: ``!=`` is a ``Not`` around ``=``.
    """

    field: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Not:
    node: "Node"


@dataclass(frozen=True)
class And:
    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    nodes: tuple["Node", ...]


Node: TypeAlias = Term | Not | And | Or

# An And of nothing holds for every host.
EVERYTHING = And(())


def all_of(*nodes: Node) -> Node:
    """Return the nodes joined by "and", flat, without those that say nothing."""
    parts: list[Node] = []
    for node in nodes:
        parts.extend(node.nodes if isinstance(node, And) else (node,))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def any_of(*nodes: Node) -> Node:
    """Return the nodes joined by "or", flat."""
    parts: list[Node] = []
    for node in nodes:
        if node == EVERYTHING:
            return EVERYTHING
        parts.extend(node.nodes if isinstance(node, Or) else (node,))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def negated(node: Node) -> Node:
    """Return what holds for exactly the other hosts."""
    return node.node if isinstance(node, Not) else Not(node)


def terms_of(node: Node) -> list[Term]:
    """Return the conditions in the tree, from left to right."""
    if isinstance(node, Term):
        return [node]
    if isinstance(node, Not):
        return terms_of(node.node)
    return [term for child in node.nodes for term in terms_of(child)]


# ---- text

_BARE = re.compile(r"[\w./:@+*?-]+")
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "empty", "none"})


def value_text(value: str) -> str:
    """Return the value as it is written in a query, quoted where it has to be."""
    if _is_bare(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_bare(value: str) -> bool:
    if not _BARE.fullmatch(value) or value.startswith("-"):
        # A relative time such as -7d is the one value that starts with a dash.
        return bool(re.fullmatch(r"-\d+[a-z]+(\.\.[\w:-]+)?", value)) and _literal(
            value
        )
    return value.casefold() not in _KEYWORDS and _literal(value)


def _literal(value: str) -> bool:
    """Whether leaving the quotation marks away changes nothing."""
    return not isinstance(value, Quoted) or not re.search(r"[*?]|\.\.|^[-+.\d]", value)


def node_text(node: Node) -> str:
    """Return the query text of a tree: ``env:prod -owner:search port>1024``."""
    if isinstance(node, And):
        return " ".join(_inner_text(child, Or) for child in node.nodes)
    if isinstance(node, Or):
        return " or ".join(node_text(child) for child in node.nodes)
    if isinstance(node, Term):
        return _term_text(node)
    if isinstance(node.node, Term) and node.node.op == EMPTY:
        return f"{node.node.field} is not empty"
    if isinstance(node.node, And | Or):
        return f"-({node_text(node.node)})"
    return f"-{node_text(node.node)}"


def _inner_text(node: Node, looser: type[Node]) -> str:
    text = node_text(node)
    return f"({text})" if isinstance(node, looser) else text


def _term_text(term: Term) -> str:
    if term.op == EMPTY:
        return f"{term.field} is empty"
    sign = ":" if term.op == EQUALS else term.op
    return f"{term.field}{sign}{','.join(map(value_text, term.values))}"
