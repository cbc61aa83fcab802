"""Rows of a file, kept in a temporary SQLite file while they are looked at.

So duplicate names, the exact plan and a million rows cost disk, not memory, and work
the same on every engine.
"""

import marshal
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..values import name_key
from .rows import RowError

BATCH = 1_000
NEW, CHANGED, SAME = "new", "changed", "same"

_SCHEMA = """
PRAGMA journal_mode = OFF;  -- what is thrown away needs no care for a power cut
PRAGMA synchronous = OFF;
CREATE TABLE staged (
    line INTEGER PRIMARY KEY,
    key TEXT,               -- NULL until an address gave the row its name
    nameless INTEGER,       -- 1 where that was so
    fields BLOB NOT NULL,   -- the cleaned fields
    name TEXT,              -- as the host is or will be called
    action TEXT,            -- new, changed or same
    host_id INTEGER,
    version INTEGER,
    changes BLOB            -- field → [from, to]
);
-- Names of bad rows: they count when a name stands there twice.
CREATE TABLE bad (line INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE errors (line INTEGER, name TEXT, field TEXT, message TEXT);
"""

# Several times faster than JSON. The file is ours and gone at the end, so nobody else
# can have written what is read back.
_encode = marshal.dumps
_decode = marshal.loads


@dataclass(slots=True)
class StagedRow:
    """A good row and, once it was planned, what becomes of it."""

    line: int
    key: str
    fields: dict[str, Any]
    name: str = ""
    action: str = ""
    host_id: int = 0
    version: int = 0
    changes: dict[str, list[Any]] | None = None


class Staging:
    """The rows of one import. Use it as a context manager: it removes its file."""

    def __init__(self) -> None:
        # No name: SQLite makes a file of its own and has unlinked it at once.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # ---- filling

    def add(self, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Add rows of line and cleaned fields."""
        self._db.executemany(
            "INSERT INTO staged (line, key, name, nameless, fields) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                (line, name and name_key(name), name, name is None, _encode(fields))
                for line, fields in rows
                for name in [fields.get("hostname")]
            ),
        )

    def add_errors(self, errors: Iterable[RowError]) -> None:
        """Note what is wrong with rows that are not added."""
        found = list(errors)
        self._db.executemany(
            "INSERT INTO errors VALUES (?, ?, ?, ?)",
            [(e.line, e.name, e.field, e.message) for e in found],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO bad VALUES (?, ?)",
            [(e.line, name_key(e.name)) for e in found if e.name],
        )

    # ---- planning

    def nameless(self) -> Iterator[list[StagedRow]]:
        """Yield the rows that only an address tells apart."""
        return self._batches("nameless")

    def name(self, rows: Iterable[StagedRow]) -> None:
        """Save the keys and fields of rows that got a name."""
        self._db.executemany(
            "UPDATE staged SET key = ?, name = ?, fields = ? WHERE line = ?",
            [(row.key, row.name, _encode(row.fields), row.line) for row in rows],
        )

    def refuse_doubles(self) -> None:
        """Turn rows whose name is in the file twice into errors that name both.

        Which of the two is right is not ours to say.
        """
        self._db.executescript(
            "CREATE INDEX IF NOT EXISTS staged_key ON staged (key);"
            "CREATE TEMP TABLE doubles AS SELECT key, min(line) AS first,"
            "  count(*) AS number FROM (SELECT key, line FROM staged"
            "  UNION ALL SELECT key, line FROM bad)"
            "  GROUP BY key HAVING count(*) > 1;"
            "CREATE UNIQUE INDEX temp.doubles_key ON doubles (key);"
        )
        # Every row but the first names the first, and the first names the second.
        self._db.execute(
            "INSERT INTO errors SELECT s.line, s.name,"
            " 'hostname', CASE WHEN s.line > d.first THEN 'is in line ' || d.first ||"
            " ', too; one row for each host.' ELSE 'is in line ' || ("
            "   SELECT min(line) FROM (SELECT line, key FROM staged"
            "   UNION ALL SELECT line, key FROM bad)"
            "   WHERE key = s.key AND line > d.first)"
            " || ', too; one row for each host.' END "
            "FROM staged s JOIN doubles d ON d.key = s.key"
        )
        self._db.executescript(
            "DELETE FROM staged WHERE key IN (SELECT key FROM doubles);"
            "DROP TABLE doubles;"
        )

    def reject(self, row: StagedRow, errors: Iterable[RowError]) -> None:
        """Take a row out and note why."""
        self._db.execute("DELETE FROM staged WHERE line = ?", (row.line,))
        self.add_errors(errors)

    def decide(self, rows: Iterable[StagedRow]) -> None:
        """Save what becomes of rows."""
        self._db.executemany(
            "UPDATE staged SET name = ?, action = ?, host_id = ?, version = ?, "
            "changes = ? WHERE line = ?",
            (
                (
                    row.name,
                    row.action,
                    row.host_id,
                    row.version,
                    _encode(row.changes) if row.changes else None,
                    row.line,
                )
                for row in rows
            ),
        )

    # ---- reading

    def batches(self) -> Iterator[list[StagedRow]]:
        """Yield the good rows in order of their lines, ``BATCH`` at a time."""
        return self._batches("1")

    def _batches(self, where: str) -> Iterator[list[StagedRow]]:
        last = -1
        while True:
            found = self._db.execute(
                "SELECT line, key, fields, name, action, host_id, version, changes "  # noqa: S608 - only our own conditions
                f"FROM staged WHERE line > ? AND {where} ORDER BY line LIMIT ?",
                (last, BATCH),
            ).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [
                StagedRow(
                    line,
                    key,
                    _decode(fields),
                    name,
                    action,
                    host_id,
                    version,
                    _decode(changes) if changes else None,
                )
                for line, key, fields, name, action, host_id, version, changes in found
            ]

    def count(self, action: str) -> int:
        return self._number("SELECT count(*) FROM staged WHERE action = ?", action)

    def count_bad_rows(self) -> int:
        return self._number("SELECT count(DISTINCT line) FROM errors")

    def _number(self, statement: str, *values: str) -> int:
        [number] = self._db.execute(statement, values).fetchone()
        return int(number)

    def errors(self) -> Iterator[RowError]:
        """Yield everything that is wrong, by line."""
        for row in self._db.execute("SELECT * FROM errors ORDER BY line, rowid"):
            yield RowError(*row)
