"""The tree of a query. Knows no field, no text and no SQL."""

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
class Word:
    """A word without a field: it is in a name, an alias or an address."""

    value: str


@dataclass(frozen=True)
class Not:
    node: "Node"


@dataclass(frozen=True)
class And:
    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    nodes: tuple["Node", ...]


Node: TypeAlias = Term | Word | Not | And | Or

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
    """Return the conditions on fields in the tree, from left to right."""
    if isinstance(node, Term):
        return [node]
    if isinstance(node, Word):
        return []
    if isinstance(node, Not):
        return terms_of(node.node)
    return [term for child in node.nodes for term in terms_of(child)]
