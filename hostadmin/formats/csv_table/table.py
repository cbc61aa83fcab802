"""Rows of cells to hosts, for tables of every kind."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...errors import FieldError, InvalidFile, InvalidValue
from ...formatting import counted
from ...validation.values import fold, quoted
from ..ansible.fields import as_plain_text
from ..document import MAX_EMPTY, NOTHING_STATED
from ..read_options import ReadOptions
from ..rows import ADDED_TO, ROW, Row
from .aliases import KNOWN, NAMING, reduced
from .cells import BLANKS, READ, Read, as_it_is, is_literal, unguarded
from .columns import Columns, find_columns
from .header import Header, header_cells, skipped_note
from .headings import Headings
from .name_column import SeveralNames
from .placeholders import BEGINNINGS, is_placeholder
from .remarks import Remarks
from .seen import TableSeen

# The line of a row, and its cells or what is wrong with them.
Cells = tuple[int, list[str] | str]

_DIGIT = re.compile(r"\d|.{65}")
# What cells begin with that are guarded, blank or placeholders.
_ODD = BEGINNINGS | frozenset({"'", *BLANKS, "\n", "\r", "\v", "\f"})
# Notes are kept exactly; of the others, the readers say what is wrong.
_LITERAL = frozenset({"notes", "vars", "ip_addr"})


def read_rows(
    header: Header,
    records: Iterable[Cells],
    samples: Sequence[Sequence[str]],
    notes: list[str],
    options: ReadOptions,
    seen: TableSeen,
) -> Iterator[Row]:
    """Yield the hosts of a table, given as the rows below its header.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    if header.skipped:
        notes.append(skipped_note(header))
    try:
        columns = find_columns(header.cells, samples, options, notes)
        seen.columns = columns
    except InvalidFile as error:
        if isinstance(error, SeveralNames):
            seen.candidates = error.candidates
        place = f"Line {header.line}: " if header.line else ""
        raise InvalidFile(f"{place}{error}") from None
    table = _Table(columns, samples, options)
    stated = header.line
    for line, cells in records:
        if isinstance(cells, str):
            row: Row | None = Row(line, {}, (FieldError(ROW, cells),))
        else:
            row = table.row(line, cells)
        if row is not None:
            stated = line
            yield row
        elif line - stated > MAX_EMPTY:
            raise InvalidFile(f"Line {line}: {NOTHING_STATED}")
    notes += table.remarks.notes()


@dataclass(frozen=True, slots=True)
class _Cell:
    index: int
    name: str
    read: Read
    # Kept as it is unless it looks odd, which saves half of the time.
    is_plain: bool


