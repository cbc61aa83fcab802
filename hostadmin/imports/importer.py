"""Files into the inventory: first a plan, then exactly that plan.

A format yields what a file states, which is cleaned and staged. The plan compares it
with the inventory; apply writes it in one transaction, and refuses with ``Conflict``
where the inventory is no longer what the plan was made for.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import orm

from ..errors import InvalidFile
from ..formats.document import Observed
from ..formats.read_options import ReadOptions
from ..formats.rows import GROUP, HOST, RowError
from ..formats.workbook import Workbook, is_workbook
from ..query.ast import EVERYTHING, Node
from . import apply, missing, plan_hosts
from .layouts import CSV, FORMATS, XLSX
from .read_file import layout_of, read_file
from .staged_table import CHANGED, NEW, SAME, Staged, StagedTable
from .staging import Staging
from .text_file import TextFile, open_source, recognised
from .warnings import Warned

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
# Hosts that a file does not list are listed for a page up to here.
MOST_LISTED = 10_000


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
    # What becomes of those of a query, and whether they are listed in any case.
    missing_action: str = missing.REPORT
    within: Node = EVERYTHING
    is_for_page: bool = False
    # Names in the file of hosts that have another name here.
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many hosts of the query the file does not list, where that was asked."""
        return self.staging.count_missing()

    @property
    def warnings(self) -> dict[str, int]:
        """How many lines are worth a look, by the kind of warning."""
        found: dict[str, int] = self.staging.noted("warnings", {})
        return found

    def warned(self, most: int) -> list[Warned]:
        """Return the first lines that are worth a look."""
        rows = self.staging.warning_page("", 0, most)
        return [Warned(*row) for _, *row in rows]

    @property
    def lists_missing(self) -> bool:
        """Whether to look which hosts are missing: never at a million for ten rows."""
        if self.missing_action != missing.REPORT or self.within != EVERYTHING:
            return self.lists_all or self.missing_action != missing.REPORT
        return self.is_for_page and self.lists_all and self.unlisted <= MOST_LISTED

    @property
    def lists_all(self) -> bool:
        """Whether what the file does not list is missing: of a part, nobody knows."""
        observed = self.staging.observed
        return observed is None or observed.is_complete

    def save(self) -> None:
        """Keep all of the plan in the file of its staging."""
        observed = self.staging.observed
        self.staging.tell(
            read_as=self.read_as,
            notes=self.notes,
            replace=self.replace,
            unlisted=self.unlisted,
            missing_action=self.missing_action,
            observed=observed
            and [observed.at and observed.at.isoformat(), observed.is_complete],
        )
        self.staging.finish()

    @classmethod
    def saved(cls, staging: Staging) -> "Plan":
        """Return the plan that was saved with a staging."""
        noted = staging.noted
        if observed := noted("observed"):
            at, is_complete = observed
            when = datetime.fromisoformat(at) if at else None
            staging.observed = Observed(when, is_complete)
        return cls(
            *(staging, noted("read_as"), noted("notes"), noted("replace")),
            *(noted("unlisted"), noted("missing_action")),
        )

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
                found.append(as_planned(table.subject, row))
        return found

    def _tables(self) -> tuple[StagedTable, ...]:
        return self.staging.inventory, self.staging.groups, self.staging.hosts


def _counts(table: StagedTable) -> Counts:
    return Counts(*(table.count(action) for action in (NEW, CHANGED, SAME)))


def _planned(table: StagedTable) -> Iterator[Planned]:
    for batch in table.batches():
        for row in batch:
            yield as_planned(table.subject, row)


def as_planned(subject: str, row: Staged) -> Planned:
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

    Raises ``InvalidFile``. ``progress`` gets how many rows were read.
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
        yield read_into(staging, opened(name, source, options), options, progress)


def opened(
    name: str, source: BinaryIO, options: ReadOptions = RECOGNISED
) -> TextFile | Workbook:
    """Return an open file as what it is. Raises ``InvalidFile``."""
    if is_workbook(source):
        return Workbook(name, source)
    return recognised(name, source, options.encoding)


def peek_headings(name: str, source: BinaryIO, options: ReadOptions) -> tuple[str, ...]:
    """Return the headings of a table; nothing where there are none to be found."""
    with contextlib.suppress(InvalidFile):
        file = opened(name, source, options)
        if layout_of(file, options.format) not in (CSV, XLSX):
            return ()
        # A question about the columns comes after their headings.
        with Staging() as staging, contextlib.suppress(_Enough, InvalidFile):
            read_file(staging, file, options, _stop)
        header = file.seen.header
        return header.cells if header and header.line else ()
    return ()


class _Enough(Exception):
    """The first rows were read."""


def _stop(_rows: int) -> None:
    raise _Enough


def read_into(
    staging: Staging,
    file: TextFile | Workbook,
    options: ReadOptions = RECOGNISED,
    progress: Progress = _silent,
) -> Plan:
    """Read a file into a staging. Raises ``InvalidFile``."""
    read_as = read_file(staging, file, options, progress)
    return Plan(staging, read_as, file.notes)


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
    and the file does not. Raises ``InvalidFile``, and ``QueryError`` for a query that
    makes no sense here.
    """
    plan.replace = replace
    plan_hosts.make_plan(
        session, plan.staging, progress, replace=replace, same=plan.same
    )
    if plan.lists_all:
        plan.unlisted = plan_hosts.count_unlisted(session, plan.staging)
    plan.staging.clear_missing()
    if plan.lists_missing:
        action, node = plan.missing_action, plan.within
        missing.list_missing(session, plan.staging, action, node)


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
    missing.write_missing(session, plan.staging, plan.missing_action)
