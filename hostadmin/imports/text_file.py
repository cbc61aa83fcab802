"""Bytes to lines of text: encoding, limits, and refusing what is no text at all."""

import codecs
import contextlib
import io
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import InvalidFile
from ..formats.csv_table.seen import TableSeen
from ..formats.document import MAX_LINE
from ..places import COMMAND
from ..validation.values import quoted
from .encoding import decoding_error, recognise

# Where Ansible looks for more variables, beside an inventory.
VARS_FOLDERS = ("group_vars", "host_vars")
MAX_FILE = 1024**3
HEAD = 64 * 1024
BLOCK = 1024**2

# First bytes of files that people take for a table.
NOT_TEXT = (
    (b"PK\x03\x04", "a zip archive, not a workbook; unpack it first"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "a workbook; save it as CSV"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (
        b"$ANSIBLE_VAULT;",
        "encrypted with ansible-vault; decrypt it first: ansible-vault decrypt "
        f"--output - FILE | {COMMAND} hosts import -",
    ),
)
WEB_PAGE = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class TextFile:
    """A file that can be read line by line, again and again."""

    name: str
    source: BinaryIO
    encoding: str
    notes: list[str] = field(default_factory=list)
    # Of a table, as far as it was read.
    seen: TableSeen = field(default_factory=TableSeen)

    def head(self) -> str:
        """Return the first characters."""
        self.source.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        return decoder.decode(self.source.read(HEAD))

    def blocks(self) -> Iterator[str]:
        """Yield the text in pieces, wherever its lines end.

        Raises ``InvalidFile`` for what is not in this encoding.
        """
        self.source.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)()
        try:
            while block := self.source.read(BLOCK):
                yield decoder.decode(block)
            yield decoder.decode(b"", final=True)
        except UnicodeError:
            raise decoding_error(self.name, self.source, self.encoding) from None

    def lines(self) -> Iterator[str]:
        """Yield lines with their ends. Raises ``InvalidFile`` for an endless one."""
        self.source.seek(0)
        text = io.TextIOWrapper(self.source, encoding=self.encoding, newline="")
        failed = False
        try:
            number = 0
            while line := text.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
                    raise InvalidFile(
                        f"{self.name}: line {number} is over {MAX_LINE:,} characters "
                        "long; this is not a table of hosts."
                    )
                yield line
        except UnicodeError:
            failed = True
        finally:
            # The wrapper would close the file when it goes; perhaps that is done.
            with contextlib.suppress(ValueError):
                text.detach()
        if failed:
            raise decoding_error(self.name, self.source, self.encoding)


def open_text(path: str, spool: BinaryIO, encoding: str = "") -> TextFile:
    """Open a file, or the standard input for ``-``, which is copied to ``spool``.

    Raises ``InvalidFile`` when it is not there, cannot be read or is no text.
    """
    name, source = open_source(path, spool)
    try:
        return recognised(name, source, encoding)
    except BaseException:
        source.close()
        raise


def open_source(path: str, spool: BinaryIO) -> tuple[str, BinaryIO]:
    """Open a file of any kind in the same way; return what it is called, too."""
    name = "standard input" if path == "-" else path
    try:
        if path == "-":
            return name, _copied(sys.stdin.buffer, spool)
        return name, _opened(path, spool)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InvalidFile(f"{name}: {reason}.") from None
    except ValueError:
        # A name with a NUL, which no file system has.
        raise InvalidFile("The file does not exist.") from None


def recognised(name: str, source: BinaryIO, encoding: str = "") -> TextFile:
    """Return an open file as text. Raises ``InvalidFile`` when it is none.

    ``encoding`` is what somebody chose; otherwise it is recognised.
    """
    return TextFile(name, source, *_encoding(name, source, encoding))


def _copied(source: BinaryIO, spool: BinaryIO) -> BinaryIO:
    """Copy what can be read only once."""
    while block := source.read(BLOCK):
        spool.write(block)
        if spool.tell() > MAX_FILE:
            raise InvalidFile(f"The input has over {MAX_FILE:,} bytes; split it.")
    return spool


def _opened(path: str, spool: BinaryIO) -> BinaryIO:
    if Path(path).is_dir():
        raise InvalidFile(_directory(path))
    source = Path(path).open("rb")  # noqa: SIM115 - the reader closes it
    if source.seekable():
        return source
    with source:
        return _copied(source, spool)


def _directory(path: str) -> str:
    what = "is a directory; name a file."
    if any((Path(path) / name).is_dir() for name in VARS_FOLDERS):
        what = f"is an Ansible directory. {one_file_of(path)}"
    return f"{path}: {what}"


def one_file_of(path: str) -> str:
    """Return the line that makes one file of all that belongs to an inventory."""
    return (
        "Convert it to one file, and import that: ansible-inventory -i "
        f"{shlex.quote(path)} --list --export > inventory.json"
    )


def _encoding(name: str, source: BinaryIO, chosen: str) -> tuple[str, list[str]]:
    """Return the encoding and what to tell about it."""
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    if size > MAX_FILE:
        raise InvalidFile(f"{name}: has over {MAX_FILE:,} bytes; split it.")
    head = source.read(HEAD)
    if not head.strip():
        raise InvalidFile(f"{name}: is empty.")
    for magic, what in NOT_TEXT:
        if head.startswith(magic):
            raise InvalidFile(f"{name}: is {what}.")
    if chosen:
        return _chosen_encoding(chosen), []
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding, []
    _refuse_other(name, head)
    if _is_utf8(source):
        return "utf-8", []
    encoding, word = recognise(name, source)
    return encoding, [
        f"The file is not UTF-8; it was read as {encoding}. Check a word of it: "
        f"{quoted(word)}. "
        "--encoding chooses another one."
    ]


def _chosen_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except LookupError:
        raise InvalidFile(
            f"--encoding: unknown encoding {quoted(name)}. Examples: utf-8, cp1252, "
            "gb18030."
        ) from None
    if not found._is_text_encoding:
        raise InvalidFile(f"--encoding: {quoted(name)} is not a text encoding.")
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _refuse_other(name: str, head: bytes) -> None:
    if b"\0" in head:
        raise InvalidFile(
            f"{name}: is not a text file, or is UTF-16 without a byte order mark; "
            "save it as UTF-8, or name its encoding with --encoding."
        )
    # No name begins like that.
    if head.lstrip().startswith(b"<") and b"<nmaprun" not in head:
        if WEB_PAGE.search(head):
            raise InvalidFile(f"{name}: is a web page, perhaps a login page.")
        raise InvalidFile(f"{name}: is XML, but not an nmap scan.")


def _is_utf8(source: BinaryIO) -> bool:
    source.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := source.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
