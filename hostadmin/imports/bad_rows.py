"""Bad rows as the file has them, with a column that says what is wrong."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from sqlalchemy import orm

from ..errors import InvalidFile
from ..formats import workbook
from ..formats.csv_table import read as csv_read
from ..formats.csv_table.cells import guarded, harmless
from ..formats.csv_table.columns import ERROR
from ..formats.csv_table.table import Cells
from ..formats.workbook import Workbook
from ..models import FileImport
from . import importer, uploads
from .choices import Choices
from .text_file import TextFile


def as_csv(
    session: orm.Session, upload: FileImport, errors: Mapping[int, str]
) -> Iterator[str]:
    """Return a table of the rows in these lines. Corrected, it can be imported.

    Of a format that is no table, it holds the line and what is wrong with it. The
    database is read at once, the file while the pieces are taken.
    """
    found = dict(upload.found)
    if not found.get("is_table"):
        return _lines(errors)
    name, options = upload.name, Choices.from_json(upload.options).read
    source = uploads.copy_of(session, upload.id)
    file = importer.opened(name, source, options)
    return _closing(source, _table(_rows(file, found), found, errors))


def _closing(source: BinaryIO, pieces: Iterator[str]) -> Iterator[str]:
    with source:
        yield from pieces


def _lines(errors: Mapping[int, str]) -> Iterator[str]:
    yield _text([("line", ERROR)])
    for line, message in errors.items():
        yield _text([(str(line), message)])


def _rows(file: TextFile | Workbook, found: Mapping[str, Any]) -> Iterable[Cells]:
    header = found["header_row"]
    if isinstance(file, Workbook):
        return workbook.raw_rows(file, header, found["sheet"])
    return csv_read.raw_rows(file.lines(), header, found["delimiter"])


def _table(
    rows: Iterable[Cells], found: Mapping[str, Any], errors: Mapping[int, str]
) -> Iterator[str]:
    heads = [column["header"] for column in found["columns"]]
    width = len(heads)
    yield _text([(*map(harmless, heads), ERROR)])
    try:
        for line, cells in rows:
            if line not in errors or line == found["header_row"]:
                continue
            # A row that cannot be taken apart has only its error.
            stated = [] if isinstance(cells, str) else list(map(harmless, cells))
            filled = [*stated, *[""] * (width - len(stated))]
            yield _text([(*filled, guarded(errors[line]))])
    except InvalidFile as error:
        # What cannot be read on ends here, and says so in the file.
        yield _text([(*[""] * width, str(error))])


def _text(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
