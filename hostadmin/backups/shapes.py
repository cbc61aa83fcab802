"""What of each table is kept: columns, and kinds of values that every engine has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..db.engines import engine_of
from ..db.session import LONG_TEXT, Base, UTCDateTime, is_transient, on_each_engine
from ..errors import InvalidFile

# As a table of another program would hold it: texts stay the texts that they are, so
# that neither numbers nor the order of names in JSON can change on the way.
_TYPES: dict[str, Callable[[], sa.types.TypeEngine[Any]]] = {
    "text": sa.String,
    "json": lambda: LONG_TEXT,
    "time": lambda: on_each_engine(sa.DateTime(), lambda engine: engine.time_type),
    "flag": sa.Boolean,
    "number": sa.BigInteger,
    "bytes": sa.LargeBinary,
}
# The first that fits counts.
_KINDS: tuple[tuple[type[Any], str], ...] = (
    (UTCDateTime, "time"),
    (sa.JSON, "json"),
    (sa.Boolean, "flag"),
    (sa.Integer, "number"),
    (sa.String, "text"),
    (sa.LargeBinary, "bytes"),
)


@dataclass(frozen=True)
class Shape:
    """One table: its columns with their kinds, and by which it is ordered."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    # Whether the database gives new rows their ids.
    numbered: bool

    def table(self) -> sa.Table:
        return sa.Table(
            self.name,
            sa.MetaData(),
            *(sa.Column(name, _TYPES[kind]()) for name, kind in self.columns),
        )

    def places(self, kind: str) -> list[int]:
        """Return which columns are of a kind, counted from 0."""
        return [n for n, column in enumerate(self.columns) if column[1] == kind]


def kept_shapes() -> list[Shape]:
    """Return all that is kept, in an order in which it can be inserted."""
    return [
        _shape(table)
        for table in Base.metadata.sorted_tables
        if not is_transient(table)
    ]


def _shape(table: sa.Table) -> Shape:
    return Shape(
        table.name,
        tuple((column.name, _kind(column)) for column in table.columns),
        tuple(column.name for column in table.primary_key),
        numbered=table.autoincrement_column is not None,
    )


def _kind(column: sa.Column[Any]) -> str:
    return next(kind for type_, kind in _KINDS if isinstance(column.type, type_))


def to_json(shape: Shape) -> list[Any]:
    return [shape.name, shape.columns, shape.key, shape.numbered]


def from_json(given: Any) -> Shape:
    """Return the shape that is in a file; raises ``InvalidFile``."""
    try:
        name, columns, key, numbered = given
        shape = Shape(name, tuple(map(tuple, columns)), tuple(key), bool(numbered))
        fits = {kind for _, kind in shape.columns} <= _TYPES.keys()
        fits = fits and set(shape.key) <= {name for name, _ in shape.columns}
    except (TypeError, ValueError):
        fits = False
    if not fits or not shape.key:
        raise InvalidFile("The backup has a table that this version cannot read.")
    return shape


def check_fit(connection: sa.Connection, shapes: Sequence[Shape]) -> None:
    """Refuse shapes that are not those of the tables in the database."""
    there = sa.inspect(connection)
    names = set(there.get_table_names())
    for shape in shapes:
        columns = {name for name, _ in shape.columns}
        if shape.name not in names or columns != {
            column["name"] for column in there.get_columns(shape.name)
        }:
            raise InvalidFile(
                f"The backup has a table {shape.name[:40]!r} that its schema does not "
                "have."
            )


def last_id(connection: sa.Connection, shape: Shape) -> int | None:
    """Return the highest id that a table ever gave, rows that are gone included."""
    if not shape.numbered:
        return None
    (key,) = shape.key
    table = shape.table()
    highest = connection.scalar(sa.select(sa.func.max(table.c[key]))) or 0
    given = engine_of(connection).last_id(connection, shape.name, key)
    return max(highest, given or 0)
