"""Conditions on a short text, said of the column that holds its order.

Lists are sorted by that one; so the walk along its index is narrowed, too.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, Null

from ...validation.values import term_order
from ..clauses import Clause, Column

_OPERATORS = (operators.eq, operators.ne, operators.in_op, operators.not_in_op)


def implied_by(text: Column, order: Column) -> Callable[[Clause], Clause | None]:
    """Return what turns a condition on the text alone into one on its order."""

    def implied(clause: Clause) -> Clause | None:
        parts = list(visitors.iterate(clause))
        columns = {part for part in parts if isinstance(part, sa.Column)}
        tests = [part for part in parts if isinstance(part, BinaryExpression)]
        if columns != {text.expression} or not all(map(_is_plain, tests)):
            return None
        moved: Clause = visitors.replacement_traverse(clause, {}, replaced)
        return moved

    def replaced(element: Any, **_: Any) -> Any:
        return _moved(element, order) if isinstance(element, BinaryExpression) else None

    return implied


def _is_plain(test: BinaryExpression[Any]) -> bool:
    if isinstance(test.right, Null):
        return True
    return test.operator in _OPERATORS and isinstance(test.right, BindParameter)


def _moved(test: BinaryExpression[Any], order: Column) -> Clause:
    if isinstance(test.right, Null):
        same: Clause = test.operator(order, None)
        return same
    value: Any = test.right.value
    several = isinstance(value, list | tuple)
    keys = [term_order(one) for one in value] if several else term_order(value)
    moved: Clause = test.operator(order, keys)
    return moved
