"""The file of a backup: compressed lines of JSON, one for each row, and a checksum.

The first line says what is in it: the schema, when it was read, the tables. An object
begins a table, lists are its rows. The last line has the checksum over all rows; that
of the compression holds the file together, its first line included.
"""

import gzip
import json
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..clock import utcnow
from ..db import schema
from ..errors import InvalidFile
from ..limits import limits
from .rows import Begin, Digest, Parts, line_of, lines_of, read_parts
from .shapes import Shape, from_json, kept_shapes, to_json
from .snapshot import at_one_moment

FORMAT = 1
SUFFIX = ".hostadmin-backup"
NOT_OURS = "This is not a backup of hostadmin."
DAMAGED = "The backup is damaged or incomplete. Nothing was restored; use another copy."
NEWER = "The backup was made by a newer version of hostadmin; install that version."
_FORMAT, _SCHEMA, _MADE, _TABLES = "hostadmin_backup", "schema", "made", "tables"
# How each file begins: compressed, without a name and a time.
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 4
# No row is longer.
_LONGEST = 16 * 2**20


@dataclass(frozen=True)
class Contents:
    """What the first and the last line of a whole file say."""

    schema: str
    made: datetime
    shapes: list[Shape]
    rows: int
    digest: str


# ---- writing


class _Pipe:
    """A file that gives back what was written to it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Keep nothing back."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def write_archive(engine: sa.Engine) -> Generator[bytes]:
    """Yield the file, read in one transaction that sees one moment."""
    pipe: Any = _Pipe()
    with gzip.GzipFile("", "wb", _LEVEL, pipe, mtime=0) as packed:
        for data in _lines(engine):
            packed.write(data)
            if some := pipe.take():
                yield some
    yield pipe.take()


def _lines(engine: sa.Engine) -> Iterator[bytes]:
    shapes, digest = kept_shapes(), Digest()
    with at_one_moment(engine) as connection:
        yield line_of(
            {
                _FORMAT: FORMAT,
                _SCHEMA: schema.newest_revision(),
                _MADE: utcnow().isoformat(timespec="seconds"),
                _TABLES: [to_json(shape) for shape in shapes],
            }
        ).encode()
        for part in read_parts(connection, shapes):
            if isinstance(part, Begin):
                digest.begin(part.shape.name)
                table = {"table": part.shape.name, "last_id": part.last_id}
                yield line_of(table).encode()
            else:
                lines = lines_of(part)
                digest.add(lines)
                yield lines
    yield line_of({"rows": digest.rows, "digest": digest.text()}).encode()


# ---- reading


def check_archive(path: Path) -> Contents:
    """Read all of a file; raise ``InvalidFile`` unless it is whole and ours."""
    with path.open("rb") as file:
        if file.read(len(_HEAD)) != _HEAD:
            raise InvalidFile(NOT_OURS)
    try:
        return _checked(path)
    except (ValueError, KeyError, TypeError):
        # The sum of the compression is looked at last.
        raise InvalidFile(DAMAGED) from None


def _checked(path: Path) -> Contents:
    digest = Digest()
    lines = _read_lines(path)
    first, last = _first(next(lines, b"")), b""
    for line in lines:
        if last:
            # Something follows the end.
            raise InvalidFile(DAMAGED)
        if line.startswith(b"["):
            digest.add(line)
        elif line.startswith(b'{"table"'):
            digest.begin(json.loads(line)["table"])
        else:
            last = line
    if last != line_of({"rows": digest.rows, "digest": digest.text()}).encode():
        raise InvalidFile(DAMAGED)
    return Contents(
        schema=first[_SCHEMA],
        made=datetime.fromisoformat(first[_MADE]),
        shapes=[from_json(table) for table in first[_TABLES]],
        rows=digest.rows,
        digest=digest.text(),
    )


def read_archive(path: Path, contents: Contents) -> Parts:
    """Yield what is in a file that was checked."""
    shapes = {shape.name: shape for shape in contents.shapes}
    rows: list[Any] = []
    for line in _read_lines(path):
        value = json.loads(line)
        if isinstance(value, list):
            rows.append(value)
        if rows and (isinstance(value, dict) or len(rows) == limits.backup_batch):
            yield rows
            rows = []
        if isinstance(value, dict) and "table" in value:
            yield Begin(shapes[value["table"]], value["last_id"])


def _first(line: bytes) -> dict[str, Any]:
    try:
        first = json.loads(line)
        number = int(first[_FORMAT])
    except (ValueError, KeyError, TypeError):
        raise InvalidFile(NOT_OURS) from None
    if number > FORMAT or not schema.is_known(first.get(_SCHEMA)):
        raise InvalidFile(NEWER)
    return dict(first)


def _read_lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) as file:
            while line := file.readline(_LONGEST):
                yield line
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InvalidFile(DAMAGED) from None