class _Table:
    """Turns cells into rows, by the columns that the header named."""

    def __init__(
        self,
        columns: Columns,
        samples: Sequence[Sequence[str]],
        options: ReadOptions,
    ) -> None:
        self.remarks = Remarks()
        self._columns = columns
        self._width = len(columns.headers)
        self._values = options.values
        self._keeps_placeholders = options.keep_placeholders
        joined = columns.fields.get("hostname", ())
        self._joined = joined if len(joined) > 1 else ()
        self._fields = [
            _Cell(
                index,
                field,
                READ.get(field, as_it_is),
                field not in READ and field not in options.values,
            )
            for field, indexes in columns.fields.items()
            for index in indexes
            if index not in self._joined
        ]
        self._variables = [(index, name) for name, index in columns.variables.items()]
        self._key = next(iter(columns.fields.values()))[0]
        self._key_header = columns.headers[self._key].casefold()
        self._headings = Headings(columns, samples, options)
        self._after_blank = False
        host = columns.fields.get("ip_addr", (0,))[0]
        is_ansible = "ansible" in columns.headers[host].casefold()
        self._ansible_host = (
            columns.headers[host] if "ip_addr" in columns.fields and is_ansible else ""
        )

    def row(self, line: int, cells: list[str]) -> Row | None:
        if not any(cells):
            self._after_blank = True
            return None
        self.remarks.line = line
        if cells[0][:1] == "#" and self._is_comment(cells):
            return None
        if len(cells) != self._width and (problem := self._width_problem(cells)):
            return Row(line, {}, (problem,))
        if self._is_header(line, cells):
            return None
        self._after_blank = False
        return self._row(line, cells)

    def _is_comment(self, cells: Sequence[str]) -> bool:
        if not any(map(str.strip, cells[1:])):
            return True
        if self._key == 0:
            self.remarks.add("comment", cells[0])
        return self._key == 0

    def _is_header(self, line: int, cells: Sequence[str]) -> bool:
        """Whether the header is repeated. Raises ``InvalidFile`` for another one."""
        text = cells[self._key].strip("\ufeff" + BLANKS)
        own = text.casefold() == self._key_header
        # Hardly a heading has a digit in it, and hardly a name has none.
        if not own and (_DIGIT.search(text) or reduced(text) not in NAMING):
            return False
        heads = header_cells(cells)
        if [h.casefold() for h in heads] == [
            h.casefold() for h in self._columns.headers
        ]:
            return True
        if own or self._is_another_header(heads):
            raise InvalidFile(
                f"Line {line} is the header of a second table; "
                "split the file into one for each table."
            )
        return False

    def _is_another_header(self, heads: Sequence[str]) -> bool:
        filled = [head for head in heads if head]
        if len(filled) < 2:
            return False
        return self._after_blank or all(reduced(head) in KNOWN for head in filled)

    def _width_problem(self, cells: list[str]) -> FieldError | None:
        if len(cells) > self._width and not any(cells[self._width :]):
            return None
        return FieldError(
            ROW,
            f"has {counted(len(cells), 'cell')}, but the header has "
            f"{counted(self._width, 'column')}. A cell that holds the delimiter must "
            "be in quotation marks.",
        )

    def _row(self, line: int, cells: Sequence[str]) -> Row | None:
        given: dict[str, object] = {}
        errors: list[FieldError] = []
        if self._joined:
            parts = [cells[i].strip(BLANKS) for i in self._joined]
            given["hostname"] = "-".join(filter(None, parts))
        self._put_fields(given, errors, cells)
        if self._ansible_host:
            self._move_ansible_host(given)
        self._add_variables(given, errors, cells)
        if self._columns.nameless:
            self._check_nameless(errors, cells)
        if not given and not errors:
            return None
        if given.keys() == {"hostname"} and not errors:
            return self._headings.row(line, given, cells, self.remarks)
        return Row(line, given, tuple(errors))

    def _put_fields(
        self, given: dict[str, object], errors: list[FieldError], cells: Sequence[str]
    ) -> None:
        for cell in self._fields:
            text = cells[cell.index]
            if cell.is_plain and text and text[0] not in _ODD and "'" not in text:
                given[cell.name] = text
                continue
            # Notes are kept exactly, hence even blanks count there.
            if not text or (cell.name != "notes" and text.isspace()):
                continue
            try:
                self._put(given, cell, text)
            except InvalidValue as error:
                word = text.strip() if is_placeholder(text) else ""
                errors.append(FieldError(cell.name, str(error), word))

    def _put(self, given: dict[str, object], cell: _Cell, text: str) -> None:
        name = cell.name
        known = self._values.get(name)
        if known and (found := known.get(fold(text.strip(BLANKS)))) is not None:
            text = found
            if not text:
                return
        elif is_literal(text) or name in _LITERAL or not self._is_empty(text):
            text = unguarded(text)
        else:
            return
        value = cell.read(text, self.remarks)
        if isinstance(value, list):
            _add_list(given, name, value, known or {})
        elif name in given and name == "ip_addr":
            _add_list(given, "addresses", [str(value)], {})
        else:
            given[name] = value

    def _is_empty(self, text: str) -> bool:
        if self._keeps_placeholders or not is_placeholder(text):
            return False
        self.remarks.add("placeholder", text)
        return True

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
            if not text:
                continue
            if text[0] == "'" or not self._is_empty(text):
                found[name] = as_plain_text(unguarded(text))
        stated = given.get("vars", {})
        if not found or not isinstance(stated, dict):
            return
        for name in found.keys() & stated.keys():
            errors.append(
                FieldError("vars", f"{quoted(name)} is also a column of its own.")
            )
        given["vars"] = {**stated, **found}

    def _check_nameless(self, errors: list[FieldError], cells: Sequence[str]) -> None:
        for index in self._columns.nameless:
            if cells[index].strip():
                errors.append(
                    FieldError(ROW, f"cell {index + 1} is in a column without a name.")
                )


def _add_list(
    given: dict[str, object], name: str, items: list[str], values: Mapping[str, str]
) -> None:
    """Add items to a list; of several addresses, the first is the main one."""
    if values:
        items = [values.get(fold(item), item) for item in items]
        items = [item for item in items if item]
    if name not in ADDED_TO:
        if name not in given:
            given[name] = items.pop(0)
        name = "addresses"
    there = given.get(name)
    given[name] = [*there, *items] if isinstance(there, list) else items
