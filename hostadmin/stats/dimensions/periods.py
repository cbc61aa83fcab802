"""Counting by day, week, month, quarter and year, in UTC."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import orm

from ...clock import utcnow
from ...db.engines import engine_of
from ...errors import QueryError
from ...query import ast
from ...query.ast import Node, Term
from ...query.fields import Field
from ...validation.values import did_you_mean, quoted
from .base import CountSource, Dimension, empty

PERIODS = ("day", "week", "month", "quarter", "year")
_DAY = timedelta(days=1)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Periods:
    """The periods of one length, as conditions on one field."""

    field: str
    name: str

    def start(self, day: date) -> date:
        """Return the first day of the period that the day is in."""
        if self.name == "day":
            return day
        if self.name == "week":
            return day - day.weekday() * _DAY
        months = _MONTHS[self.name]
        return day.replace(day=1, month=(day.month - 1) // months * months + 1)

    def next(self, start: date) -> date:
        return self._moved(start, 1)

    def previous(self, start: date) -> date:
        return self._moved(start, -1)

    def _moved(self, start: date, steps: int) -> date:
        if self.name in ("day", "week"):
            return start + steps * (7 if self.name == "week" else 1) * _DAY
        months = 12 * start.year + start.month - 1 + steps * _MONTHS[self.name]
        return date(months // 12, months % 12 + 1, 1)

    def current(self) -> date:
        return self.start(utcnow().date())

    def text(self, start: date) -> str:
        if self.name == "week":
            year, week, _ = start.isocalendar()
            return f"{year:04}-W{week:02}"
        if self.name == "quarter":
            return f"{start.year:04}-Q{(start.month + 2) // 3}"
        return start.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.name]]

    def condition(self, start: date) -> Node:
        return Term(self.field, ast.EQUALS, (self._span(start),))

    def before(self, start: date) -> Node:
        return Term(self.field, ast.LESS, (start.isoformat(),))

    def after(self, start: date) -> Node:
        last = self.next(start) - _DAY
        return Term(self.field, ast.GREATER, (last.isoformat(),))

    def _span(self, start: date) -> str:
        """Return the period as a query writes times, both ends being part of it."""
        if self.name == "week":
            return f"{start.isoformat()}..{(start + 6 * _DAY).isoformat()}"
        if self.name == "quarter":
            return f"{start:%Y-%m}..{start.year:04}-{start.month + 2:02}"
        return self.text(start)


def by_time(session: orm.Session, field: Field, period: str) -> Dimension:
    if period not in PERIODS:
        raise QueryError(
            f"{quoted(period)} is not a period.",
            did_you_mean(period, PERIODS) or f"Use {', '.join(PERIODS)}.",
        )
    if field.column is None:
        raise LookupError(field.name)
    periods = Periods(field.name, period)
    is_fine = period in ("day", "week")
    engine = engine_of(session)
    key = engine.day_of if is_fine else engine.month_of

    def fold(text: Any) -> date:
        return periods.start(date.fromisoformat(text if is_fine else f"{text}-01"))

    return Dimension(
        f"{field.name}:{period}",
        f"{field.label} ({period})",
        (CountSource(key(field.column)),),
        periods.text,
        periods.condition,
        empty(field),
        fold=fold,
        calendar=periods,
    )
