"""Files by the API: read, planned with all bad rows at once, and written."""

import contextlib
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Response, request

from ..db.session import db
from ..errors import Conflict, InvalidRows, QueryError
from ..formats.read_options import ReadOptions, column_choices, value_choices
from ..formats.rows import row_errors
from ..formatting import counted
from ..history import current_change_set_id
from ..imports import importer, missing
from ..imports.choices import check_missing
from ..imports.importer import Counts, Plan, Planned
from ..imports.plan_digest import plan_digest
from ..query.ast import EVERYTHING
from ..query.parser import parse
from .blueprint import answer, bp
from .documented import documented
from .plan_shapes import ImportQuery, PlannedImport
from .repeats import write_once
from .shapes import Repeatable

# Larger files are for the command and the page, which read them as a job.
MAX_FILE = 16 * 1024 * 1024
ENDPOINT = "api.plan_import"
SAMPLE = 50
# Of more bad rows, nobody corrects one by one.
MAX_ERRORS = 10_000
DIFFERS = "The inventory changed since the preview. Nothing was imported."


@bp.post("/plans/import")
@documented(PlannedImport, tag="Plans", headers=Repeatable)
def plan_import(query: ImportQuery) -> Response:
    """Import a file, sent as the body, in any format of the import page

    Without `apply`, the response is a preview with all errors. If rows have errors,
    nothing is written unless `skip_errors` is used.
    """
    action = check_missing(query.missing)
    with _planned(query) as plan:
        digest = plan_digest(plan, query.skip_errors, action, query.within)
        if not query.apply:
            return answer(_plan_json(plan, digest, None, query))
        if plan.bad_rows and not query.skip_errors:
            rows = [*islice(plan.errors(), MAX_ERRORS)]
            problem = (
                f"{counted(plan.bad_rows, 'row')} with errors; nothing was written."
            )
            raise InvalidRows(f"{problem} Use “skip_errors” to skip them.", rows)
        # An answer that was given before is given again, whatever there is to do now.
        message = query.message or query.name

        def work() -> Response:
            if digest != query.apply:
                raise Conflict(DIFFERS)
            session = db.session()
            importer.apply_plan(session, plan)
            missing.write_missing(session, plan.staging, action)
            change_set_id = current_change_set_id(session)
            return answer(_plan_json(plan, digest, change_set_id, query))

        return write_once(work, message, source="import")


@contextlib.contextmanager
def _planned(query: ImportQuery) -> Iterator[Plan]:
    session = db.session()
    with tempfile.SpooledTemporaryFile(1024 * 1024) as file:
        file.write(request.get_data())
        file.seek(0)
        options = _options(query)
        with importer.staged_upload(query.name, file, options) as plan:  # type: ignore[arg-type]
            importer.make_plan(session, plan, replace=query.replace)
            node = parse(query.within) if query.within.strip() else EVERYTHING
            if query.missing != missing.REPORT:
                missing.list_missing(session, plan.staging, query.missing, node)
            yield plan


def _options(query: ImportQuery) -> ReadOptions:
    if query.format not in importer.FORMATS and query.format != "auto":
        known = ", ".join(("auto", *importer.FORMATS))
        raise QueryError(f"Unknown format “{query.format}”.", f"Use one of: {known}.")
    return ReadOptions(
        format=query.format,
        encoding=query.encoding,
        delimiter=query.delimiter,
        header_row=query.header_row,
        sheet=query.sheet,
        columns=column_choices(query.column),
        values=value_choices(query.value),
    )


def _plan_json(
    plan: Plan, digest: str, change_set_id: int | None, query: ImportQuery
) -> dict[str, Any]:
    planned = [
        row
        for rows in (plan.group_rows(), plan.rows())
        for row in islice((row for row in rows if row.action != "same"), SAMPLE)
    ]
    return {
        "digest": digest,
        "applied": bool(query.apply),
        "change": change_set_id,
        "read_as": plan.read_as,
        "notes": plan.notes,
        "hosts": _numbers(plan.hosts),
        "groups": _numbers(plan.groups),
        "changes_inventory": plan.changes_inventory,
        "bad_rows": plan.bad_rows,
        "errors": row_errors(islice(plan.errors(), MAX_ERRORS)),
        "warnings": [
            {"line": warned.line, "name": warned.name, "detail": warned.message}
            for warned in plan.warned(MAX_ERRORS)
        ],
        "unlisted": plan.unlisted,
        "missing": plan.staging.count_missing(),
        "sample": [_row_json(row) for row in planned],
    }


def _numbers(counts: Counts) -> dict[str, int]:
    return {
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
    }


def _row_json(row: Planned) -> dict[str, Any]:
    return {
        "line": row.line,
        "subject": row.subject,
        "name": row.name,
        "action": row.action,
        "changes": {name: list(pair) for name, pair in row.changes.items()},
    }
