"""Tables of text: CSV as spreadsheets and other inventories write it, and our own."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from ...errors import InvalidFile, after_field
from ..document import MAX_EMPTY, NOTHING_STATED
from ..read_options import ReadOptions
from ..rows import Row
from .cells import BLANKS
from .header import HEAD, NOTHING, Header, Record, find_header
from .seen import TableSeen
from .table import Cells, read_rows

DELIMITERS = ",;\t|"
MAX_CELL = 128 * 1024
# How much of a table is looked at to understand it.
_MAX_HEAD = 1024**2
_SEP = re.compile(r"sep=([,;\t|])", re.IGNORECASE)


def read(
    name: str,
    lines: Iterable[str],
    notes: list[str],
    options: ReadOptions = ReadOptions(),  # noqa: B008 - it is frozen
    seen: TableSeen | None = None,
) -> Iterator[Row]:
    """Yield the rows of a table, given as lines with their ends.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell,
    ``seen`` what there is.
    """
    numbered = _Lines(iter(lines))
    seen = seen or TableSeen()
    try:
        header = _understand(numbered, options, seen)
        records = _records(numbered, seen.delimiter)
        if header.line:
            header = _strictly(header, numbered, seen.delimiter)
        yield from read_rows(header, records, seen.samples, notes, options, seen)
    except InvalidFile as error:
        text = str(error)
        raise InvalidFile(
            text if text.startswith(f"{name}: ") else f"{name}: {text}"
        ) from None


class _Lines:
    """Lines with the number of the last one that was taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        # Two exports that were put together have a second mark in the middle.
        return line[1:] if line[0] == "\ufeff" else line

    def put_back(self, lines: Sequence[str]) -> None:
        self._lines = itertools.chain(lines, self._lines)
        self.number -= len(lines)


def raw_rows(lines: Iterable[str], line: int, delimiter: str) -> Iterator[Cells]:
    """Yield the rows of a table as they are there, from a line on."""
    numbered = _Lines(iter(lines))
    while numbered.number < line - 1 and next(numbered, None):
        pass
    yield from _records(numbered, delimiter)


def _understand(lines: _Lines, options: ReadOptions, seen: TableSeen) -> Header:
    """Return the header, and note the delimiter and the first rows.

    The lines go on with the header.
    """
    delimiter, first = _skip_empty(lines, options)
    begin = lines.number + 1
    head = [first]
    size = len(first)
    while len(head) < HEAD and size < _MAX_HEAD and (line := next(lines, None)):
        head.append(line)
        size += len(line)
    lines.number = begin - 1 + len(head)
    chosen = options.delimiter or delimiter
    parsed = {sign: _parsed(head, begin, sign) for sign in (chosen or DELIMITERS)}
    seen.delimiter = _delimiter_of(head, parsed)
    seen.head = parsed[seen.delimiter]
    sign, header = _best(parsed, options, head)
    lines.put_back(head[max(0, header.line - begin) :])
    seen.delimiter, seen.header, seen.head = sign, header, parsed[sign]
    seen.samples = [
        cells
        for line, cells in parsed[sign]
        if line > header.line and any(map(str.strip, cells))
    ]
    return header


def _skip_empty(lines: _Lines, options: ReadOptions) -> tuple[str, str]:
    """Return the delimiter that Excel's "sep=;" states, and the first line after it.

    Before the header there may be comments, the #TYPE line of PowerShell, and blank
    lines.
    """
    delimiter = ""
    for line in lines:
        if lines.number > MAX_EMPTY:
            raise InvalidFile(f"Line {lines.number}: {NOTHING_STATED}")
        text = line.strip(BLANKS + '\r\n"')
        if stated := _SEP.fullmatch(text):
            delimiter = stated[1]
        elif text.strip(DELIMITERS) and not _is_comment(text):
            lines.number -= 1
            return delimiter, line
        elif options.header_row == lines.number:
            break
    raise InvalidFile(NOTHING)


def _is_comment(text: str) -> bool:
    """Whether a line is a comment that cannot be a header."""
    return text.startswith("#") and not any(sign in text for sign in DELIMITERS)


def _parsed(head: Sequence[str], begin: int, delimiter: str) -> list[Record]:
    """Return the first rows, as far as they can be understood."""
    reader = csv.reader(head, delimiter=delimiter)
    found: list[Record] = []
    line = begin
    try:
        for cells in reader:
            if cells:
                found.append((line, cells))
            line = begin + reader.line_num
    except csv.Error:
        pass
    return found


def _best(
    parsed: dict[str, list[Record]], options: ReadOptions, head: Sequence[str]
) -> tuple[str, Header]:
    """Return the delimiter with the best header, and that header."""
    found: dict[str, Header] = {}
    refusals: dict[str, InvalidFile] = {}
    for sign, records in parsed.items():
        try:
            found[sign] = find_header(records, options)
        except InvalidFile as error:
            refusals[sign] = error
    if not found:
        raise refusals[_delimiter_of(head, refusals)]

    def quality(sign: str) -> tuple[int, int]:
        header = found[sign]
        return header.known, len(header.cells)

    # The first of the list where none is there.
    sign = max(found, key=quality)
    return sign, found[sign]


def _delimiter_of(head: Sequence[str], possible: Iterable[str]) -> str:
    line = next(line for line in head if line.strip(BLANKS + DELIMITERS + '\r\n"'))
    return max(possible, key=re.sub(r'"[^"]*"', "", line).count)


def _strictly(header: Header, lines: _Lines, delimiter: str) -> Header:
    """Take the lines of the header, with the rules that hold for all rows."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidFile(
            f"Line {header.line}, the header{after_field(_in_words(error))}"
        ) from None
    return header


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "limit" in text:
        return f"a cell is over {MAX_CELL // 1024} KiB; a quotation mark may be open."
    if "end of data" in text:
        return "a quotation mark is not closed."
    if "new-line" in text or "newline" in text:
        return "has a line break inside a cell; put the cell in quotation marks."
    return (
        "has text after a closing quotation mark; inside a quoted cell, write each "
        "quotation mark twice."
    )


def _records(lines: _Lines, delimiter: str) -> Iterator[Cells]:
    """Yield line and cells of each row, or what is wrong with it."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # What follows would be read out of step.
            if "limit" in str(error) or "end of data" in str(error):
                raise InvalidFile(f"Line {line}: {_in_words(error)}") from None
            yield line, _in_words(error)
        else:
            yield line, cells
