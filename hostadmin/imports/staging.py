"""What a file states, kept in a temporary SQLite file while it is looked at.

So duplicate names, the exact plan and a million rows cost disk, not memory, and work
the same on every engine.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from ..formats.document import Observed
from ..formats.rows import GROUP, HOST, INVENTORY, RowError
from .staged_table import StagedTable, add_errors

_SCHEMA = """
PRAGMA journal_mode = OFF;  -- what is thrown away needs no care for a power cut
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;  -- nobody else has it
-- Names of bad rows: they count when a name stands there twice.
CREATE TABLE bad (
    id INTEGER PRIMARY KEY, subject TEXT, line INTEGER, key TEXT NOT NULL
);
CREATE TABLE errors (
    id INTEGER, line INTEGER, subject TEXT, name TEXT, field TEXT, message TEXT
);
-- Hosts of the inventory that the file does not list.
CREATE TABLE missing (
    id INTEGER PRIMARY KEY, version INTEGER, name TEXT, key TEXT, status TEXT
);
-- What is worth a look: kind, line and what it is, in words.
CREATE TABLE warnings (
    id INTEGER PRIMARY KEY, kind TEXT, line INTEGER, name TEXT, message TEXT, other TEXT
);
CREATE TABLE noted (name TEXT PRIMARY KEY, value TEXT);
"""


class Missing(NamedTuple):
    """A host that the file does not list."""

    id: int
    version: int
    name: str
    status: str


class Staging:
    """What one file states. Use it as a context manager: it removes its file."""

    def __init__(self, path: Path | None = None, *, is_there: bool = False) -> None:
        # Without a path, SQLite makes a file of its own and has unlinked it at once.
        # Only one thread at a time has it; which one may change.
        self._db = sqlite3.connect(
            path or "", isolation_level=None, check_same_thread=False
        )
        self._places = count(1)
        self.hosts = StagedTable(self._db, HOST, self._places)
        self.groups = StagedTable(self._db, GROUP, self._places)
        # At most one row.
        self.inventory = StagedTable(self._db, INVENTORY, self._places)
        self.observed: Observed | None = None
        # Words that a field does not take, as (field, text), and in how many rows.
        self.unknown: dict[tuple[str, str], int] = {}
        if is_there:
            self._places = count(1 + self._last_place())
        else:
            self._db.executescript(_SCHEMA)
            for table in (self.hosts, self.groups, self.inventory):
                table.create()
        self._db.execute("BEGIN")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def _last_place(self) -> int:
        [last] = self._db.execute(
            "SELECT max(coalesce((SELECT max(id) FROM staged_host), 0),"
            " coalesce((SELECT max(id) FROM staged_group), 0),"
            " coalesce((SELECT max(id) FROM errors), 0))"
        ).fetchone()
        return int(last)

    def tell(self, **values: Any) -> None:
        """Keep plain values beside the rows."""
        self._db.executemany(
            "INSERT OR REPLACE INTO noted VALUES (?, ?)",
            [(name, json.dumps(value)) for name, value in values.items()],
        )

    def noted(self, name: str, default: Any = None) -> Any:
        row = self._db.execute("SELECT value FROM noted WHERE name = ?", (name,))
        found = row.fetchone()
        return json.loads(found[0]) if found else default

    def finish(self) -> None:
        """Write all that was staged to the file, with what pages are read by."""
        for table in (self.hosts, self.groups):
            table.index_actions()
        self._db.execute("CREATE INDEX IF NOT EXISTS errors_line ON errors (line)")
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def add_errors(self, errors: Iterable[RowError]) -> None:
        """Note what is wrong with one row that is not added."""
        add_errors(self._db, next(self._places), errors)

    def count_bad_rows(self) -> int:
        [number] = self._db.execute(
            "SELECT count(*) FROM (SELECT DISTINCT id FROM errors)"
        ).fetchone()
        return int(number)

    def count_nameless_errors(self) -> int:
        [number] = self._db.execute(
            "SELECT count(DISTINCT id) FROM errors WHERE name = '' AND subject = ?",
            (HOST,),
        ).fetchone()
        return int(number)

    def errors(self) -> Iterator[RowError]:
        """Yield everything that is wrong, by line."""
        for row in self._db.execute(
            "SELECT line, name, field, message, subject FROM errors "
            "ORDER BY line, id, rowid"
        ):
            yield RowError(*row)

    def error_page(self, part: str, after: tuple[int, int], size: int) -> list[Any]:
        """Return rows of line, rowid and error behind a place, by line."""
        line, last = after
        return self._db.execute(
            "SELECT line, rowid, name, field, message, subject FROM errors"
            " WHERE (line, rowid) > (?, ?) AND instr(lower(name || message), ?)"
            " ORDER BY line, rowid LIMIT ?",
            (line, last, part, size),
        ).fetchall()

    def bad_lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with what is wrong in it, in the order of the lines."""
        yield from self._db.execute(
            "SELECT line, group_concat(field || ' ' || message, '; ') FROM errors"
            " GROUP BY line ORDER BY line"
        )

    # ---- what is missing, and what is worth a look

    def add_missing(self, rows: Iterable[tuple[int, int, str, str, str]]) -> None:
        """Add hosts as id, version, name, key and status."""
        self._db.executemany("INSERT INTO missing VALUES (?, ?, ?, ?, ?)", rows)

    def clear_missing(self) -> None:
        self._db.execute("DELETE FROM missing")

    def count_missing(self, part: str = "") -> int:
        [number] = self._db.execute(
            "SELECT count(*) FROM missing WHERE instr(key, ?)", (part,)
        ).fetchone()
        return int(number)

    def missing_page(self, part: str, after: int, size: int) -> list[Missing]:
        """Return hosts behind an id, by id."""
        rows = self._db.execute(
            "SELECT id, version, name, status FROM missing"
            " WHERE id > ? AND instr(key, ?) ORDER BY id LIMIT ?",
            (after, part, size),
        )
        return [Missing(*row) for row in rows]

    def add_warnings(self, warned: Iterable[Any]) -> None:
        """Add lines as kind, line, name, message and other."""
        self._db.executemany(
            "INSERT INTO warnings (kind, line, name, message, other)"
            " VALUES (?, ?, ?, ?, ?)",
            [(w.kind, w.line, w.name, w.message, w.other) for w in warned],
        )

    def clear_warnings(self) -> None:
        self._db.execute("DELETE FROM warnings")
        self.tell(warnings={})

    def warning_page(self, part: str, after: int, size: int) -> list[Any]:
        """Return id, kind, line, name, message and other behind an id."""
        return self._db.execute(
            "SELECT id, kind, line, name, message, other FROM warnings"
            " WHERE id > ? AND instr(lower(name || message), ?) ORDER BY id LIMIT ?",
            (after, part, size),
        ).fetchall()

    def bad_keys(self, subject: str) -> Iterator[str]:
        """Yield the keys of bad rows that have a name."""
        for (key,) in self._db.execute(
            "SELECT DISTINCT key FROM bad WHERE subject = ?", (subject,)
        ):
            yield key
