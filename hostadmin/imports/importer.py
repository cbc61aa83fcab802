"""Files into the inventory: first a plan, then exactly that plan.

A format yields what a file states, which is cleaned and staged. The plan compares it
with the inventory; apply writes it in one transaction, and refuses with ``Conflict``
where the inventory is no longer what the plan was made for.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sqlalchemy import orm

from ..formats.read_options import ReadOptions
from ..formats.rows import GROUP, HOST, RowError
from ..formats.workbook import Workbook, is_workbook
from . import apply, plan_hosts
from .layouts import FORMATS
from .read_file import read_file
from .staged_table import CHANGED, NEW, SAME, Staged, StagedTable
from .staging import Staging
from .text_file import TextFile, open_source, recognised

__all__ = [
    "FORMATS",
    "Counts",
    "Plan",
    "Planned",
    "apply_plan",
    "first_unlisted",
    "make_plan",
    "staged",
    "staged_upload",
]

Progress = plan_hosts.Progress
RECOGNISED = ReadOptions()


def _silent(_rows: int) -> None:
    pass


@dataclass(frozen=True)
class Planned:
    """What the plan says of one thing. ``action`` is new, changed or same.

    ``subject`` is host, group or inventory: the variables of all hosts. ``changes``
    is field → [from, to]; ``kept`` is field → what is there and the file does not
    state, be it that it stays or that it goes.
    """

    line: int
    subject: str
    name: str
    action: str
    changes: Mapping[str, Sequence[Any]]
    kept: Mapping[str, Any]

    @property
    def hostname(self) -> str:
        return self.name


@dataclass(frozen=True)
class Counts:
    new: int
    changed: int
    unchanged: int

    @property
    def total(self) -> int:
        return self.new + self.changed + self.unchanged


@dataclass
class Plan:
    """What an import would do. It reads from the staging, which must still be open."""

    staging: Staging
    read_as: str
    notes: list[str] = field(default_factory=list)
    replace: bool = False
    # How many hosts of the inventory the file does not list.
    unlisted: int = 0

    @property
    def hosts(self) -> Counts:
        return _counts(self.staging.hosts)

    @property
    def groups(self) -> Counts:
        """The groups of the file, and those that are made since a host names them."""
        counts = _counts(self.staging.groups)
        return Counts(
            counts.new, counts.changed, self.staging.groups.count_stated(SAME)
        )

    @property
    def changes_inventory(self) -> bool:
        """Whether the variables of all hosts change."""
        return self.staging.inventory.count(CHANGED) > 0

    @property
    def new(self) -> int:
        return self.staging.hosts.count(NEW)

    @property
    def changed(self) -> int:
        return self.staging.hosts.count(CHANGED)

    @property
    def unchanged(self) -> int:
        return self.staging.hosts.count(SAME)

    @property
    def bad_rows(self) -> int:
        return self.staging.count_bad_rows()

    def errors(self) -> Iterator[RowError]:
        """Yield everything that is wrong, by line."""
        return self.staging.errors()

    def rows(self) -> Iterator[Planned]:
        """Yield what becomes of each host, in the order of the file."""
        return _planned(self.staging.hosts)

    def group_rows(self) -> Iterator[Planned]:
        """Yield what becomes of the variables of all hosts, and of each group."""
        yield from _planned(self.staging.inventory)
        yield from _planned(self.staging.groups)

    @property
    def keeping(self) -> int:
        """How many hosts and groups have what the file does not state."""
        return sum(table.count_keeping() for table in self._tables())

    def first_keeping(self, limit: int) -> list[Planned]:
        found: list[Planned] = []
        for table in self._tables():
            for row in table.keeping(limit - len(found)):
                found.append(_as_planned(table.subject, row))
        return found

    def _tables(self) -> tuple[StagedTable, ...]:
        return self.staging.inventory, self.staging.groups, self.staging.hosts


def _counts(table: StagedTable) -> Counts:
    return Counts(*(table.count(action) for action in (NEW, CHANGED, SAME)))


def _planned(table: StagedTable) -> Iterator[Planned]:
    for batch in table.batches():
        for row in batch:
            yield _as_planned(table.subject, row)


def _as_planned(subject: str, row: Staged) -> Planned:
    changes = row.changes or {}
    if row.action == NEW:
        by = {HOST: "hostname", GROUP: "name"}.get(subject, "")
        created = {by: [None, row.name]}
        created |= {name: [None, value] for name, value in row.fields.items()}
        changes = created | changes
    return Planned(row.line, subject, row.name, row.action, changes, row.kept or {})


# ---- read


@contextlib.contextmanager
def staged(
    path: str, options: ReadOptions = RECOGNISED, progress: Progress = _silent
) -> Iterator[Plan]:
    """Read a file into a staging that lives as long as the block.

    Raises ``InvalidFile``. ``progress`` is told how many rows were read.
    """
    with tempfile.TemporaryFile() as spool:
        name, source = open_source(path, spool)
        with source, staged_upload(name, source, options, progress) as plan:
            yield plan


@contextlib.contextmanager
def staged_upload(
    name: str,
    source: BinaryIO,
    options: ReadOptions = RECOGNISED,
    progress: Progress = _silent,
) -> Iterator[Plan]:
    """Do the same with an open file that can be read again and again."""
    with Staging() as staging:
        file: TextFile | Workbook
        if is_workbook(source):
            file = Workbook(name, source)
        else:
            file = recognised(name, source, options.encoding)
        read_as = read_file(staging, file, options, progress)
        yield Plan(staging, read_as, file.notes)


# ---- plan and apply


def make_plan(
    session: orm.Session,
    plan: Plan,
    progress: Progress = _silent,
    *,
    replace: bool = False,
) -> None:
    """Decide what becomes of each row. Once it was made, it may be made again.

    ``replace`` takes away what the inventory says of the hosts and groups of the file
    and the file does not. Raises ``InvalidFile``.
    """
    plan.replace = replace
    plan_hosts.make_plan(session, plan.staging, progress, replace=replace)
    observed = plan.staging.observed
    # What is only a part does not say what is missing.
    if observed is None or observed.is_complete:
        plan.unlisted = plan_hosts.count_unlisted(session, plan.staging)


def first_unlisted(session: orm.Session, plan: Plan) -> list[str]:
    """Return the first names of hosts that the file does not list.

    It looks at as many hosts as the file lists, so ask only where it is shown.
    """
    return plan_hosts.first_unlisted(session, plan.staging) if plan.unlisted else []


def apply_plan(session: orm.Session, plan: Plan, progress: Progress = _silent) -> None:
    """Write the plan, in the transaction that is open.

    Raises ``Conflict`` when the inventory changed since: then plan again.
    """
    apply.apply_plan(session, plan.staging, progress)
