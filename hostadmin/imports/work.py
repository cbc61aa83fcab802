"""The long work of an import: read a file, plan it, write the plan; each a job."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from .. import history
from ..db.session import db, write_transaction
from ..errors import Conflict, HostadminError, InvalidFile, NotFound
from ..formats.read_options import ReadOptions
from ..formats.workbook import Workbook
from ..history import ActorContext, current_change_set_id
from ..jobs import Running, Work, add_job
from . import importer, mappings, uploads
from .choices import Choices
from .encoding import UnsureEncoding
from .importer import Plan
from .layouts import CSV, LABELS, REASONS, XLSX
from .read_file import layout_of
from .staging import Staging
from .table_columns import (
    ASKED,
    KEPT,
    KNOWN,
    columns_choice,
    describe_columns,
    describe_head,
)
from .text_file import TextFile
from .uploads import APPLY, ASK_COLUMNS, ASK_FILE, DONE, PLANNED, PREPARE

READING, PLANNING, STORING = "reading", "planning", "storing"
WRITING, FINISHING = "writing", "finishing"
REPLAN = "replan"
_MOST_DIFFERENCES = 20
_TABLES = (CSV, XLSX)


@dataclass(frozen=True)
class _Task:
    """An import as its job found it."""

    id: int
    name: str
    size: int
    choices: Choices
    actor: str
    address: str | None


def _task(import_id: int) -> _Task:
    upload = uploads.find_upload(db.session(), import_id)
    if upload is None:
        raise NotFound("The upload was deleted.")
    choices = Choices.from_json(upload.options)
    found = (upload.id, upload.name, upload.size, choices, upload.actor)
    task = _Task(*found, upload.address)
    db.session.rollback()
    return task


# ---- read and plan


def prepare(import_id: int, running: Running) -> None:
    """Read the file as it was chosen, and plan it; or note what has to be asked."""
    task = _task(import_id)
    found: dict[str, Any] = {}
    step, problem = ASK_FILE, None
    with _plan_file() as path, uploads.copy_of(db.session(), task.id) as source:
        try:
            task = _with_mapping(task, source, found)
            with Staging(path) as staging:
                plan = _read(staging, task, source, running, found)
                _plan(plan, task.choices, running)
                _save(plan, found)
            step = _next_step(found, task.choices)
        except UnsureEncoding as error:
            found["encodings"], problem = error.guesses, str(error)
        except HostadminError as error:
            if not isinstance(error, InvalidFile):
                raise
            step = ASK_COLUMNS if found.get("columns") else ASK_FILE
            problem = str(error)
        if problem is None:
            _store(task, path, running)
    _end(task.id, running, step, found, problem, task.choices)


def _with_mapping(task: _Task, source: BinaryIO, found: dict[str, Any]) -> _Task:
    """Return the task with what the columns of such a table were before.

    What somebody chose for this file stays.
    """
    choices = task.choices
    has_any = mappings.has_mappings(db.session())
    db.session.rollback()
    if choices.is_confirmed or choices.read.columns or not has_any:
        return task
    heads = importer.peek_headings(task.name, source, choices.read)
    known = mappings.find_mapping(db.session(), heads) if heads else None
    db.session.rollback()
    if known is None:
        return task
    found["mapping"] = known.label
    columns, values = mappings.combined(known, choices.read)
    chosen = choices.reading(columns=columns, values=values)
    return replace(task, choices=replace(chosen, is_confirmed=not known.gone))


def _read(
    staging: Staging,
    task: _Task,
    source: BinaryIO,
    running: Running,
    found: dict[str, Any],
) -> Plan:
    """Read the file; ``found`` gets what it is, also where that ends in a question."""
    options = task.choices.read
    running.begin(READING)
    file = importer.opened(task.name, source, options)
    layout = layout_of(file, options.format)
    found |= {
        "layout": layout,
        "label": LABELS[layout],
        "why": REASONS[layout],
        "encoding": file.encoding if isinstance(file, TextFile) else "",
    }

    def progress(rows: int) -> None:
        place = source.tell() if isinstance(file, TextFile) else 0
        running.total = round(rows * task.size / place) if place else None
        running.advance(rows)

    try:
        plan = importer.read_into(staging, file, options, progress)
        found["rows"] = running.done
        found["unknown"] = [[*key, count] for key, count in staging.unknown.items()]
        return plan
    finally:
        if layout in _TABLES:
            found |= _table(file, task.choices)


def _table(file: TextFile | Workbook, choices: Choices) -> dict[str, Any]:
    seen = file.seen
    columns = describe_columns(seen, choices.read)
    has_heads = columns and seen.header and seen.header.line
    return {
        "is_table": True,
        "delimiter": seen.delimiter,
        "sheet": seen.sheet,
        "sheets": seen.sheets,
        "header_row": seen.header.line if seen.header else None,
        "head": describe_head(seen),
        "columns": columns,
        "headings": list(seen.header.cells) if has_heads and seen.header else [],
    }


def _plan(plan: Plan, choices: Choices, running: Running) -> None:
    running.begin(PLANNING, plan.hosts.total)
    plan.missing_action, plan.within = choices.missing, choices.node
    plan.is_for_page, plan.same = True, choices.same
    session = db.session()
    importer.make_plan(session, plan, running.advance, replace=choices.replace)
    session.rollback()
    running.begin(STORING, plan.hosts.total)


def _save(plan: Plan, found: dict[str, Any]) -> None:
    """Keep the plan in its file, and its numbers where pages look first."""
    plan.save()
    found |= {
        "has_plan": True,
        "counts": {
            "new": plan.hosts.new,
            "changed": plan.hosts.changed,
            "unchanged": plan.hosts.unchanged,
            "bad": plan.bad_rows,
            "missing": plan.missing,
            "unlisted": plan.unlisted,
            "keeping": plan.keeping,
        },
        "groups": [plan.groups.new, plan.groups.changed],
        "changes_inventory": plan.changes_inventory,
        "lists_all": plan.lists_all,
        "warnings": plan.warnings,
        "notes": plan.notes,
        "read_as": plan.read_as,
    }


def _store(task: _Task, path: Path, running: Running) -> None:
    rows = running.total or 0

    def progress(share: float) -> None:
        # Nothing is stopped here: half of a plan would be left.
        running.done = round(rows * share)

    uploads.save_plan(task.id, path, progress)


def _next_step(found: Mapping[str, Any], choices: Choices) -> str:
    """Ask about columns once, where something was guessed or is no value."""
    if choices.is_confirmed or not found.get("is_table"):
        return PLANNED
    states = {column["state"] for column in found["columns"]}
    return ASK_COLUMNS if states & {KNOWN, KEPT, ASKED} or found["unknown"] else PLANNED


def _end(
    import_id: int,
    running: Running,
    step: str,
    found: dict[str, Any],
    problem: str | None = None,
    choices: Choices | None = None,
) -> None:
    """Note what was found, and that the job is done, in one transaction."""
    with write_transaction():
        running.end_in(db.session())
        upload = uploads.find_upload(db.session(), import_id)
        if upload is not None:
            upload.step, upload.found, upload.problem = step, found, problem
            upload.plan_number += 1
            if choices is not None:
                upload.options = choices.as_json()
                if step == PLANNED and _goes_on(found, choices):
                    upload.job_id = add_job(db.session(), APPLY, import_id)


def _goes_on(found: Mapping[str, Any], choices: Choices) -> bool:
    """Whether to write what was planned without asking, as a program chose."""
    is_good = choices.skip_errors or not found["counts"]["bad"]
    return choices.then_apply and is_good


# ---- plan again, with other options or since the inventory changed


def replan(import_id: int, running: Running) -> None:
    """Make the plan again from what was read."""
    task = _task(import_id)
    with _saved_plan(task.id) as (plan, path):
        found = _replanned(plan, path, task, running)
    _end(task.id, running, PLANNED, found)


def _replanned(plan: Plan, path: Path, task: _Task, running: Running) -> dict[str, Any]:
    upload = uploads.find_upload(db.session(), task.id)
    found = dict(upload.found) if upload else {}
    db.session.rollback()
    _plan(plan, task.choices, running)
    _save(plan, found)
    found.pop("differs", None)
    _store(task, path, running)
    return found


# ---- write


def apply(import_id: int, running: Running) -> None:
    """Write the plan, exactly as it is, with the end of the job in one transaction.

    Where the inventory is no longer what it was made for, plan again and say so.
    """
    task = _task(import_id)
    message = task.choices.message or task.name
    act = ActorContext(task.actor, "import", message, task.address)
    with _saved_plan(task.id) as (plan, path):
        try:
            history.write(act, lambda: _write(plan, task, running))
        except Conflict:
            plan.staging.hosts.remember()
            found = _replanned(plan, path, task, running)
            count, rows = plan.staging.hosts.differences(_MOST_DIFFERENCES)
            found["differs"] = {"count": count, "rows": rows}
            _end(task.id, running, PLANNED, found)


def _write(plan: Plan, task: _Task, running: Running) -> None:
    running.begin(WRITING, plan.hosts.total)
    session = db.session()
    importer.apply_plan(session, plan, running.advance)
    # What was stopped at the last moment is not written either. The rest is the commit
    # and what the engine learns from so many new rows.
    running.begin(FINISHING)
    running.end_in(session)
    upload = uploads.find_upload(session, task.id)
    if upload is not None:
        upload.step = DONE
        upload.change_set_id = current_change_set_id(session)
        if heads := upload.found.get("headings"):
            read = _as_read(task.choices.read, upload.found)
            mappings.keep_mapping(session, heads, read, task.actor)


def _as_read(options: ReadOptions, found: Mapping[str, Any]) -> ReadOptions:
    """Return the options with each column, those that were guessed as well."""
    if options.columns:
        return options
    fields = {column["ref"]: column["field"] for column in found["columns"]}
    heads = {column["ref"]: column["header"] for column in found["columns"]}
    return replace(options, columns=columns_choice(heads, fields))


# ---- files


@contextlib.contextmanager
def _plan_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hostadmin-") as folder:
        yield Path(folder) / "plan"


@contextlib.contextmanager
def _saved_plan(import_id: int) -> Iterator[tuple[Plan, Path]]:
    with _plan_file() as path:
        if not uploads.load_plan(db.session(), import_id, path):
            raise NotFound("The preview has expired. Upload the file again.")
        with Staging(path, is_there=True) as staging:
            yield Plan.saved(staging), path


WORK: Mapping[str, Work] = {PREPARE: prepare, REPLAN: replan, APPLY: apply}
