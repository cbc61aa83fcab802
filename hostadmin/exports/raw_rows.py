"""Rows as the driver gives them: those of SQLAlchemy cost half as much again.

Their columns must be of kinds that every driver knows: numbers and texts.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

# Stands for numbers in the text of a statement.
_NUMBERS = "/*numbers*/"


class RawRows:
    """Reads raw rows on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._texts: dict[sa.Select[Any], str] = {}

    def read(self, select: sa.Executable) -> Sequence[Any]:
        """Return all rows of the select."""
        return _all_rows(self._connection.execute(select))

    def read_among(
        self, select: sa.Select[Any], column: Any, numbers: Iterable[int]
    ) -> Sequence[Any]:
        """Return the rows of a select without parameters whose column is among these.

        As parameters, one by one, the numbers would take a fifth of the time of a file.
        """
        if select not in self._texts:
            among = select.where(column.in_([sa.literal_column(_NUMBERS)]))
            self._texts[select] = str(among.compile(self._connection))
        text = self._texts[select].replace(_NUMBERS, ",".join(map(str, numbers)))
        return _all_rows(self._connection.exec_driver_sql(text))


def _all_rows(result: Any) -> Sequence[Any]:
    rows: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return rows
