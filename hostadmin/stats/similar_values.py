"""Values of a field that look like the same thing, such as prod and production."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import orm

from ..query import ast
from ..query.ast import Node, Term
from ..query.fields import FIELDS, Field
from .axes import Kind as SlotKind
from .axes import Order
from .counts import count_columns, find_dimensions

# Of a field with more values, only the most frequent are compared: pair by pair.
MOST_VALUES = 300
# A shorter word says too little to be the beginning of another.
SHORTEST = 3
ALIKE = 0.87


@dataclass(frozen=True)
class SimilarValues:
    """Values that may be one: (value, hosts), the most frequent first."""

    field: Field
    values: Sequence[tuple[str, int]]

    @property
    def hosts(self) -> int:
        return sum(number for _, number in self.values)

    @property
    def condition(self) -> Node:
        texts = (self.field.kind.literal(ast.EQUALS, text) for text, _ in self.values)
        return Term(self.field.name, ast.EQUALS, tuple(texts))


def look_alike(one: str, other: str) -> bool:
    """Whether two values may mean the same: by spelling alone, so it is a question.

    Numbers have to be equal: Debian 12 is not Debian 13.
    """
    first, second = one.casefold(), other.casefold()
    if re.findall(r"\d+", first) != re.findall(r"\d+", second):
        return False
    first, second = (re.sub(r"[\W\d_]+", "", text) for text in (first, second))
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if len(short) < SHORTEST:
        return False
    if long.startswith(short) or _is_slip(short, long):
        return True
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _is_slip(short: str, long: str) -> bool:
    """Whether one letter is missing, or two neighbours are swapped.

    Of short words these are too small a part to count as alike: prdo, prd.
    """
    pairs = enumerate(zip(short, long, strict=False))
    start = next((place for place, (one, other) in pairs if one != other), len(short))
    if long[start + 1 :] == short[start:]:
        return True
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return swapped and short[start + 2 :] == long[start + 2 :]


def group_alike(values: Sequence[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Return the values that look alike, each with all that one of them looks like."""
    heads = {text: text for text, _ in values}

    def head(text: str) -> str:
        while heads[text] != text:
            text = heads[text]
        return text

    for (one, _), (other, _) in combinations(values, 2):
        if look_alike(one, other):
            heads[head(other)] = head(one)
    groups: dict[str, list[tuple[str, int]]] = {}
    for text, number in values:
        groups.setdefault(head(text), []).append((text, number))
    return [group for group in groups.values() if len(group) > 1]


def find_similar_values(
    session: orm.Session, node: Node = ast.EVERYTHING
) -> list[SimilarValues]:
    """Return values of the short texts that hosts of the query have, and look alike."""
    names = [field.name for field in FIELDS.values() if field.kind.has_vocabulary]
    dimensions = find_dimensions(session, names)
    tables = count_columns(session, dimensions, node, Order(top=MOST_VALUES))
    found = []
    for name, table in zip(names, tables, strict=True):
        values = [
            (bucket.label, number)
            for bucket, number in zip(table.buckets, table.counts, strict=True)
            if bucket.kind is SlotKind.VALUE
        ]
        found += [SimilarValues(FIELDS[name], alike) for alike in group_alike(values)]
    return found
