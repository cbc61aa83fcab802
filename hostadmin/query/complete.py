"""What can be where the cursor is: fields, operators, values, "and" and "or"."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ..errors import QueryError
from ..validation.values import fold
from . import ast
from .fields import FIELDS, Field, find_field
from .lexer import bare_name, bare_value, quoted_text
from .parse_terms import Token, operators_of
from .parser import read

LIMIT = 20

# The values of a field that begin so, at most so many, with how often they occur.
Values = Callable[[Field, str, int], Iterable[tuple[str, int | None]]]
# The names of variables that begin so.
Names = Callable[[str], Iterable[str]]

_VARIABLE = "var."
_REST = re.compile(r"[^\s\"(),:=<>~]*")
_OPERATORS = {
    ":": "is",
    "!=": "is not",
    "~": "contains",
    "^=": "starts with",
    "$=": "ends with",
    "<": "less than",
    "<=": "at most",
    ">": "greater than",
    ">=": "at least",
    "in": "one of several",
    "is empty": "not set",
}
_WRITTEN = {"in": " in (", "is empty": " is empty "}


@dataclass(frozen=True)
class Suggestion:
    """A text to put in the place of characters ``start`` up to ``end``.

    ``kind`` is "field", "operator", "value" or "keyword"; ``label`` is what to show,
    ``count`` how many hosts have the value, where that is known.
    """

    kind: str
    text: str
    start: int
    end: int
    label: str
    description: str = ""
    count: int | None = None


def complete(
    text: str,
    cursor: int,
    values: Values | None = None,
    limit: int = LIMIT,
    names: Names | None = None,
) -> list[Suggestion]:
    """Return what could be at the cursor, the likeliest first; never an error."""
    cursor = max(0, min(cursor, len(text)))
    slots = read(text[:cursor]).slots
    if not slots:
        return []
    number = max(range(len(slots)), key=lambda at: (slots[at].start, at))
    slot = slots[number]
    if slot.end < cursor:
        return []
    rest = _REST.match(text, cursor)
    end = rest.end() if rest else cursor
    before = slots[number - 1] if number else None
    if slot.kind == "term" and fold(slot.value).startswith(_VARIABLE) and names:
        return list(islice(_variables(slot, end, names), limit))
    return list(islice(_found(slot, before, end, values, limit), limit))


def _variables(slot: Token, end: int, names: Names) -> Iterator[Suggestion]:
    for name in names(slot.value[len(_VARIABLE) :]):
        text = f"{_VARIABLE}{name}"
        written = text if bare_name(text) else quoted_text(text)
        yield Suggestion("field", f"{written}:", slot.start, end, text)


def _found(
    slot: Token, before: Token | None, end: int, values: Values | None, limit: int
) -> Iterator[Suggestion]:
    if slot.kind == "value" and slot.field is not None:
        yield from _values(slot, slot.field, end, values, limit)
    elif slot.kind == "operator" and slot.field is not None:
        for word in ("is empty", "is not empty"):
            yield Suggestion("operator", f"{word} ", slot.start, end, word)
    elif slot.kind == "term":
        yield from _operators(slot, end)
        yield from _fields(slot, end)
    elif slot.kind == "joint":
        if before is not None and before.kind == "term":
            yield from _operators(before, end)
        for word in ("and", "or"):
            yield Suggestion("keyword", f"{word} ", slot.start, end, word)
        yield from _fields(slot, end)


def _fields(slot: Token, end: int) -> Iterator[Suggestion]:
    start = fold(slot.value)
    for field in FIELDS.values():
        names = (field.name, *field.aliases, field.label)
        if any(fold(name).startswith(start) for name in names):
            text = f"{field.name}:"
            yield Suggestion(
                "field", text, slot.start, end, field.name, field.description
            )
    if _VARIABLE.startswith(start):
        yield Suggestion(
            "field", _VARIABLE, slot.start, end, "var.NAME", "a variable of the host"
        )
    if start and "not".startswith(start):
        yield Suggestion("keyword", "not ", slot.start, end, "not")


def _operators(slot: Token, end: int) -> Iterator[Suggestion]:
    try:
        field = find_field(slot.value)
    except QueryError:
        return
    for sign in operators_of(field):
        if sign == "=":
            continue
        yield Suggestion(
            "operator",
            _WRITTEN.get(sign, sign),
            slot.end,
            end,
            f"{field.name}{_WRITTEN.get(sign, sign)}".strip(),
            _OPERATORS[sign],
        )


def _values(
    slot: Token, field: Field, end: int, values: Values | None, limit: int
) -> Iterator[Suggestion]:
    begun = slot.value
    offered = field.kind.offered
    known: Iterable[tuple[str, int | None]] = [(name, None) for name in offered]
    if not offered and values is not None:
        known = values(field, begun, limit)
    for value, count in known:
        if fold(value).startswith(fold(begun)):
            yield Suggestion(
                "value",
                f"{value if bare_value(value) else quoted_text(value)} ",
                slot.start,
                end,
                value,
                offered.get(value, ""),
                count,
            )
    if slot.op == ast.EQUALS and field.nullable and "none".startswith(fold(begun)):
        yield Suggestion("value", "none ", slot.start, end, "none", "not set")
