"""Tables of text: CSV as spreadsheets and other inventories write it, and our own."""

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...errors import FieldError, InvalidFile, InvalidValue
from ...formatting import counted
from ...validation.values import quoted
from ..ansible.fields import as_plain_text
from ..document import MAX_EMPTY, NOTHING_STATED
from ..rows import ROW, Row
from .cells import BLANKS, READ, as_it_is, unguarded
from .columns import EXAMPLE, Columns, find_columns, is_header, known_field

DELIMITERS = ",;\t|"
MAX_CELL = 128 * 1024

# ---- reading


def read(name: str, lines: Iterable[str], notes: list[str]) -> Iterator[Row]:
    """Yield the rows of a table, given as lines with their ends.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    numbered = _Lines(iter(lines))
    try:
        line, headers, delimiter = _find_header(numbered)
        try:
            columns = find_columns(headers, notes)
        except InvalidFile as error:
            raise InvalidFile(f"Line {line}: {error}") from None
        yield from _rows(numbered, columns, delimiter)
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
        return line


def _find_header(lines: _Lines) -> tuple[int, list[str], str]:
    """Return the header's line and cells, and the delimiter.

    Before the header there may be comments, the #TYPE line of PowerShell, blank lines
    and Excel's "sep=;".
    """
    delimiter = ""
    for line in lines:
        number = lines.number
        if number > MAX_EMPTY:
            raise InvalidFile(f"Line {number}: {NOTHING_STATED}")
        text = line.strip(BLANKS + '\r\n"')
        if not text.strip(DELIMITERS) or text.startswith("#"):
            continue
        if re.fullmatch(r"sep=[,;\t|]", text, re.IGNORECASE):
            delimiter = text[-1]
            continue
        delimiter = delimiter or _delimiter_of(line)
        reader = csv.reader(
            itertools.chain([line], lines), delimiter=delimiter, strict=True
        )
        try:
            headers = [cell.strip() for cell in next(reader)]
        except csv.Error as error:
            raise InvalidFile(
                f"Line {number}: the header cannot be read: {_in_words(error)}"
            ) from None
        while headers and not headers[-1]:
            headers.pop()
        return number, headers, delimiter
    raise InvalidFile(
        f"There are no hosts and no header in the file. A header is such as {EXAMPLE}"
    )


def _delimiter_of(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    # The first of the list where none is there.
    return max(DELIMITERS, key=bare.count)


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "limit" in text:
        return f"a cell is over {MAX_CELL // 1024} KiB; a quotation mark may be open."
    if "end of data" in text:
        return "a quotation mark is opened and never closed."
    if "new-line" in text or "newline" in text:
        return "has a line end inside a cell; put the cell in quotation marks."
    return (
        "has text after a closing quotation mark; inside of a quoted cell, write each "
        "quotation mark twice."
    )


def _rows(lines: _Lines, columns: Columns, delimiter: str) -> Iterator[Row]:
    table = _Table(columns)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    stated = lines.number
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
            yield Row(line, {}, (FieldError(ROW, _in_words(error)),))
            continue
        row = table.row(line, cells) if any(cells) else None
        if row is not None:
            stated = lines.number
            yield row
        elif lines.number - stated > MAX_EMPTY:
            raise InvalidFile(f"Line {lines.number}: {NOTHING_STATED}")


@dataclass(frozen=True, slots=True)
class _Cell:
    index: int
    name: str
    read: Callable[[str], object]


class _Table:
    """Turns cells into rows, by the columns that the header named."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._width = len(columns.headers)
        self._fields = [
            _Cell(index, field, READ.get(field, as_it_is))
            for field, index in columns.fields.items()
        ]
        self._variables = [(index, name) for name, index in columns.variables.items()]
        host = columns.fields.get("ip_addr")
        is_ansible = host is not None and "ansible" in columns.headers[host].casefold()
        self._ansible_host = (
            columns.headers[host] if host is not None and is_ansible else ""
        )

    def row(self, line: int, cells: list[str]) -> Row | None:
        if len(cells) != self._width and (problem := self._width_problem(cells)):
            if len(cells) == 1 and cells[0].startswith("#"):
                return None
            return Row(line, {}, (problem,))
        if known_field(cells[0]) and is_header(cells):
            if [cell.strip() for cell in cells[: self._width]] == list(
                self._columns.headers
            ):
                return None
            raise InvalidFile(
                f"Line {line} is the header of a second table; "
                "make a file of its own for each."
            )
        return self._row(line, cells)

    def _width_problem(self, cells: list[str]) -> FieldError | None:
        if len(cells) > self._width and not any(cells[self._width :]):
            return None
        return FieldError(
            ROW,
            f"has {counted(len(cells), 'cell')}, the header "
            f"{counted(self._width, 'column')}. A cell that holds the delimiter must "
            "be in quotation marks.",
        )

    def _row(self, line: int, cells: Sequence[str]) -> Row | None:
        given: dict[str, object] = {}
        errors: list[FieldError] = []
        for cell in self._fields:
            text = cells[cell.index]
            # Notes are kept exactly, hence even blanks count there.
            if not text or (cell.name != "notes" and text.isspace()):
                continue
            try:
                given[cell.name] = cell.read(
                    unguarded(text) if text[0] == "'" else text
                )
            except InvalidValue as error:
                errors.append(FieldError(cell.name, str(error)))
        if self._ansible_host:
            self._move_ansible_host(given)
        self._add_variables(given, errors, cells)
        for index in self._columns.nameless:
            if cells[index].strip():
                errors.append(
                    FieldError(
                        ROW, f"cell {index + 1} stands in a column without name."
                    )
                )
        if not given and not errors:
            return None
        return Row(line, given, tuple(errors))

    def _move_ansible_host(self, given: dict[str, object]) -> None:
        """Keep a name in ansible_host as a variable: only an IP is an address."""
        text = given.get("ip_addr")
        if isinstance(text, str) and not re.fullmatch(r"[\d.]+|[\da-fA-F:.]*:.*", text):
            given["vars"] = {self._ansible_host: given.pop("ip_addr")}

    def _add_variables(
        self, given: dict[str, object], errors: list[FieldError], cells: Sequence[str]
    ) -> None:
        found: dict[str, object] = {}
        for index, name in self._variables:
            text = cells[index].strip(BLANKS)
            if text:
                text = unguarded(text) if text[0] == "'" else text
                found[name] = as_plain_text(text)
        stated = given.get("vars", {})
        if not found or not isinstance(stated, dict):
            return
        for name in found.keys() & stated.keys():
            errors.append(
                FieldError("vars", f"{quoted(name)} is also a column of its own.")
            )
        given["vars"] = {**stated, **found}
