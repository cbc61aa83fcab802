"""Values with an order, such as ports and times: one, or a range of them."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...models import Host
from .. import ast
from ..ast import Term
from ..clauses import Alternative, Clause, Column
from ..parse_values import Range, parse_port, parse_span, split_range
from ..sql.text_match import one_of
from .base import (
    COMPARISONS,
    LIST,
    MATCH,
    RANGE,
    Field,
    Found,
    Kind,
    Parts,
    Spell,
    listed,
)


def within(column: Column, one: Range) -> Clause:
    """Return the condition that the column is in the range."""
    if one.open_end:
        return sa.and_(column >= one.low, column < one.high)
    return column.between(one.low, one.high)


def _above(column: Column, one: Range) -> Clause:
    clause: Clause = column >= one.high if one.open_end else column > one.high
    return clause


def _up_to(column: Column, one: Range) -> Clause:
    clause: Clause = column < one.high if one.open_end else column <= one.high
    return clause


_RELATIONS: dict[str, Callable[[Column, Range], Clause]] = {
    ast.EQUALS: within,
    ast.LESS: lambda column, one: column < one.low,
    ast.AT_LEAST: lambda column, one: column >= one.low,
    ast.GREATER: _above,
    ast.AT_MOST: _up_to,
}


class Ordered(Kind):
    operators: ClassVar[tuple[str, ...]] = (ast.EQUALS, *COMPARISONS)
    has_facet = False

    def read(self, value: str) -> Range:
        """Return the range that one value names."""
        raise NotImplementedError

    def range(self, value: str) -> Range:
        """Return the range that the value names; one port is a range, too."""
        return split_range(self.read, value)

    def check(self, value: str) -> None:
        self.range(value)

    def compare(self, column: Column, term: Term) -> Clause:
        ranges = [self.range(value) for value in term.values]
        points = [one.low for one in ranges if one.low == one.high]
        if term.op == ast.EQUALS and len(points) == len(ranges):
            return one_of(column, points)
        return sa.or_(*(_RELATIONS[term.op](column, one) for one in ranges))

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        column = field.own_column
        if term.op == ast.EMPTY:
            return [Alternative(column.is_(None))]
        nullable = column if field.nullable else None
        return [Alternative(self.compare(column, term), nullable)]


class Number(Ordered):
    """Something of which a range is shown as "in"."""

    def equality(self, name: str, values: Sequence[str], *, negative: bool) -> str:
        if any(re.search(r"/|\*|\.\.", value) for value in values):
            return f"{name} is {'not ' if negative else ''}in {listed(values)}"
        return super().equality(name, values, negative=negative)


class Port(Number):
    name = "port"
    operations = (*MATCH, *RANGE, *LIST)
    expected = ("a whole number, 1–65535",)

    def read(self, value: str) -> Range:
        return parse_port(value)

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        number = sa.func.count()
        rows = session.execute(
            sa.select(Host.port, number)
            .where(Host.port.is_not(None))
            .group_by(Host.port)
            .order_by(number.desc(), Host.port)
            .limit(1_000)
        )
        found: Found = [(str(port), int(count)) for port, count in rows]
        return [pair for pair in found if pair[0].startswith(begun)][:limit]


class Time(Ordered):
    name = "time"
    operations = (*MATCH, *RANGE)
    expected = ("a time such as 2026-11 or -7d",)
    offered = {  # noqa: RUF012 - as the base class has it
        "today": "since midnight, UTC",
        "yesterday": "the day before",
        "-1h": "an hour ago",
        "-1d": "24 hours ago",
        "-7d": "a week ago",
        "-30d": "a month ago",
        "-1y": "a year ago",
    }
    has_periods = True

    def read(self, value: str) -> Range:
        return parse_span(value)

    def instant(self, value: str) -> datetime | None:
        if value[:4].isdigit():
            return None
        start: datetime = self.range(value).low
        return start

    def equality(self, name: str, values: Sequence[str], *, negative: bool) -> str:
        return f"{name} {'not ' if negative else ''}{_verb(values)}{listed(values)}"

    def comparison(self, name: str, term: Term, no: str) -> str:
        ago = _AGO.fullmatch(term.values[0]) if len(term.values) == 1 else None
        if ago is None:
            return f"{name} {no}{_TIMES[term.op]} {listed(term.values)}"
        number, unit = int(ago[1]), _UNITS[ago[2].lower()]
        span = f"{number} {unit}" if number == 1 else f"{number} {unit}s"
        if term.op in (ast.GREATER, ast.AT_LEAST):
            return f"{name} {no}in the last {span}"
        return f"{name} {no}more than {span} ago"

    def phrase(self, field: Field, term: Term, spell: Spell, *, negative: bool) -> str:
        if term.op == ast.EMPTY:
            word = self.subject(field)
            return f"{word} at least once" if negative else f"never {word}"
        return "" if negative else self.clause(field, term, negative=False)


_TIMES = {
    ast.LESS: "before",
    ast.AT_MOST: "until",
    ast.GREATER: "after",
    ast.AT_LEAST: "since",
}
_PERIOD = re.compile(r"\d{4}(-\d\d?){0,2}")
_AGO = re.compile(r"-(\d+)(s|m|h|d|w|mo|y)", re.IGNORECASE)
_UNITS = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}


def _verb(values: Sequence[str]) -> str:
    if any(".." in value for value in values):
        return "from "
    return "in " if all(_PERIOD.fullmatch(value) for value in values) else ""
