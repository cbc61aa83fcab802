"""What a query says about one field at its top, and the same with a value more or less.

A facet shows the values of a field. What the query says about that field alone is what
the facet chose; everything else is what its numbers are counted under.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ..validation.values import fold
from . import ast
from .ast import And, Node, Not, Or, Quoted, Term, Word, all_of, any_of
from .fields import Field, find_field
from .to_text import top_level_terms


def own_nodes(node: Node, field: Field) -> list[Node]:
    """Return the top-level conditions that are about this field and nothing else."""
    return [part for part in top_level_terms(node) if _is_about(part, field)]


def without_own(node: Node, field: Field) -> Node:
    """Return the query without these conditions: what the facet is counted under."""
    rest = [part for part in top_level_terms(node) if not _is_about(part, field)]
    return all_of(*rest)


def is_chosen(node: Node, field: Field, value: str | None) -> bool:
    """Whether the query chooses the value, None for hosts without one.

    What a query only leaves out does not make all the other values chosen.
    """
    own = own_nodes(node, field)
    chooses = any(_is_positive(part) for part in own)
    return chooses and all(holds(part, field, value) for part in own)


def named_values(node: Node, field: Field) -> list[str | None]:
    """Return the values that the query names to choose them; patterns name none."""
    terms = [
        term
        for part in own_nodes(node, field)
        if _is_positive(part) and not isinstance(part, And)
        for term in (part.nodes if isinstance(part, Or) else (part,))
        if isinstance(term, Term)
    ]
    found: list[str | None] = []
    for term in terms:
        if term.op == ast.EMPTY:
            found.append(None)
        elif term.op == ast.EQUALS:
            found += [str(value) for value in term.values if not _is_pattern(value)]
    return found


def _is_pattern(value: str) -> bool:
    return not isinstance(value, Quoted) and re.search(r"[*?]", value) is not None


def toggled(
    node: Node, field: Field, value: str | None, others: Iterable[str | None]
) -> Node:
    """Return the query with the value chosen as well, or not any more.

    ``others`` are all further values that are chosen now.
    """
    own = own_nodes(node, field)
    if not is_chosen(node, field, value):
        return _replaced(node, field, _widened(own, field, value))
    plain = _without_value(own, field, value)
    if plain is None:
        plain = _chosen(field, others)
    return _replaced(node, field, plain)


def _replaced(node: Node, field: Field, new: Node) -> Node:
    """Return the query with other conditions on the field, where the old ones stood."""
    parts = top_level_terms(node)
    own = own_nodes(node, field)
    place = parts.index(own[0]) if own else len(parts)
    before = [part for part in parts[:place] if part not in own]
    after = [part for part in parts[place:] if part not in own]
    return all_of(*before, new, *after)


# ---- what a value is


def holds(node: Node, field: Field, value: str | None) -> bool:
    """Whether the condition, which is about this field alone, holds for the value."""
    if isinstance(node, And):
        return all(holds(part, field, value) for part in node.nodes)
    if isinstance(node, Or):
        return any(holds(part, field, value) for part in node.nodes)
    if isinstance(node, Not):
        return not holds(node.node, field, value)
    if isinstance(node, Word):
        return False
    if node.op == ast.EMPTY:
        return value is None
    return value is not None and any(
        _matches(field, node.op, wanted, value) for wanted in node.values
    )


def _matches(field: Field, op: str, wanted: str, value: str) -> bool:
    if field.kind.has_case:
        return str(wanted) == value
    needle, text = fold(wanted), fold(value)
    if op == ast.CONTAINS:
        return needle in text
    if op == ast.STARTS:
        return text.startswith(needle)
    if op == ast.ENDS:
        return text.endswith(needle)
    if not _is_pattern(wanted):
        return needle == text
    # A plain ".*" for each star would try all ways to part the text, for hours.
    return fnmatchcase(text, needle.replace("[", "[[]"))


def _is_about(node: Node, field: Field) -> bool:
    if isinstance(node, Term):
        return find_field(node.field).name == field.name
    if isinstance(node, Not):
        return _is_about(node.node, field)
    if isinstance(node, And | Or):
        return bool(node.nodes) and all(_is_about(part, field) for part in node.nodes)
    return False


def _is_positive(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(_is_positive(part) for part in node.nodes)
    return not isinstance(node, Not)


# ---- one value more or less


def _equal(field: Field, value: str | None) -> Node:
    if value is None:
        return Term(field.name, ast.EMPTY)
    return Term(field.name, ast.EQUALS, (field.kind.literal(ast.EQUALS, value),))


def _chosen(field: Field, values: Iterable[str | None]) -> Node:
    """Return the condition that a host has any of the values; all hosts for none."""
    known = list(values)
    if not known:
        return ast.EVERYTHING
    set_ = tuple(
        field.kind.literal(ast.EQUALS, one) for one in known if one is not None
    )
    parts: list[Node] = [Term(field.name, ast.EQUALS, set_)] if set_ else []
    if None in known:
        parts.append(Term(field.name, ast.EMPTY))
    return any_of(*parts)


def _widened(own: list[Node], field: Field, value: str | None) -> Node:
    more = _equal(field, value)
    if not any(_is_positive(part) for part in own):
        # What was only left out comes back as the one thing that is asked for.
        return more
    before = own[0] if len(own) == 1 else And(tuple(own))
    parts = list(before.nodes) if isinstance(before, Or) else [before]
    for place, part in enumerate(parts):
        if _is_list(part) and _is_list(more):
            parts[place] = Term(field.name, ast.EQUALS, (*part.values, *more.values))  # type: ignore[union-attr]
            return any_of(*parts)
    return any_of(*parts, more)


def _is_list(node: Node) -> bool:
    return isinstance(node, Term) and node.op == ast.EQUALS


def _without_value(own: list[Node], field: Field, value: str | None) -> Node | None:
    """Return the one list of plain values without this one, if it is such a list."""
    if len(own) != 1:
        return None
    kept: list[Node] = []
    for part in own[0].nodes if isinstance(own[0], Or) else (own[0],):
        if not isinstance(part, Term):
            return None
        rest = _term_without(part, field, value)
        if rest is None:
            return None
        kept += rest
    return any_of(*kept) if kept else ast.EVERYTHING


def _term_without(part: Term, field: Field, value: str | None) -> list[Node] | None:
    """Return what is left of one term, None where that cannot be written."""
    if part.op == ast.EMPTY:
        return [part] if value is not None else []
    if not _is_list(part):
        return None
    values = [v for v in part.values if not holds(_one(part, v), field, value)]
    if any(_is_pattern(v) for v in part.values if v not in values):
        return None
    return [Term(part.field, part.op, tuple(values))] if values else []


def _one(term: Term, value: str) -> Term:
    return Term(term.field, term.op, (value,))
