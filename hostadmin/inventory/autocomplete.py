"""Values to complete a query with, found within a moment or not at all."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import orm

from ..db.time_limit import TooSlow, time_limit
from ..limits import limits
from ..query.fields import Field
from ..query.kinds.texts import newest_variables


def suggest_values(
    session: orm.Session, field: Field, begun: str, limit: int
) -> Iterable[tuple[str, int | None]]:
    """Return values of the field that begin so, and how many hosts have each.

    The number is None where to count takes too long; without an answer in time there
    are no values.
    """
    try:
        with time_limit(session, limits.completion_seconds):
            return field.kind.suggest(session, field, begun, limit)
    except TooSlow:
        return []


def suggest_variables(session: orm.Session, begun: str) -> list[str]:
    """Return names of variables that begin so, the most frequent first."""
    found: Counter[str] = Counter()
    try:
        with time_limit(session, limits.completion_seconds):
            for variables in newest_variables(session):
                found.update(name for name, _ in variable_names(variables))
    except TooSlow:
        return []
    return [name for name, _ in found.most_common() if name.startswith(begun)]


def variable_names(
    variables: dict[str, Any], prefix: str = ""
) -> Iterable[tuple[str, Any]]:
    """Yield the names of variables, and of what is inside of them, with the values."""
    for name, value in variables.items():
        yield f"{prefix}{name}", value
        if isinstance(value, dict):
            yield from variable_names(value, f"{prefix}{name}.")
