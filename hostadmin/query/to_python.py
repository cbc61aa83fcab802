"""A statement as one would write it with SQLAlchemy: ``Host.environment == "prod"``.

For people who learn from it. What there is no spelling for is shown as SQL.
"""

import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import elements, functions, operators
from sqlalchemy.sql.selectable import (
    Exists,
    ScalarSelect,
    SelectStatementGrouping,
)

from ..models import (
    ChangeEntry,
    Group,
    Host,
    HostAddress,
    HostAlias,
    VocabularyEntry,
)

_MODELS = {
    model.__tablename__: model.__name__
    for model in (Host, HostAlias, HostAddress, VocabularyEntry, Group, ChangeEntry)
}
_SIGNS = {
    operators.eq: "==",
    operators.ne: "!=",
    operators.lt: "<",
    operators.le: "<=",
    operators.gt: ">",
    operators.ge: ">=",
    operators.add: "+",
    operators.sub: "-",
}
_METHODS = {
    operators.in_op: "in_",
    operators.not_in_op: "not_in",
    operators.is_: "is_",
    operators.is_not: "is_not",
    operators.like_op: "like",
    operators.not_like_op: "not_like",
    operators.ilike_op: "ilike",
    operators.not_ilike_op: "not_ilike",
    operators.contains_op: "contains",
    operators.icontains_op: "icontains",
    operators.startswith_op: "startswith",
    operators.istartswith_op: "istartswith",
    operators.endswith_op: "endswith",
    operators.iendswith_op: "iendswith",
    operators.concat_op: "concat",
}
# The opposite of each, where SQLAlchemy has no method for it.
_NEGATED = {
    operators.not_contains_op: "contains",
    operators.not_icontains_op: "icontains",
    operators.not_startswith_op: "startswith",
    operators.not_istartswith_op: "istartswith",
    operators.not_endswith_op: "endswith",
    operators.not_iendswith_op: "iendswith",
}


def select_text(
    where: Any, order: Any = (), limit: int | None = None, what: str = "select(Host)"
) -> str:
    """Return a select of hosts, one part a line."""
    lines = [what]
    if where is not None:
        is_joined = isinstance(where, elements.BooleanClauseList)
        if is_joined and where.operator is operators.and_:
            parts = [part for part in where.clauses if not _is_true(part)]
        else:
            parts = [where]
        lines += [".where(", *(f"    {text(part)}," for part in parts), ")"]
    if order:
        lines.append(f".order_by({', '.join(map(text, order))})")
    if limit is not None:
        lines.append(f".limit({limit})")
    return "\n".join(lines)


def _is_true(part: Any) -> bool:
    return isinstance(part, elements.True_)


def text(clause: Any) -> str:
    """Return one clause as Python."""
    for kind, write in _WRITERS:
        if isinstance(clause, kind):
            return str(write(clause))
    return f"text({str(clause)!r})"


def _column(column: Any) -> str:
    table = getattr(column.table, "name", "")
    if table in _MODELS:
        return f"{_MODELS[table]}.{column.key}"
    return f"{table}.c.{column.key}"


def _value(bound: Any) -> str:
    value = bound.effective_value
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return _plain(value)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, enum.Enum) else repr(value)


def _joined(clauses: Any) -> str:
    if clauses.operator not in (operators.and_, operators.or_):
        return ", ".join(map(text, clauses.clauses))
    name = "and_" if clauses.operator is operators.and_ else "or_"
    parts = [text(part) for part in clauses.clauses if not _is_true(part)]
    return parts[0] if len(parts) == 1 else f"{name}({', '.join(parts)})"


def _binary(clause: Any) -> str:
    left, right, operator = clause.left, clause.right, clause.operator
    if operator in _SIGNS:
        return f"{text(left)} {_SIGNS[operator]} {text(right)}"
    if operator in (operators.between_op, operators.not_between_op):
        ends = ", ".join(map(text, right.clauses))
        both = f"{text(left)}.between({ends})"
        return both if operator is operators.between_op else f"not_({both})"
    if isinstance(right, ScalarSelect):
        # A list of values: SQLAlchemy takes the select as it is.
        right = right.element
    method = _METHODS.get(operator) or _NEGATED.get(operator)
    if method is None:
        return f"{text(left)}.op({getattr(operator, 'opstring', '?')!r})({text(right)})"
    escape = clause.modifiers.get("escape")
    more = f", escape={escape!r}" if escape else ""
    made = f"{text(left)}.{method}({text(right)}{more})"
    return f"not_({made})" if operator in _NEGATED else made


def _unary(clause: Any) -> str:
    inner = text(clause.element)
    names = {operators.desc_op: "desc", operators.asc_op: "asc"}
    if clause.modifier in names:
        return f"{inner}.{names[clause.modifier]}()"
    if clause.operator in (operators.inv, operators.is_false):
        return f"not_({inner})"
    return inner


def _select(statement: Any) -> str:
    columns = ", ".join(text(column) for column in statement.selected_columns)
    parts = [f"select({columns})"]
    if statement.whereclause is not None:
        parts.append(f".where({text(statement.whereclause)})")
    # Where one row is asked for, a scalar of several would be an error.
    if statement._limit_clause is not None:
        parts.append(f".limit({text(statement._limit_clause)})")
    return "".join(parts)


def _exists(clause: Any) -> str:
    statement = clause.element.element
    return f"exists().where({text(statement.whereclause)})"


def _scalar(statement: Any) -> str:
    return f"{text(statement.element)}.scalar_subquery()"


def _function(call: Any) -> str:
    return f"func.{call.name}({', '.join(text(each) for each in call.clauses)})"


def _case(case: Any) -> str:
    whens = [f"({text(when)}, {text(then)})" for when, then in case.whens]
    if case.else_ is not None:
        whens.append(f"else_={text(case.else_)}")
    return f"case({', '.join(whens)})"


_WRITERS: tuple[tuple[Any, Any], ...] = (
    (elements.Null, lambda _: "None"),
    (elements.True_, lambda _: "true()"),
    (elements.False_, lambda _: "false()"),
    (elements.BindParameter, _value),
    (functions.FunctionElement, _function),
    (elements.Case, _case),
    (elements.Cast, lambda c: f"cast({text(c.clause)}, {c.type!r})"),
    (elements.Grouping, lambda c: text(c.element)),
    (Exists, _exists),
    (ScalarSelect, _scalar),
    (SelectStatementGrouping, lambda c: text(c.element)),
    (sa.Select, _select),
    (elements.BooleanClauseList, _joined),
    (elements.ClauseList, _joined),
    (elements.ExpressionClauseList, _joined),
    (elements.BinaryExpression, _binary),
    (elements.UnaryExpression, _unary),
    (sa.Column, _column),
)
