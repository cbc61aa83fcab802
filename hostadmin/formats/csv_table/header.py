"""The row that names the columns: below titles, above the hosts."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ...errors import InvalidFile
from ...validation.values import quoted
from ..document import some
from ..read_options import ReadOptions
from .aliases import KNOWN, NAMING, reduced
from .cells import all_addresses
from .columns import EXAMPLE, MAX_COLUMNS, is_place, no_header

# A row of a table: its line, counted from 1, and its cells.
Record = tuple[int, list[str]]
# How many rows are looked at to understand a table.
HEAD = 200

NOTHING = f"The file has no hosts and no header. Example of a header: {EXAMPLE}"

_LINE_END = re.compile(r"\s*[\r\n]+\s*")


@dataclass(frozen=True)
class Header:
    """Where the header is, what it says, and how sure that is."""

    line: int
    cells: tuple[str, ...]
    skipped: tuple[Record, ...] = ()
    known: int = 0


def header_cells(cells: Sequence[str]) -> list[str]:
    """Return the cells of a header; a heading may go over several lines."""
    found = [_LINE_END.sub(" ", cell.strip("\ufeff \t\r\n\u00a0")) for cell in cells]
    while found and not found[-1]:
        found.pop()
    if found and found[0].startswith("#") and found[0] != "#":
        found[0] = found[0].lstrip("# ")
    return found


def find_header(records: Sequence[Record], options: ReadOptions) -> Header:
    """Return the header of a table, given as its first rows.

    Raises ``InvalidFile`` where there is none, or where it is not clear.
    """
    if options.header_row is not None:
        return _chosen_header(records, options.header_row)
    wanted = {
        reduced(name)
        for names in options.columns.values()
        for name in names
        if not is_place(name)
    }
    rows = [record for record in records if any(map(str.strip, record[1]))]
    place = _place(rows, wanted)
    if place is None:
        raise InvalidFile(_why_no_header(rows))
    line, cells = rows[place][0], header_cells(rows[place][1])
    skipped = tuple(_without_comments(rows[:place]))
    _check_skipped(line, cells, skipped)
    return Header(line, tuple(cells), skipped, _known(cells[:MAX_COLUMNS], wanted))


def _why_no_header(rows: Sequence[Record]) -> str:
    first = next(_without_comments(rows), None)
    if first is None:
        return NOTHING
    samples = [cells for _, cells in rows]
    return f"Line {first[0]}: {no_header(header_cells(first[1]), samples)}"


def _without_comments(rows: Sequence[Record]) -> Iterator[Record]:
    return (row for row in rows if not row[1][0].startswith("#"))


def _chosen_header(records: Sequence[Record], number: int) -> Header:
    if number == 0:
        width = max((len(cells) for _, cells in records), default=0)
        return Header(0, tuple(str(column + 1) for column in range(width)))
    for line, cells in records:
        if line == number and any(map(str.strip, cells)):
            return Header(line, tuple(header_cells(cells)))
    raise InvalidFile(f"--header-row: line {number} is empty.")


def skipped_note(header: Header) -> str:
    shown = some([next(filter(None, cells)).strip() for _, cells in header.skipped])
    return (
        f"The header is in line {header.line}; the lines above it were not read: "
        f"{shown}. --header-row chooses another line."
    )


def _place(rows: list[Record], wanted: AbstractSet[str]) -> int | None:
    """Return which row is the header; one of a single cell only if none is wider."""
    narrow = None
    for index, (_, cells) in enumerate(rows):
        if not _is_header(cells, rows[:index] + rows[index + 1 :], wanted):
            continue
        if len(header_cells(cells)) > 1 and _filled(cells) > 1:
            return index
        narrow = index if narrow is None else narrow
    return narrow


def _is_header(
    cells: Sequence[str], others: Sequence[Record], wanted: AbstractSet[str]
) -> bool:
    # A table of more columns is refused, whatever they are.
    heads = header_cells(cells[: MAX_COLUMNS + 1])
    names = {reduced(head) for head in heads if head}
    if wanted and not names.isdisjoint(wanted):
        return wanted <= names
    if names.isdisjoint(NAMING) or any(map(all_addresses, heads)):
        return False
    if cells[0].startswith("#"):
        # A comment, unless most of it is a header.
        return 2 * _known(heads, frozenset()) > max(2, len(names))
    return not _repeats(cells, others)


def _repeats(cells: Sequence[str], others: Sequence[Record]) -> bool:
    """Whether the word that looks like a heading is a value that many rows have."""
    index = next(i for i, cell in enumerate(cells) if reduced(cell) in NAMING)
    same = sum(cells[index] in row[index : index + 1] for _, row in others)
    return 2 * same > len(others)


def _known(heads: Sequence[str], wanted: AbstractSet[str]) -> int:
    return sum(reduced(head) in KNOWN or reduced(head) in wanted for head in heads)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _check_skipped(line: int, cells: Sequence[str], skipped: Sequence[Record]) -> None:
    """Refuse to leave out what could be hosts."""
    for number, row in skipped:
        if _filled(row) >= max(2, _filled(cells)) or any(map(all_addresses, row)):
            raise InvalidFile(
                f"Line {line} looks like the header ({quoted(','.join(cells), 80)}), "
                f"but line {number} above it looks like a row. Choose the header with "
                f"--header-row {line} or --header-row {number}."
            )
