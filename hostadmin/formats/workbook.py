"""Spreadsheets: a sheet of an xlsx, xls or ods workbook, as a table."""

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import InvalidFile
from ..validation.values import quoted
from .csv_table.header import HEAD, Record, find_header
from .csv_table.seen import TableSeen
from .csv_table.table import read_rows
from .document import some
from .read_options import ReadOptions
from .rows import Row

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# How much the parts of a workbook have once they are unpacked, and how many there are.
MAX_UNPACKED = 1024**3
MAX_PARTS = 10_000
# How much memory the process takes that reads a workbook.
MAX_MEMORY = 2 * 1024**3
_MAX_STYLES = 4 * 1024**2

_PROCESS = Path(__file__).with_name("workbook_process.py")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_XLSX = ("xl/workbook.xml", "xl/workbook.bin")
# What is in an encrypted workbook of Excel.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PADDED = re.compile(rb'formatCode="0{2,}')


@dataclass
class Workbook:
    """An open file that is a workbook."""

    name: str
    source: BinaryIO
    notes: list[str] = field(default_factory=list)
    seen: TableSeen = field(default_factory=TableSeen)


def is_workbook(source: BinaryIO) -> bool:
    """Whether an open file looks like a workbook, broken or not."""
    source.seek(0)
    head = source.read(len(ZIP))
    if head == OLE:
        return True
    if head != ZIP:
        return False
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            return any(name in names for name in _XLSX) or (
                "mimetype" in names and archive.read("mimetype")[:64] == _ODS
            )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return False


def read(file: Workbook, options: ReadOptions) -> Iterator[Row]:
    """Yield the hosts of a sheet. Raises ``InvalidFile``, perhaps in the middle."""
    _check(file)
    try:
        records = _records(file, options.sheet)
        head = list(itertools.islice(records, HEAD))
        file.seen.head = head
        header = file.seen.header = find_header(head, options)
        below = [record for record in head if record[0] > header.line]
        samples = file.seen.samples = [cells for _, cells in below]
        rows = itertools.chain(below, records)
        yield from read_rows(header, rows, samples, file.notes, options, file.seen)
    except InvalidFile as error:
        text = str(error)
        raise InvalidFile(
            text if text.startswith(f"{file.name}: ") else f"{file.name}: {text}"
        ) from None


def raw_rows(file: Workbook, line: int, sheet: str) -> Iterator[Record]:
    """Yield the rows of a sheet as they are there, from a line on."""
    _check(file)
    yield from (record for record in _records(file, sheet) if record[0] >= line)


# ---- before it is read


def _check(file: Workbook) -> None:
    file.source.seek(0)
    if file.source.read(len(ZIP)) == ZIP:
        with zipfile.ZipFile(file.source) as archive:
            _check_parts(file, archive)
            _check_formats(file, archive)
    elif _is_encrypted(file.source):
        raise _protected(file)


def _check_parts(file: Workbook, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
        raise InvalidFile(
            f"{file.name}: is a workbook of over {MAX_UNPACKED:,} bytes when "
            "unpacked; save the sheet as CSV."
        )
    names = [part.filename for part in parts]
    manifest = "META-INF/manifest.xml"
    if manifest in names and b"encryption-data" in _start_of(archive, manifest):
        raise _protected(file)


def _check_formats(file: Workbook, archive: zipfile.ZipFile) -> None:
    """Tell of numbers that are shown with zeros in front, which are not in the cell."""
    styles = "xl/styles.xml"
    if styles in archive.namelist() and _PADDED.search(_start_of(archive, styles)):
        file.notes.append(
            "Some cells may show leading zeros that only their number format adds; "
            "they were read without them. To keep the zeros, format these cells as "
            "text and enter the values again."
        )


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_MAX_STYLES)


def _is_encrypted(source: BinaryIO) -> bool:
    source.seek(0)
    rest = b""
    while block := source.read(1024**2):
        if _ENCRYPTED in rest + block:
            return True
        rest = block[-len(_ENCRYPTED) :]
    return False


def _protected(file: Workbook) -> InvalidFile:
    return InvalidFile(
        f"{file.name}: is protected with a password; save it without one."
    )


# ---- reading


def _records(file: Workbook, sheet: str) -> Iterator[Record]:
    """Yield row number and cells of each row of the one sheet that is meant."""
    values = _values(file, sheet)
    found = next(values, None)
    if not isinstance(found, dict):
        raise _too_large()
    if "error" in found:
        raise InvalidFile(f"{found['error']}.")
    _check_choice(file, found, sheet)
    for batch in values:
        if batch is None:
            return
        if isinstance(batch, dict):
            raise InvalidFile(f"{batch['error']}.")
        yield from map(tuple, batch)
    raise _too_large()


def _too_large() -> InvalidFile:
    return InvalidFile(
        "needs too much memory or time to read. Remove cells far to the right or "
        "below, or save the sheet as CSV."
    )


def _check_choice(file: Workbook, found: dict[str, Any], wanted: str) -> None:
    choices, hidden = found["choices"], found["hidden"]
    file.seen.sheet, file.seen.sheets = found["sheet"] or "", found["sheets"]
    if found["sheet"] is not None:
        others = [name for name in hidden if name != found["sheet"]]
        if others:
            file.notes.append(f"Hidden sheets were not read: {some(others)}.")
        return
    if wanted:
        raise InvalidFile(
            f"--sheet: unknown sheet {quoted(wanted)}. Use one of: {some(choices)}."
        )
    if not choices:
        also = f" Hidden sheets: {some(hidden)}." if hidden else ""
        raise InvalidFile(f"The sheets of the workbook are empty.{also}")
    raise InvalidFile(
        f"has {len(choices)} sheets: {some(choices)}. Choose one with --sheet, such as "
        f"--sheet '{choices[0]}'."
    )


def _values(file: Workbook, sheet: str) -> Iterator[Any]:
    """Yield what the process prints that reads the workbook."""
    with tempfile.TemporaryFile() as copy:
        source = _with_descriptor(file.source, copy)
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        command = [sys.executable, "-I", str(_PROCESS), str(MAX_MEMORY), sheet]
        with subprocess.Popen(  # noqa: S603 - our own script
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                for line in process.stdout or ():
                    yield json.loads(line)
            finally:
                process.kill()


def _with_descriptor(source: BinaryIO, copy: BinaryIO) -> BinaryIO:
    """Return a file that another process can read."""
    try:
        source.fileno()
    except OSError:
        source.seek(0)
        while block := source.read(1024**2):
            copy.write(block)
        copy.flush()
        return copy
    return source
