"""Many rows: in batches, and into a table the fastest way. Knows no host."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

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
    with ``COPY`` on PostgreSQL, which works while the next rows are made: give an
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
    if dialect.driver == "psycopg":
        _copy(connection, place, converted)
    elif dialect.paramstyle in _MARKS:
        marks = ", ".join([_MARKS[dialect.paramstyle]] * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {place} VALUES ({marks})",  # noqa: S608 - names of ours
            list(converted),
        )
    else:
        connection.execute(sa.insert(table), list(rows))


def reserve_ids(
    connection: sa.Connection, column: sa.Column[int], count: int
) -> list[int] | None:
    """Return so many ids that nobody else will get; None where there is no way.

    Whoever reserved ids need not ask for them after the rows were inserted. An account
    that may write the table need not have the right to its sequence: PostgreSQL asks
    for that only where ids are taken by hand.
    """
    if connection.dialect.name != "postgresql":
        return None
    sequence = sa.func.pg_get_serial_sequence(column.table.name, column.name)
    numbers = sa.func.generate_series(1, count).table_valued("number")
    may_use = sa.func.has_sequence_privilege(sequence, "USAGE, UPDATE")
    query = sa.select(sa.func.nextval(sequence)).select_from(numbers).where(may_use)
    return list(connection.scalars(query)) or None


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
    """Convert a value only once that stands in row after row, such as a time."""
    last: Any = None
    result = convert(None)

    def converted(value: Any) -> Any:
        nonlocal last, result
        if value is not last:
            result = convert(value)
            last = value
        return result

    return converted


def _copy(
    connection: sa.Connection, place: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    # Only who uses PostgreSQL needs the driver.
    import psycopg

    statement = f"COPY {place} FROM STDIN"
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # As SQLAlchemy would have told it.
        raise DBAPIError.instance(
            statement,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=bool(raw.closed),
            dialect=connection.dialect,
        ) from error


# Each takes a sample only, a second at most. MariaDB would tell its replicas, too.
_ANALYZE = {
    "sqlite": ("PRAGMA analysis_limit = 1000", "ANALYZE {}"),
    "postgresql": ("ANALYZE {}",),
    "mysql": ("ANALYZE LOCAL TABLE {}",),
    "mariadb": ("ANALYZE LOCAL TABLE {}",),
}


def analyze(engine: sa.Engine, tables: Iterable[sa.Table]) -> None:
    """Let the engine look at tables that were changed by much, for its plans.

    Left alone, SQLite never does, and the others after a while: until then PostgreSQL
    plans as for an empty table. A failure is only logged, since what was written is
    right without it.
    """
    statements = _ANALYZE.get(engine.dialect.name, ())
    try:
        for table in tables:
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement.format(table.name)).close()
    except SQLAlchemyError as error:
        logging.getLogger(__name__).warning("no statistics: %s", error)
