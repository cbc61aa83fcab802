"""Hosts or groups of a file in a temporary SQLite file, and what becomes of each."""

import marshal
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..formats.rows import GROUP, HOST, INVENTORY, RowError
from ..validation.values import name_key

BATCH = 1_000
NEW, CHANGED, SAME = "new", "changed", "same"
# Which field names a thing of this kind.
NAMED_BY = {HOST: "hostname", GROUP: "name", INVENTORY: "name"}

_TABLE = """
CREATE TABLE staged_{subject} (
    id INTEGER PRIMARY KEY, -- the place in the file; many may be on one line
    line INTEGER NOT NULL,
    key TEXT,               -- NULL until an address gave the row its name
    implied INTEGER,        -- 1 where the file does not state the name: a host known
                            -- by its address, a group that is named by its members
    fields BLOB NOT NULL,   -- the cleaned fields
    name TEXT,              -- as the thing is or will be called
    action TEXT DEFAULT 'new', -- or changed, or same
    object_id INTEGER,
    version INTEGER,
    changes BLOB,           -- field → [from, to]
    kept BLOB               -- field → what is there and not stated
);
"""

# What every Python that runs us can read.
_MARSHAL = 4


# Several times faster than JSON. The file is ours alone, also where it is kept in the
# database, so nobody else can have written what is read back.
def _encode(value: Any) -> bytes:
    return marshal.dumps(value, _MARSHAL)


_decode = marshal.loads


def _decoded(blob: bytes | None) -> Any:
    return None if blob is None else _decode(blob)


@dataclass(slots=True)
class Staged:
    """Something good that the file states and, once planned, what becomes of it."""

    id: int
    line: int
    key: str
    fields: dict[str, Any]
    name: str = ""
    action: str = ""
    object_id: int = 0
    version: int = 0
    changes: dict[str, list[Any]] | None = None
    kept: dict[str, Any] | None = None


def add_errors(
    database: sqlite3.Connection, place: int, errors: Iterable[RowError]
) -> None:
    """Note what is wrong with the row at a place in the file."""
    for e in errors:
        database.execute(
            "INSERT INTO errors VALUES (?, ?, ?, ?, ?, ?)",
            (place, e.line, e.subject, e.name, e.field, e.message),
        )
        if e.name:
            key = name_key(e.name) if e.subject == HOST else e.name
            database.execute(
                "INSERT OR IGNORE INTO bad VALUES (?, ?, ?, ?)",
                (place, e.subject, e.line, key),
            )


def _staged(place: int, line: int, key: str, fields: bytes, *rest: Any) -> Staged:
    name, action, object_id, version, changes, kept = rest
    return Staged(
        *(place, line, key, _decode(fields), name, action, object_id, version),
        changes=_decoded(changes),
        kept=_decoded(kept),
    )


