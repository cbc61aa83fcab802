"""Tables of counts as files: CSV for sheets, JSON for programs."""

import csv
import io
from collections.abc import Iterable

from ...formats.csv_table.cells import guarded
from ...stats.counts import CrossTable, Table, cells_of


def file_name(by: Iterable[str]) -> str:
    """Return the name of the file, without its ending, in safe characters."""
    name = "-by-".join(("hosts", *by)).replace("/", "-").replace(":", "-")
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_."))


def as_csv(found: Table | CrossTable) -> str:
    """Return one line a number; "kind" tells a value from what reads like it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if isinstance(found, Table):
        writer.writerow([found.dimension.name, "kind", "hosts"])
        for bucket, number in zip(found.buckets, found.counts, strict=True):
            writer.writerow([guarded(bucket.value or ""), bucket.kind.value, number])
        return out.getvalue()
    names = [table.dimension.name for table in (found.rows, found.columns)]
    writer.writerow([names[0], "kind", names[1], "kind", "hosts"])
    for row, column, number in cells_of(found):
        cells = [
            c for s in (row, column) for c in (guarded(s.value or ""), s.kind.value)
        ]
        writer.writerow([*cells, number])
    return out.getvalue()


def as_json(found: Table | CrossTable) -> dict[str, object]:
    """Return the rows, or the cells where there are two sides, and what they are by."""
    if isinstance(found, Table):
        rows = [
            {"value": bucket.value, "kind": bucket.kind.value, "hosts": number}
            for bucket, number in zip(found.buckets, found.counts, strict=True)
        ]
        return {"by": [found.dimension.name], "total": found.total, "rows": rows}
    cells = [
        {
            "values": [row.value, column.value],
            "kinds": [row.kind.value, column.kind.value],
            "hosts": number,
        }
        for row, column, number in cells_of(found)
    ]
    names = [table.dimension.name for table in (found.rows, found.columns)]
    return {"by": names, "total": found.total, "cells": cells}
