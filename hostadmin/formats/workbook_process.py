"""Reads one sheet of a workbook in a process of its own, which a hostile one may end.

Memory and time are limited here. Run as a script with the limit in bytes and the name
of a sheet or nothing; the workbook is the standard input. Prints JSON, a value a line:
an object with the sheets, lists of rows, and null at the end. Knows nothing of
hostadmin, so that it starts at once.
"""

import datetime as dt
import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

_SECONDS = 600
_BATCH = 200
# Rows and columns, counted from 0.
_Range = tuple[tuple[int, int], tuple[int, int]]


def main() -> None:
    limit, wanted = int(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        workbook = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        sheet, found = _choose(workbook, wanted)
        _print(found)
        if sheet is not None:
            _print_rows(sheet)
    except PasswordError:
        _print({"error": "is protected with a password; save it without one"})
    except CalamineError:
        _print({"error": "is a damaged workbook; open it and save it again"})
    _print(None)


def _print(value: Any) -> None:
    print(json.dumps(value))  # noqa: T201 - the parent process reads it


def _choose(
    workbook: CalamineWorkbook, wanted: str
) -> tuple[CalamineSheet | None, dict[str, Any]]:
    """Return the sheet that was chosen, or the only one, and what there is."""
    shown, hidden = _sheet_names(workbook)
    if wanted:
        names = (*shown, *hidden)
        fitting = [name for name in names if name.casefold() == wanted.casefold()]
    else:
        fitting = [name for name in shown if _is_filled(workbook, name)]
    chosen = fitting[0] if len(fitting) == 1 else None
    sheet = None if chosen is None else workbook.get_sheet_by_name(chosen)
    choices = shown if wanted else fitting
    every = [*shown, *hidden]
    found = {"sheet": chosen, "choices": choices, "hidden": hidden, "sheets": every}
    return sheet, found


def _sheet_names(workbook: CalamineWorkbook) -> tuple[list[str], list[str]]:
    shown: list[str] = []
    hidden: list[str] = []
    for sheet in workbook.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet:
            is_shown = sheet.visible == SheetVisibleEnum.Visible
            (shown if is_shown else hidden).append(sheet.name)
    return shown, hidden


def _is_filled(workbook: CalamineWorkbook, name: str) -> bool:
    return workbook.get_sheet_by_name(name).height > 0


def _print_rows(sheet: CalamineSheet) -> None:
    ranges = [found for found in sheet.merged_cell_ranges or () if found[1] > found[0]]
    batch = []
    for number, cells in _filled_down(_numbered(sheet), ranges):
        if any(cells):
            batch.append((number + 1, cells))
        if len(batch) == _BATCH:
            _print(batch)
            batch = []
    _print(batch)


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False)):
        yield number, [_shown(value) for value in cells]


def _filled_down(
    rows: Iterator[tuple[int, list[str]]], ranges: list[_Range]
) -> Iterator[tuple[int, list[str]]]:
    """Give each row the value of the cells that were merged over it."""
    waiting = sorted((r for r in ranges if r[1][0] > r[0][0]), reverse=True)
    active: dict[int, tuple[int, str]] = {}
    for number, cells in rows:
        for column, (last, text) in tuple(active.items()):
            if number > last:
                del active[column]
            elif column < len(cells):
                cells[column] = text
        while waiting and waiting[-1][0][0] <= number:
            (_, column), (last, _) = waiting.pop()
            if column < len(cells):
                active[column] = last, cells[column]
        yield number, cells


def _shown(value: Any) -> str:
    """Return a value as a spreadsheet shows it without a format of its own."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e21
        return str(int(value)) if whole else format(value, ".15g")
    if isinstance(value, dt.datetime):
        day = value.time() == dt.time()
        return value.date().isoformat() if day else value.isoformat(" ", "seconds")
    return str(value)


if __name__ == "__main__":
    main()