class StagedTable:
    """The hosts of a file, or its groups."""

    # The SQL is put together from our own words only.
    # ruff: noqa: S608

    def __init__(
        self, database: sqlite3.Connection, subject: str, places: Iterator[int]
    ) -> None:
        self._db = database
        self.subject = subject
        self._table = f"staged_{subject}"
        self._places = places

    def create(self) -> None:
        self._db.executescript(_TABLE.format(subject=self.subject))

    def _script(self, text: str) -> None:
        """Run statements; what follows is in one transaction again."""
        self._db.executescript(text)
        self._db.execute("BEGIN")

    # ---- filling

    def add(self, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Add rows of line and cleaned fields."""
        by = NAMED_BY[self.subject]
        to_key = name_key if self.subject == HOST else str
        self._insert(
            (line, name and to_key(name), name, name is None, fields)
            for line, fields in rows
            for name in [fields.get(by)]
        )

    def add_implied(self, names: Mapping[str, int]) -> None:
        """Add rows that state nothing but a name, given as name → line."""
        self._index()
        known = {
            name
            for name in names
            if self._db.execute(
                f"SELECT 1 FROM {self._table} WHERE key = ?", (name,)
            ).fetchone()
        }
        self._insert(
            (line, name, name, True, {})
            for name, line in names.items()
            if name not in known
        )

    def drop_implied(self) -> None:
        self._db.execute(f"DELETE FROM {self._table} WHERE implied")

    def _insert(
        self, rows: Iterable[tuple[int, str | None, str | None, bool, dict[str, Any]]]
    ) -> None:
        self._db.executemany(
            f"INSERT INTO {self._table} (id, line, key, name, implied, fields) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                (next(self._places), line, key, name, implied, _encode(fields))
                for line, key, name, implied, fields in rows
            ),
        )

    def _index(self) -> None:
        self._db.execute(
            f"CREATE INDEX IF NOT EXISTS {self._table}_key ON {self._table} (key)"
        )

    # ---- planning

    def begin(self) -> None:
        """Forget what was decided: all is new unless it is decided otherwise."""
        self._db.execute(
            f"UPDATE {self._table} SET action = 'new', object_id = NULL, "
            "version = NULL, changes = NULL, kept = NULL "
            "WHERE action <> 'new' OR changes IS NOT NULL"
        )

    def nameless(self) -> Iterator[list[Staged]]:
        """Yield the rows that only an address tells apart."""
        return self._batches("implied")

    def stated(self) -> Iterator[list[Staged]]:
        """Yield the rows whose name the file states."""
        return self._batches("NOT implied")

    def name(self, rows: Iterable[Staged]) -> None:
        """Save the keys and fields of rows that got a name."""
        self._db.executemany(
            f"UPDATE {self._table} SET key = ?, name = ?, fields = ? WHERE id = ?",
            [(row.key, row.name, _encode(row.fields), row.id) for row in rows],
        )

    def refuse_doubles(self) -> None:
        """Turn rows whose name is in the file twice into errors that name both.

        Which of the two is right is not ours to say.
        """
        self._index()
        self._script(
            "CREATE TEMP TABLE named AS"
            f"  SELECT key, id, line FROM {self._table} UNION ALL"
            f"  SELECT key, id, line FROM bad WHERE subject = '{self.subject}';"
            "CREATE TEMP TABLE doubles AS"
            "  SELECT key, min(id) AS first, 0 AS second FROM named"
            "  GROUP BY key HAVING count(*) > 1;"
            "CREATE INDEX temp.named_key ON named (key, id, line);"
            "CREATE UNIQUE INDEX temp.doubles_key ON doubles (key);"
            "UPDATE doubles SET second = (SELECT min(id) FROM named"
            "  WHERE named.key = doubles.key AND id > first);"
        )
        # Every row but the first names the first, and the first names the second.
        found = self._db.execute(
            "SELECT s.id, s.line, s.name, s.implied, o.line FROM doubles d"
            f" JOIN {self._table} s ON s.key = d.key JOIN named o ON o.key = d.key"
            " AND o.id = CASE WHEN s.id > d.first THEN d.first ELSE d.second END"
            " ORDER BY s.id"
        )
        one = f"use one {'row ' if self.subject == HOST else ''}per {self.subject}."
        by = NAMED_BY[self.subject]
        for place, line, name, implied, other in found:
            # No name is in the file where the address stands for it.
            field = "ip_addr" if implied else by
            where = (
                "a duplicate in the same line"
                if other == line
                else f"a duplicate of line {other}"
            )
            message = f"is {where}; {one}"
            error = RowError(line, name, field, message, self.subject)
            add_errors(self._db, place, [error])
        self._script(
            f"DELETE FROM {self._table} WHERE key IN (SELECT key FROM doubles);"
            "DROP TABLE doubles; DROP TABLE named;"
        )

    def reject(self, row: Staged, errors: Iterable[RowError]) -> None:
        """Take a row out and note why."""
        self._db.execute(f"DELETE FROM {self._table} WHERE id = ?", (row.id,))
        add_errors(self._db, row.id, errors)

    def decide(self, rows: Iterable[Staged]) -> None:
        """Save what becomes of rows. Most of a first import are just new."""
        self._db.executemany(
            f"UPDATE {self._table} SET name = ?, action = ?, object_id = ?, "
            "version = ?, changes = ?, kept = ? WHERE id = ?",
            (
                (
                    row.name,
                    row.action,
                    row.object_id,
                    row.version,
                    _encode(row.changes) if row.changes else None,
                    _encode(row.kept) if row.kept else None,
                    row.id,
                )
                for row in rows
                if row.action != NEW or row.changes
            ),
        )

    # ---- reading

    def batches(self) -> Iterator[list[Staged]]:
        """Yield the good rows in the order of the file, ``BATCH`` at a time."""
        return self._batches("1")

    def with_action(self, action: str) -> Iterator[list[Staged]]:
        """Yield the rows with this action, in the order of the file."""
        return self._batches(f"action = '{action}'")

    def rename(self, names: Mapping[str, str]) -> None:
        """Take rows for hosts of another name, given as name → the other one."""
        self._index()
        for name, other in names.items():
            found = self._read(
                "key = :key", {"last": -1, "size": 1, "key": name_key(name)}
            )
            for row in found:
                row.key, row.name = name_key(other), other
                row.fields["hostname"] = other
            self.name(found)

    def keeping(self, limit: int) -> list[Staged]:
        """Return the first rows about which more is known than the file states."""
        for batch in self._batches("kept IS NOT NULL", limit):
            return batch
        return []

    def _batches(self, where: str, size: int = BATCH) -> Iterator[list[Staged]]:
        last = -1
        while found := self._read(where, {"last": last, "size": size}):
            last = found[-1].id
            yield found

    def _read(self, where: str, values: dict[str, Any]) -> list[Staged]:
        rows = self._db.execute(
            "SELECT id, line, key, fields, name, action, object_id, version, "
            f"changes, kept FROM {self._table} WHERE id > :last AND {where} "
            "ORDER BY id LIMIT :size",
            values,
        )
        return [_staged(*row) for row in rows]

    def index_actions(self) -> None:
        """Let pages of the plan be read by what becomes of the rows."""
        self._index()
        self._db.execute(
            f"CREATE INDEX IF NOT EXISTS {self._table}_action"
            f" ON {self._table} (action, id)"
        )

    def page(self, action: str, part: str, after: int, size: int) -> list[Staged]:
        """Return rows with this action whose key has this part, in their order."""
        where = f"action = '{action}'"
        if part:
            where += " AND instr(key, :part)"
        return self._read(where, {"last": after, "size": size, "part": part})

    def count(self, action: str) -> int:
        return self._number("action = ?", action)

    def count_stated(self, action: str) -> int:
        return self._number("action = ? AND NOT implied", action)

    def count_keeping(self) -> int:
        return self._number("kept IS NOT NULL")

    def named(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that a row has, to the letter."""
        self._index()
        to_key = name_key if self.subject == HOST else str
        return [
            name
            for name in names
            if self._number("key = ? AND name = ?", to_key(name), name)
        ]

    def holds(self, key: str) -> bool:
        return bool(self._number("key = ?", key))

    def held(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys that a row has."""
        marks = ", ".join("?" * len(keys))
        rows = self._db.execute(
            f"SELECT key FROM {self._table} WHERE key IN ({marks})", keys
        )
        return {key for (key,) in rows}

    # ---- what differs from the plan before

    def remember(self) -> None:
        """Keep what was decided, before it is decided again."""
        self._script(
            "DROP TABLE IF EXISTS before;"
            f"CREATE TABLE before AS SELECT id, name, action, changes"
            f" FROM {self._table};"
            "CREATE UNIQUE INDEX before_id ON before (id);"
        )

    def differences(self, most: int) -> tuple[int, list[tuple[str, str, str]]]:
        """Return how many rows are decided otherwise, and some: name, was, is.

        What is no good row any more is bad.
        """
        where = (
            f"FROM before b LEFT JOIN {self._table} s ON s.id = b.id"
            " WHERE s.id IS NULL OR s.action <> b.action OR s.changes IS NOT b.changes"
        )
        [count] = self._db.execute(f"SELECT count(*) {where}").fetchone()
        rows = self._db.execute(
            f"SELECT b.name, b.action, coalesce(s.action, 'bad') {where}"
            " ORDER BY b.id LIMIT ?",
            (most,),
        ).fetchall()
        self._db.execute("DROP TABLE before")
        return int(count), rows

    def _number(self, where: str, *values: str) -> int:
        [number] = self._db.execute(
            f"SELECT count(*) FROM {self._table} WHERE {where}", values
        ).fetchone()
        return int(number)
