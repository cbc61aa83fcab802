"""What a dimension is: something to count hosts by, and what its keys mean."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ...query import ast
from ...query.ast import Node, Not, Term, all_of, negated
from ...query.fields import Field
from ...query.sql.compiler import Clause
from ...validation.values import plain, sort_key


@dataclass(frozen=True, eq=False)
class CountSource:
    """One way in which a host can have a value; ``key`` is None where it has none.

    Where ``host_id`` is given, the joined tables can be counted without that of the
    hosts. A host can come up several times with one key if ``is_repeated``. There is
    but one key if it ``is_constant``. ``whole`` is a cheaper count of the same hosts,
    where nothing else is asked of them.
    """

    key: ColumnElement[Any] | None
    joins: tuple[tuple[Any, Clause], ...] = ()
    condition: Clause | None = None
    host_id: ColumnElement[int] | None = None
    is_repeated: bool = False
    is_constant: bool = False
    whole: sa.ScalarSelect[int] | None = None

    def added_to(self, statement: sa.Select[Any], *, alone: bool) -> sa.Select[Any]:
        joins = self.joins
        if alone:
            statement, joins = statement.select_from(joins[0][0]), joins[1:]
        for table, condition in joins:
            statement = statement.join(table, condition)
        return statement if self.condition is None else statement.where(self.condition)


class Calendar(Protocol):
    """The periods of a dimension of time; each is known by its first day."""

    def next(self, start: date) -> date: ...
    def previous(self, start: date) -> date: ...
    def current(self) -> date: ...
    def before(self, start: date) -> Node: ...
    def after(self, start: date) -> Node: ...


@dataclass(frozen=True, eq=False)
class Dimension:
    """Something to count by.

    ``text`` tells what a key means, ``condition`` which hosts have it, ``unset``
    which have none. ``fold`` makes one key of several that the database tells apart.
    ``known`` are keys that hosts could have, also where none has. With
    ``is_several``, a host may be counted under several keys. ``column`` is given
    where the key is nothing but that column. ``source_of_any`` finds the hosts that
    have any of some keys. Keys are shown in the order of their texts if
    ``is_shown_by_text``, else in their own, which ``order`` gives where it is not
    that of the database.
    """

    name: str
    title: str
    sources: tuple[CountSource, ...]
    text: Callable[[Any], str]
    condition: Callable[[Any], Node]
    unset: Node | None
    is_several: bool = False
    fold: Callable[[Any], Any] | None = None
    known: Callable[[], Iterable[Any]] | None = None
    column: orm.InstrumentedAttribute[Any] | None = None
    calendar: Calendar | None = None
    source_of_any: Callable[[Sequence[Any]], CountSource] | None = None
    is_shown_by_text: bool = False
    order: Callable[[Any], Any] | None = None

    def rank(self, key: Any) -> Any:
        """Return what to sort a key by that is not None."""
        if self.order is not None:
            return self.order(key)
        if self.is_shown_by_text:
            text = self.text(key)
            return sort_key(text), text
        return plain(key)

    def others(self, keys: Sequence[Any]) -> Node:
        """Return which hosts have a value, and none of these."""
        shown = _joined([self.condition(key) for key in keys])
        parts = [negated(node) for node in shown]
        if self.unset is not None:
            parts.append(negated(self.unset))
        return all_of(*parts)


def _joined(nodes: Iterable[Node]) -> list[Node]:
    """Return the conditions, those on one field as one list of its values."""
    values: dict[str, list[str]] = {}
    rest: list[Node] = []
    for node in nodes:
        if isinstance(node, Term) and node.op == ast.EQUALS:
            values.setdefault(node.field, []).extend(node.values)
        else:
            rest.append(node)
    terms = [Term(name, ast.EQUALS, tuple(found)) for name, found in values.items()]
    return [*terms, *rest]


def equal_to(field: Field, value: str) -> Term:
    """Return the condition that a field has this value, whatever stars are in it."""
    return Term(field.name, ast.EQUALS, (field.kind.literal(ast.EQUALS, value),))


def empty(field: Field) -> Node | None:
    return Term(field.name, ast.EMPTY) if field.nullable else None


def not_empty(field: Field) -> Node:
    return Not(Term(field.name, ast.EMPTY))
