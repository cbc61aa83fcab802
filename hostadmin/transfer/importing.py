"""Files into the inventory: first a plan, then exactly that plan.

A format yields rows, which are cleaned and staged. The plan compares them with the
inventory; apply writes it in one transaction, and refuses with ``Conflict`` where the
inventory is no longer what the plan was made for.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import InvalidFile
from ..inventory import bulk, groups, vocabulary
from ..models import Group
from ..values import VOCABULARY_FIELDS, HostStatus
from . import planning
from .cleaning import Cleaner
from .files import TextFile, open_text
from .formats import csv
from .planning import Progress
from .rows import ADDED_TO, Row, RowError
from .staging import BATCH, CHANGED, NEW, SAME, StagedRow, Staging

FORMATS = ("auto", "csv")


def _silent(_rows: int) -> None:
    pass


@dataclass(frozen=True)
class Planned:
    """What the plan says of one row. ``action`` is new, changed or same.

    ``changes`` is field → [from, to].
    """

    line: int
    hostname: str
    action: str
    changes: Mapping[str, Sequence[Any]]


@dataclass
class Plan:
    """What an import would do. It reads from the staging, which must still be open."""

    staging: Staging
    notes: list[str] = field(default_factory=list)

    @property
    def new(self) -> int:
        return self.staging.count(NEW)

    @property
    def changed(self) -> int:
        return self.staging.count(CHANGED)

    @property
    def unchanged(self) -> int:
        return self.staging.count(SAME)

    @property
    def bad_rows(self) -> int:
        return self.staging.count_bad_rows()

    def errors(self) -> Iterator[RowError]:
        """Yield everything that is wrong, by line."""
        return self.staging.errors()

    def rows(self) -> Iterator[Planned]:
        """Yield what becomes of each good row, by line."""
        for batch in self.staging.batches():
            for row in batch:
                changes = row.changes or {}
                if row.action == NEW:
                    created = {name: [None, v] for name, v in row.fields.items()}
                    changes = created | changes
                yield Planned(row.line, row.name, row.action, changes)


# ---- read


@contextlib.contextmanager
def staged(
    path: str, format: str = "auto", progress: Progress = _silent
) -> Iterator[Plan]:
    """Read a file into a staging that lives as long as the block.

    Raises ``InvalidFile``. ``progress`` is told how many rows were read.
    """
    if format not in FORMATS:
        raise InvalidFile(f"There is no format {format}; {', '.join(FORMATS)} are.")
    with tempfile.TemporaryFile() as spool, Staging() as staging:
        file = open_text(path, spool)
        with file.source:
            _stage(staging, file, progress)
        yield Plan(staging, file.notes)


def _stage(staging: Staging, file: TextFile, progress: Progress) -> None:
    done = 0
    clean = Cleaner()
    for batch in _batched(csv.read(file.name, file.lines(), file.notes)):
        good: list[tuple[int, dict[str, Any]]] = []
        for row in batch:
            fields, errors = clean.row(row)
            if errors:
                staging.add_errors(errors)
            else:
                good.append((row.line, fields))
        staging.add(good)
        done += len(batch)
        progress(done)
    if not done:
        file.notes.append("There is no row below the header.")


def _batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


# ---- plan and apply


def make_plan(session: orm.Session, plan: Plan, progress: Progress = _silent) -> None:
    """Decide what becomes of each row. Once it was made, it may be made again."""
    planning.make_plan(session, plan.staging, progress)


def apply_plan(session: orm.Session, plan: Plan, progress: Progress = _silent) -> None:
    """Write the plan, in the transaction that is open.

    Raises ``Conflict`` when the inventory changed since: then plan again.
    """
    writer = _Writer(session)
    done = 0
    for batch in plan.staging.batches():
        writer.write(batch)
        done += len(batch)
        progress(done)


class _Writer:
    """Writes batches of a plan, and remembers which groups and terms there are."""

    def __init__(self, session: orm.Session) -> None:
        self._session = session
        self._group_ids = {
            row.name: row.id for row in session.execute(sa.select(Group.id, Group.name))
        }
        self._spelled: dict[tuple[str, str], str] = {}

    def write(self, batch: Sequence[StagedRow]) -> None:
        new = [self._new_host(row) for row in batch if row.action == NEW]
        changed = [row for row in batch if row.action == CHANGED]
        gained = [
            {name: pair[1] for name, pair in (row.changes or {}).items()}
            for row in changed
        ]
        self._spell([*new, *gained])
        self._add_groups(batch)
        bulk.insert_hosts(self._session, [self._typed(h) for h in new], self._group_ids)
        bulk.change_hosts(
            self._session, [self._change(row) for row in changed], self._group_ids
        )
        seen = [row.host_id for row in batch if row.action == SAME]
        bulk.confirm_hosts(self._session, seen)

    def _new_host(self, row: StagedRow) -> dict[str, Any]:
        if not row.changes:
            return row.fields
        return row.fields | {name: pair[1] for name, pair in row.changes.items()}

    def _add_groups(self, batch: Sequence[StagedRow]) -> None:
        named = {name for row in batch for name in row.fields.get("groups", ())}
        for name in sorted(named - self._group_ids.keys()):
            self._group_ids[name] = groups.add_group({"name": name}).id

    def _spell(self, hosts: Sequence[Mapping[str, Any]]) -> None:
        if len(self._spelled) > planning.MAX_SPELLINGS:
            self._spelled.clear()
        for name in VOCABULARY_FIELDS:
            texts = {host[name]: None for host in hosts if name in host}
            unknown = [text for text in texts if (name, text) not in self._spelled]
            if unknown:
                found = vocabulary.spell_many(self._session, name, unknown)
                self._spelled |= {(name, text): found[text] for text in unknown}

    def _typed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields as the columns want them; the staging keeps JSON."""
        typed = dict(fields)
        for name in VOCABULARY_FIELDS:
            if name in typed:
                typed[name] = self._spelled[name, typed[name]]
        if "status" in typed:
            typed["status"] = HostStatus(typed["status"])
        return typed

    def _change(self, row: StagedRow) -> bulk.HostChange:
        changes: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        gained: dict[str, list[str]] = {name: [] for name in ADDED_TO}
        for name, (before, after) in (row.changes or {}).items():
            if name in ADDED_TO:
                gained[name] = [_text(i) for i in after if i not in (before or ())]
            else:
                fields[name] = after
            changes[name] = [before, self._recorded(name, after)]
        return bulk.HostChange(
            id=row.host_id,
            version=row.version,
            hostname=row.name,
            fields=self._typed(fields),
            changes=changes,
            new_aliases=gained["aliases"],
            new_addresses=gained["addresses"],
            new_groups=gained["groups"],
        )

    def _recorded(self, name: str, value: Any) -> Any:
        if name == "groups":
            return bulk.group_references(map(_text, value), self._group_ids)
        if name in VOCABULARY_FIELDS:
            return self._spelled[name, value]
        return value


def _text(item: Any) -> str:
    return str(item["name"] if isinstance(item, dict) else item)
