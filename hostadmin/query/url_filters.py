"""Filters in URLs, as Flask-Admin writes them: ``flt_env_equals=prod``.

They are nodes of the same tree as the query text; all of them must hold.
"""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import QueryError
from ..validation.values import did_you_mean, quoted
from . import ast
from .ast import Node, Term, all_of, negated
from .fields import FIELDS, Field, find_field
from .parse_values import MAX_VALUE, RANGE, parse_network
from .to_text import to_text

PREFIX = "flt_"

# Each operation as a menu words it.
FILTER_WORDS = {
    "equals": "is",
    "not_equal": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "in_list": "is one of",
    "not_in_list": "is not one of",
    "empty": "is empty",
    "greater_than": "greater than",
    "smaller_than": "less than",
    "between": "between",
    "in_network": "in network",
}

# Flask-Admin itself numbers its filters: flt0_, flt1_.
_PARAM = re.compile(r"flt\d*_(.+)", re.DOTALL)
_ANY = re.compile(r"flt\d*(_|$)")
_BETWEEN = re.compile(r"(.+?)(?: to |\.\.)(.+)")
_YES = frozenset({"1", "yes", "true"})
_NO = frozenset({"0", "no", "false"})


@dataclass(frozen=True)
class Filter:
    """One filter as it stood in the URL, and what it means."""

    param: str
    value: str
    field: Field
    operation: str
    node: Node

    @property
    def text(self) -> str:
        """The same in the query language, as a chip shows it: ``-owner:search``."""
        return to_text(self.node)


def parse_filters(args: Iterable[tuple[str, str]]) -> Node:
    """Return what the filters among the arguments say; ``EVERYTHING`` without any."""
    return all_of(*(found.node for found in parse_filter_list(args)))


def parse_filter_list(args: Iterable[tuple[str, str]]) -> list[Filter]:
    """Return the filters among the arguments of a URL, in their order.

    Blank values are left out: a plain form sends the fields nobody filled in.
    Raises ``QueryError`` that names the parameter which makes no sense.
    """
    return [
        _parse(param, value)
        for param, value in args
        if _ANY.match(param) and value.strip()
    ]


def filter_arg(field: str, operation: str, value: str) -> tuple[str, str]:
    """Return the URL parameter of a filter, under the one name of the field."""
    return f"{PREFIX}{find_field(field).name}_{operation}", value


# ---- reading


def _parse(param: str, value: str) -> Filter:
    try:
        field, operation = _split(param)
        node = _node(field, operation, value.strip())
        for term in ast.terms_of(node):
            field.check_term(term)
    except QueryError as error:
        raise QueryError(
            f"Invalid filter {quoted(param)}: {error.message}", error.hint
        ) from None
    return Filter(param, value, field, operation, node)


def _split(param: str) -> tuple[Field, str]:
    found = _PARAM.fullmatch(param)
    rest = found[1] if found else ""
    # The longest first: not_contains also ends in contains.
    for operation in sorted(FILTER_WORDS, key=len, reverse=True):
        if rest.endswith(f"_{operation}"):
            field = find_field(rest[: -len(operation) - 1])
            if operation not in field.operations:
                raise _not_allowed(field, operation)
            return field, operation
    name, _, operation = rest.partition("_")
    for known in FIELDS.values():
        for spelling in (known.name, *known.aliases):
            if rest.startswith(f"{spelling}_"):
                name, operation = spelling, rest[len(spelling) + 1 :]
    field = find_field(name)
    raise QueryError(
        f"unknown operator {quoted(operation)}.",
        did_you_mean(operation, field.operations)
        or f"Use one of: {', '.join(field.operations)}.",
    )


def _not_allowed(field: Field, operation: str) -> QueryError:
    return QueryError(
        f"“{operation}” cannot be used with {quoted(field.name)}.",
        f"Use {', '.join(field.operations)}.",
    )


def _node(field: Field, operation: str, value: str) -> Node:
    if operation in _NEGATIVE:
        return negated(_node(field, _NEGATIVE[operation], value))
    if operation == "empty":
        return _empty(field, value)
    op = _OPERATORS[operation]
    values = _READERS[operation](field, value)
    return Term(field.name, op, tuple(field.kind.literal(op, one) for one in values))


_NEGATIVE = {
    "not_equal": "equals",
    "not_contains": "contains",
    "not_in_list": "in_list",
}
_OPERATORS = {
    "equals": ast.EQUALS,
    "in_list": ast.EQUALS,
    "between": ast.EQUALS,
    "in_network": ast.EQUALS,
    "contains": ast.CONTAINS,
    "starts_with": ast.STARTS,
    "greater_than": ast.GREATER,
    "smaller_than": ast.LESS,
}


def _empty(field: Field, value: str) -> Node:
    term = Term(field.name, ast.EMPTY)
    if value.casefold() in _YES:
        return term
    if value.casefold() in _NO:
        return negated(term)
    raise QueryError(f"{quoted(value)} is not valid. Use 1 (empty) or 0 (not empty).")


def _one(field: Field, value: str) -> tuple[str, ...]:
    return (value,)


def _list(field: Field, value: str) -> tuple[str, ...]:
    if len(value) > MAX_VALUE * 50:
        raise QueryError(
            f"The list has {len(value):,} characters; "
            f"at most {MAX_VALUE * 50:,} are allowed."
        )
    try:
        cells = next(csv.reader([value], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise QueryError(
            f"{quoted(value)} is not a list.",
            'Separate values with commas. Quote a value that has a comma: "a,b",c.',
        ) from None
    found = [cell.strip() for cell in cells if cell.strip()]
    if not found:
        raise QueryError(f"{quoted(value)} has no values.")
    return tuple(dict.fromkeys(found))


def _between(field: Field, value: str) -> tuple[str, ...]:
    found = _BETWEEN.fullmatch(value)
    if found is None:
        raise QueryError(f"{quoted(value)} is not a range.", "Write “a to b”.")
    return (f"{found[1].strip()}{RANGE}{found[2].strip()}",)


def _network(_field: Field, value: str) -> tuple[str, ...]:
    parse_network(value)
    return (value,)


_READERS: dict[str, Callable[[Field, str], tuple[str, ...]]] = {
    "equals": _one,
    "in_list": _list,
    "between": _between,
    "in_network": _network,
    "contains": _one,
    "starts_with": _one,
    "greater_than": _one,
    "smaller_than": _one,
}
