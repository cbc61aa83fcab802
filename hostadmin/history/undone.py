"""Which changes were taken back, by which change: noted by the undo, never changed.

An undo can be undone, and that again. A change is undone while its undo is not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import ChangeEntry, undos
from .writer import HISTORY_TABLES, current_change_set_id, permitting


@dataclass(frozen=True)
class Undone:
    """Change set → the one that took it back; entry → that of this entry alone."""

    changes: dict[int, int] = field(default_factory=dict)
    entries: dict[int, int] = field(default_factory=dict)

    def by(self, change_set_id: int, entry_id: int | None = None) -> int | None:
        """Return what took back the change, or the one entry of it."""
        whole = self.changes.get(change_set_id)
        return whole or (self.entries.get(entry_id) if entry_id else None)


def note_undo(
    session: orm.Session, change_set_id: int, entry_id: int | None = None
) -> None:
    """Note that this transaction took back a change, or an entry of it, completely."""
    if entry_id is not None and _is_only_entry(session, change_set_id):
        entry_id = None
    with permitting(session, HISTORY_TABLES) as connection:
        connection.execute(
            sa.insert(undos).values(
                undo_id=current_change_set_id(session),
                undone_id=change_set_id,
                entry_id=entry_id,
            )
        )


def _is_only_entry(session: orm.Session, change_set_id: int) -> bool:
    of_set = sa.select(ChangeEntry.id).where(ChangeEntry.change_set_id == change_set_id)
    return len(session.scalars(of_set.limit(2)).all()) == 1


def find_undone(session: orm.Session, change_set_ids: Iterable[int]) -> Undone:
    """Return which of the change sets, and of their entries, are undone."""
    levels = []
    wanted = set(change_set_ids)
    while wanted:
        rows = session.execute(sa.select(undos).where(undos.c.undone_id.in_(wanted)))
        levels.append(rows.all())
        wanted = {row.undo_id for row in levels[-1]}
    undone = Undone()
    # From the last undo back: one that was taken back, even in part, does not count.
    touched: set[int] = set()
    for level in reversed(levels):
        standing = [row for row in level if row.undo_id not in touched]
        touched = {row.undone_id for row in standing}
        undone = Undone(
            {row.undone_id: row.undo_id for row in standing if row.entry_id is None},
            {row.entry_id: row.undo_id for row in standing if row.entry_id},
        )
    return undone
