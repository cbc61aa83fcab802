"""What a file states, kept in a temporary SQLite file while it is looked at.

So duplicate names, the exact plan and a million rows cost disk, not memory, and work
the same on every engine.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import count

from ..formats.document import Observed
from ..formats.rows import GROUP, HOST, INVENTORY, RowError
from .staged_table import StagedTable, add_errors

_SCHEMA = """
PRAGMA journal_mode = OFF;  -- what is thrown away needs no care for a power cut
PRAGMA synchronous = OFF;
-- Names of bad rows: they count when a name stands there twice.
CREATE TABLE bad (
    id INTEGER PRIMARY KEY, subject TEXT, line INTEGER, key TEXT NOT NULL
);
CREATE TABLE errors (
    id INTEGER, line INTEGER, subject TEXT, name TEXT, field TEXT, message TEXT
);
"""


class Staging:
    """What one file states. Use it as a context manager: it removes its file."""

    def __init__(self) -> None:
        # No name: SQLite makes a file of its own and has unlinked it at once.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._places = count(1)
        self.hosts = StagedTable(self._db, HOST, self._places)
        self.groups = StagedTable(self._db, GROUP, self._places)
        # At most one row.
        self.inventory = StagedTable(self._db, INVENTORY, self._places)
        self.observed: Observed | None = None
        self._db.execute("BEGIN")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add_errors(self, errors: Iterable[RowError]) -> None:
        """Note what is wrong with one row that is not added."""
        add_errors(self._db, next(self._places), errors)

    def count_bad_rows(self) -> int:
        [number] = self._db.execute(
            "SELECT count(*) FROM (SELECT DISTINCT id FROM errors)"
        ).fetchone()
        return int(number)

    def errors(self) -> Iterator[RowError]:
        """Yield everything that is wrong, by line."""
        for row in self._db.execute(
            "SELECT line, name, field, message, subject FROM errors "
            "ORDER BY line, id, rowid"
        ):
            yield RowError(*row)

    def bad_keys(self, subject: str) -> Iterator[str]:
        """Yield the keys of bad rows that have a name."""
        for (key,) in self._db.execute(
            "SELECT DISTINCT key FROM bad WHERE subject = ?", (subject,)
        ):
            yield key
