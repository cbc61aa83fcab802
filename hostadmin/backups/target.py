"""The database that is filled: empty before, marked while it is not whole."""

import contextlib
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from ..db import schema
from ..db.bulk_insert import analyze
from ..db.engines import engine_of
from ..db.schema import State
from ..db.session import Base, is_transient
from ..errors import Conflict
from .rows import Begin, Digest, Parts, digest_of, lines_of, read_parts, write_rows
from .shapes import Shape, check_fit
from .snapshot import at_one_moment

# What is shown while it runs: the table, and rows so far in all.
Progress = Callable[[str, int], None]
NOT_EMPTY = "The target is not empty; use a new, empty database."
DIFFERS = (
    "The target does not hold what was written to it. It is marked as incomplete and "
    "not served. Check its disk, permissions and encoding."
)


def fill(target: sa.Engine, revision: str, parts: Parts, progress: Progress) -> Digest:
    """Write everything into an empty database, and upgrade it where it is older.

    Returns the checksum of what was read. Raises ``Conflict``.
    """
    digest = fill_as_it_was(target, revision, parts, progress)
    schema.upgrade_engine(target)
    analyze(target, Base.metadata.sorted_tables)
    return digest


def fill_as_it_was(
    target: sa.Engine, revision: str, parts: Parts, progress: Progress
) -> Digest:
    """Write everything into an empty database that gets the schema of a revision.

    It is marked while it is not whole, and stays so if anything goes wrong. Raises
    ``Conflict`` for a target that is not empty or holds something else in the end.
    """
    _make_empty(target, revision)
    with _indexes_at_last(target):
        digest, shapes = _write(target, parts, progress)
    progress("", digest.rows)
    with at_one_moment(target) as connection:
        found = digest_of(read_parts(connection, shapes))
    if found.text() != digest.text():
        raise Conflict(DIFFERS)
    schema.mark_complete(target, revision)
    return digest


def _make_empty(target: sa.Engine, revision: str) -> None:
    """Make the tables and the mark. What was begun and not finished begins anew."""
    found = schema.state(target)
    if found is State.INCOMPLETE or (found is State.CURRENT and not _has_rows(target)):
        schema.drop_tables(target)
    elif found is not State.EMPTY or sa.inspect(target).get_table_names():
        raise Conflict(NOT_EMPTY)
    schema.upgrade_engine(target, revision)
    schema.mark_incomplete(target)


@contextlib.contextmanager
def _indexes_at_last(target: sa.Engine) -> Iterator[None]:
    """Make indexes after the block, from all rows at once, where that is faster."""
    with target.begin() as connection:
        drops, creates = engine_of(target).index_statements(connection)
        for statement in drops:
            connection.exec_driver_sql(statement)
    yield
    for statement in creates:
        with target.begin() as connection:
            connection.exec_driver_sql(statement)


def _has_rows(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return any(
            connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1))
            for table in Base.metadata.sorted_tables
            if not is_transient(table)
        )


def _write(
    target: sa.Engine, parts: Parts, progress: Progress
) -> tuple[Digest, list[Shape]]:
    digest = Digest()
    begun: list[Begin] = []
    for part in parts:
        if isinstance(part, Begin):
            with target.connect() as connection:
                check_fit(connection, [part.shape])
            begun.append(part)
            digest.begin(part.shape.name)
        else:
            shape = begun[-1].shape
            with target.begin() as connection:
                write_rows(connection, shape, part)
            digest.add(lines_of(part))
            progress(shape.name, digest.rows)
    with target.begin() as connection:
        for table in begun:
            _go_on_after(connection, table)
    return digest, [table.shape for table in begun]


def _go_on_after(connection: sa.Connection, begun: Begin) -> None:
    """Let new rows get ids after all that were ever given, as undo needs them."""
    if begun.last_id:
        (key,) = begun.shape.key
        engine_of(connection).set_last_id(
            connection, begun.shape.name, key, begun.last_id
        )
