"""A plan as pages read it: kept open for a while by each process that shows it."""

import contextlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import orm

from ..errors import NotFound, after_field
from ..validation.values import fold
from . import uploads
from .describe import FieldChange, field_changes
from .importer import Plan, as_planned
from .staged_table import CHANGED, NEW, SAME, Staged, StagedTable
from .staging import Staging

BAD, MISSING, WARNINGS, GROUPS = "bad", "missing", "warnings", "groups"
KINDS = (BAD, WARNINGS, CHANGED, NEW, SAME, MISSING, GROUPS)
_MOST_OPEN = 3

_open: OrderedDict[tuple[int, int], Plan] = OrderedDict()
# One connection of SQLite is for one thread at a time.
_lock = threading.Lock()


@dataclass(frozen=True)
class Line:
    """A row of the plan: a line of the file, or a host that it does not list."""

    line: int | None
    action: str
    name: str
    field_changes: tuple[FieldChange, ...] = ()
    message: str = ""
    id: int = 0
    # The host that this one may be.
    other: str = ""


@dataclass(frozen=True)
class Page:
    """Some lines, and where the next page begins; empty at the end."""

    lines: list[Line]
    next: str


@contextlib.contextmanager
def opened_plan(session: orm.Session, import_id: int, number: int) -> Iterator[Plan]:
    """Hold the plan with this number. Raises ``NotFound`` where it is gone."""
    with _lock:
        key = (import_id, number)
        if key not in _open:
            _open[key] = _loaded(session, import_id)
            while len(_open) > _MOST_OPEN:
                _, oldest = _open.popitem(last=False)
                oldest.staging.close()
        _open.move_to_end(key)
        yield _open[key]


def _loaded(session: orm.Session, import_id: int) -> Plan:
    with tempfile.TemporaryDirectory(prefix="hostadmin-") as folder:
        path = Path(folder) / "plan"
        if not uploads.load_plan(session, import_id, path):
            raise NotFound("The preview has expired. Upload the file again.")
        # The file is gone when the folder is; what is open stays readable.
        return Plan.saved(Staging(path, is_there=True))


def read_page(plan: Plan, kind: str, text: str, after: str, size: int) -> Page:
    """Return the lines of one kind behind a place, those that have a text in them."""
    part = fold(text.strip())
    if kind == BAD:
        return _errors(plan, part, after, size)
    if kind == MISSING:
        return _missing(plan, part, _number(after), size)
    if kind == WARNINGS:
        return _warnings(plan, part, _number(after), size)
    if kind == GROUPS:
        return _groups(plan, part, _number(after), size)
    rows = plan.staging.hosts.page(kind, part, _number(after), size + 1)
    lines = [_line(plan.staging.hosts, row) for row in rows[:size]]
    return Page(lines, str(rows[size - 1].id) if len(rows) > size else "")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def _line(table: StagedTable, row: Staged) -> Line:
    planned = as_planned(table.subject, row)
    object_id = row.object_id or 0
    found = tuple(field_changes(planned.changes))
    return Line(planned.line, planned.action, planned.name, found, "", object_id)


def _errors(plan: Plan, part: str, after: str, size: int) -> Page:
    line, _, last = after.partition(".")
    place = (_number(line), _number(last))
    rows = plan.staging.error_page(part, place, size + 1)
    lines = [
        Line(line, BAD, name, (), f"{field}{after_field(message)}")
        for line, _, name, field, message, _ in rows[:size]
    ]
    following = f"{rows[size - 1][0]}.{rows[size - 1][1]}" if len(rows) > size else ""
    return Page(lines, following)


def _missing(plan: Plan, part: str, after: int, size: int) -> Page:
    rows = plan.staging.missing_page(part, after, size + 1)
    lines = [
        Line(None, MISSING, row.name, (), f"status {row.status}", row.id)
        for row in rows[:size]
    ]
    return Page(lines, str(rows[size - 1].id) if len(rows) > size else "")


def _warnings(plan: Plan, part: str, after: int, size: int) -> Page:
    rows = plan.staging.warning_page(part, after, size + 1)
    lines = [
        Line(line, WARNINGS, name, (), message, 0, other)
        for _, _, line, name, message, other in rows[:size]
    ]
    return Page(lines, str(rows[size - 1][0]) if len(rows) > size else "")


def _groups(plan: Plan, part: str, after: int, size: int) -> Page:
    table = plan.staging.groups
    found = [
        row
        for action in (NEW, CHANGED)
        for row in table.page(action, "", after, size + 1)
        if part in fold(row.name)
    ]
    found = sorted(found, key=lambda row: row.id)
    lines = [_line(table, row) for row in found[:size]]
    return Page(lines, str(found[size - 1].id) if len(found) > size else "")
