"""What a change set did to each object in all, and what came after it."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import NotFound
from ..history import CREATED, DELETED
from ..history.writer import OLDEST_FIRST
from ..inventory.bulk_write import BATCH
from ..inventory.edits import Change
from ..models import ChangeEntry, ChangeSet, Host


@dataclass
class NetChange:
    """All that one change set did to one object. ``changes`` is field → [from, to]."""

    subject: str
    id: int
    name: str
    existed: bool
    exists: bool
    changes: dict[str, Change]
    last_entry_id: int

    def add(self, entry: Any) -> None:
        """Take in what the same change set did to it next."""
        self.name = entry.subject_name
        self.exists = entry.action != DELETED
        self.last_entry_id = entry.id
        for name, (before, after) in entry.changes.items():
            first = self.changes[name].before if name in self.changes else before
            self.changes[name] = Change(first, after)


class NetChanges:
    """The objects of a change set, or of one of its entries, batch by batch.

    Only ids are held, so that a million entries take little memory.
    """

    def __init__(
        self, session: orm.Session, change_set_id: int, entry_id: int | None
    ) -> None:
        self._session = session
        self._where = [ChangeEntry.change_set_id == change_set_id]
        if session.get(ChangeSet, change_set_id) is None:
            raise NotFound(f"Change {change_set_id} does not exist.")
        if entry_id is not None:
            self._where.append(ChangeEntry.id == entry_id)
        self._ids: dict[str, tuple[array[int], array[int]]] = {}
        rows = session.execute(
            sa.select(ChangeEntry.subject, ChangeEntry.subject_id, ChangeEntry.id)
            .where(*self._where)
            .order_by(ChangeEntry.subject, ChangeEntry.subject_id, ChangeEntry.id)
            .execution_options(yield_per=10_000)
        )
        for subject, subject_id, id_ in rows:
            subjects, ids = self._ids.setdefault(subject, (array("q"), array("q")))
            subjects.append(subject_id)
            ids.append(id_)
        if entry_id is not None and not self._ids:
            raise NotFound(f"Change {change_set_id} has no entry {entry_id}.")

    @property
    def subjects(self) -> set[str]:
        """The kinds of objects that the change set touched."""
        return set(self._ids)

    def batches(self, subject: str) -> Iterator[list[NetChange]]:
        """Yield the objects of one kind by id, so many at once."""
        subjects, ids = self._ids.get(subject, (array("q"), array("q")))
        start = 0
        while start < len(ids):
            end = min(start + BATCH, len(ids))
            # All entries of one object at once.
            while end < len(ids) and subjects[end] == subjects[end - 1]:
                end += 1
            yield self._read(ids[start:end])
            start = end

    def of_hosts(self, host_ids: Iterable[int]) -> list[NetChange]:
        """Return what the change set did to these hosts."""
        ids = self._session.scalars(
            sa.select(ChangeEntry.id).where(
                *self._where,
                ChangeEntry.subject == "host",
                ChangeEntry.subject_id.in_(list(host_ids)),
            )
        )
        return self._read(array("q", ids))

    def others_have(self, field: str, value: str) -> bool:
        """Whether hosts that the change set did not touch have this value."""
        touched = sa.select(ChangeEntry.subject_id).where(
            *self._where, ChangeEntry.subject == "host"
        )
        others = sa.select(Host.id).where(
            getattr(Host, field) == value, Host.id.not_in(touched)
        )
        return self._session.scalar(others.limit(1)) is not None

    def _read(self, ids: "array[int]") -> list[NetChange]:
        found: dict[tuple[str, int], NetChange] = {}
        for start in range(0, len(ids), BATCH):
            for entry in self._session.execute(
                _columns()
                .where(ChangeEntry.id.in_(ids[start : start + BATCH].tolist()))
                .order_by(ChangeEntry.id)
            ):
                key = (entry.subject, entry.subject_id)
                if key not in found:
                    found[key] = NetChange(
                        *key, entry.subject_name, entry.action != CREATED, True, {}, 0
                    )
                found[key].add(entry)
        return list(found.values())


def _columns() -> sa.Select[Any]:
    return sa.select(
        ChangeEntry.id,
        ChangeEntry.change_set_id,
        ChangeEntry.subject,
        ChangeEntry.subject_id,
        ChangeEntry.subject_name,
        ChangeEntry.action,
        ChangeEntry.changes,
    )


@dataclass(frozen=True)
class Newer:
    """The newest change of one field of one object."""

    change_set_id: int
    actor: str
    at: str


def newer_changes(
    session: orm.Session,
    own: ChangeSet,
    subject: str,
    wanted: Mapping[int, tuple[int, set[str]]],
) -> dict[tuple[int, str], Newer]:
    """Return (id, field) → the newest change of the field since a change set.

    ``wanted`` is object id → the last entry of that change set about it, and fields.
    """
    if not wanted:
        return {}
    rows = session.execute(
        _columns()
        .add_columns(ChangeSet.actor, ChangeSet.at)
        .join(ChangeSet, ChangeSet.id == ChangeEntry.change_set_id)
        .where(
            ChangeEntry.subject == subject,
            ChangeEntry.subject_id.in_(list(wanted)),
            ChangeSet.at >= own.at,
        )
        .order_by(*OLDEST_FIRST)
        .execution_options(yield_per=BATCH)
    )
    found: dict[tuple[int, str], Newer] = {}
    for row in rows:
        after, fields = wanted[row.subject_id]
        if (row.at, row.change_set_id, row.id) <= (own.at, own.id, after):
            continue
        newer = Newer(row.change_set_id, row.actor, row.at.isoformat())
        for name in fields:
            field = name.partition(".")[0]
            # A deletion, or coming back, is newer than whatever the field held.
            if field in row.changes or row.action != "changed" or not field:
                found[row.subject_id, name] = newer
    return found


def entry_counts(
    session: orm.Session, subject: str, ids: Iterable[int]
) -> dict[int, int]:
    """Return object id → number of its entries: at least its last version.

    What comes back gets a version that nobody saw before it went.
    """
    rows = session.execute(
        sa.select(ChangeEntry.subject_id, sa.func.count())
        .where(ChangeEntry.subject == subject, ChangeEntry.subject_id.in_(list(ids)))
        .group_by(ChangeEntry.subject_id)
    )
    return {row[0]: row[1] for row in rows}
