"""Many rows: in batches, and into a table the fastest way. Knows no host."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from .engines import engine_of

Convert = Callable[[Any], Any]
Item = TypeVar("Item")
_MARKS = {"qmark": "?", "format": "%s"}


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items, so many at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns; defaults in Python do not count.

    It is what ``execute(insert(table), rows)`` does without its work on each row, and
    with ``COPY`` where there is one, which works while the next rows are made: give an
    iterator where making them takes time. Raises the same errors.
    """
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return
    rows = chain((first,), rest)
    columns = [table.c[name] for name in first]
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    place = f"{quote(table.name)} ({', '.join(quote(c.name) for c in columns)})"
    converted = _converted(columns, rows, dialect)
    if dialect.driver == engine_of(dialect).copy_driver:
        engine_of(dialect).copy_rows(connection, place, converted)
    elif dialect.paramstyle in _MARKS:
        marks = ", ".join([_MARKS[dialect.paramstyle]] * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {place} VALUES ({marks})",  # noqa: S608 - names of ours
            list(converted),
        )
    else:
        connection.execute(sa.insert(table), list(rows))


def _converted(
    columns: Sequence[sa.Column[Any]],
    rows: Iterable[Mapping[str, Any]],
    dialect: sa.Dialect,
) -> Iterator[tuple[Any, ...]]:
    """Return the rows as the driver takes them."""
    converts: list[tuple[str, Convert | None]] = []
    for column in columns:
        convert = column.type.dialect_impl(dialect).bind_processor(dialect)
        converts.append((column.name, convert and _remembering(convert)))
    for row in rows:
        yield tuple(
            [
                row[name] if convert is None else convert(row[name])
                for name, convert in converts
            ]
        )


def _remembering(convert: Convert) -> Convert:
    """Convert a value only once that is in row after row, such as a time."""
    last: Any = None
    result = convert(None)

    def converted(value: Any) -> Any:
        nonlocal last, result
        if value is not last:
            result = convert(value)
            last = value
        return result

    return converted


def analyze(engine: sa.Engine, tables: Iterable[sa.Table]) -> None:
    """Let the engine look at tables that were changed by much, for its plans.

    Left alone, engines do so after a while or never. A failure is only logged, since
    what was written is right without it.
    """
    statements = engine_of(engine).analyze_statements
    try:
        for table in tables:
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement.format(table.name)).close()
    except SQLAlchemyError as error:
        logging.getLogger(__name__).warning(
            "table statistics were not updated: %s", error
        )
