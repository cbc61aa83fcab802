"""Writes a workbook for spreadsheets: cells have types, and no text is a formula."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import QueryError
from .csv_table.cells import cell_text
from .document import Source
from .left_out import LeftOut
from .rows import ADDED_TO, WHOLE, Column, plain_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

# What a sheet and a cell hold at most, and which whole numbers stay what they are.
MAX_ROWS = 2**20 - 1
MAX_CELL = 2**15 - 1
MAX_NUMBER = 10**15
_CHUNK = 64 * 1024
_TOO_LONG = f"Texts of over {MAX_CELL:,} characters do not fit a cell and were left out"
_OPTIONS = {
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    "remove_timezone": True,
}


def write(content: Source, notes: list[str]) -> Iterator[bytes]:
    """Yield a workbook with one sheet. ``notes`` gets what is not in it.

    It is complete before its first byte. Raises ``QueryError`` where no sheet is long
    enough.
    """
    from xlsxwriter import Workbook

    columns = WHOLE if content.columns is None else content.columns
    left_out = LeftOut()
    with tempfile.TemporaryFile() as file:
        with Workbook(file, _OPTIONS) as book:
            _fill(book, content, columns, left_out)
        notes += left_out.notes()
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _fill(
    book: "Workbook", content: Source, columns: Sequence[Column], left_out: LeftOut
) -> None:
    sheet = book.add_worksheet("hosts")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 18)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.header, bold)
    for number, row in enumerate(content.hosts, start=1):
        if number > MAX_ROWS:
            raise QueryError(
                f"A sheet holds at most {MAX_ROWS:,} hosts.",
                "Narrow the query, or export CSV.",
            )
        for place, column in enumerate(columns):
            value = column.value(row)
            if column.path[0] in ADDED_TO:
                value = cell_text(column.path[0], value)
            if not _write_cell(sheet, number, place, value):
                left_out.add(_TOO_LONG, f"{row['hostname']}: {column.header}")


def _write_cell(sheet: "Worksheet", number: int, place: int, value: Any) -> bool:
    """Write a value as what it is; return whether there was room for it."""
    if isinstance(value, bool):
        sheet.write_boolean(number, place, value)
        return True
    if isinstance(value, int | float) and abs(value) < MAX_NUMBER:
        sheet.write_number(number, place, value)
        return True
    if isinstance(value, datetime):
        sheet.write_datetime(number, place, value)
        return True
    # Half of a surrogate pair is no text.
    text = plain_text(value).encode(errors="backslashreplace").decode()
    if len(text.encode("utf-16-le")) > 2 * MAX_CELL:
        return False
    if text:
        sheet.write_string(number, place, text)
    return True
