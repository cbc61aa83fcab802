"""A plan into the database, exactly as it is, in the transaction that is open."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from .. import history
from ..clock import utcnow
from ..db.guards import NESTING, take_turn
from ..inventory.bulk_read_groups import children_by_name
from ..inventory.edits import CONFIRMED, Change, Edit, changed_meanwhile, created
from ..inventory.write_edits import create_groups, write_edits
from ..models import Group
from .plan_groups import find_rings
from .staged_table import CHANGED, NAMED_BY, NEW, SAME, Staged, StagedTable
from .staging import Staging

Progress = Callable[[int], None]


def apply_plan(session: orm.Session, staging: Staging, progress: Progress) -> None:
    """Write the plan. Raises ``Conflict`` when the inventory changed since."""
    try:
        groups = _write_groups(session, staging)
        write_edits(session, _edits(staging.inventory, CHANGED))
        observed = staging.observed
        seen_at = min(observed.at, utcnow()) if observed and observed.at else None
        edits = _host_edits(staging.hosts, groups, progress)
        if seen_at is not None:
            edits = (replace(edit, seen_at=seen_at) for edit in edits)
        write_edits(session, edits)
    except IntegrityError:
        # Of the keys, only those that others touched meanwhile are not checked.
        raise changed_meanwhile() from None


# ---- groups


def _write_groups(session: orm.Session, staging: Staging) -> Collection[str]:
    """Write the groups; return the names of those that were there."""
    nests = _changes_nesting(staging)
    if nests:
        # Two imports could each add one half of a ring.
        take_turn(session, NESTING)
    rows = session.execute(sa.select(Group.name, Group.id, Group.version))
    there = {name: (id_, version) for name, id_, version in rows}
    for batch in staging.groups.batches():
        if not all(_is_as_planned(row, there.get(row.name)) for row in batch):
            raise changed_meanwhile()
    create_groups(session, partial(_edits, staging.groups, NEW))
    write_edits(session, _edits(staging.groups, CHANGED))
    if nests and next(iter(find_rings(children_by_name(session))), None):
        raise changed_meanwhile()
    return there.keys()


def _changes_nesting(staging: Staging) -> bool:
    return any(
        "children" in ((row.changes or {}) if row.action == CHANGED else row.fields)
        for batch in staging.groups.stated()
        for row in batch
        if row.action != SAME
    )


def _is_as_planned(row: Staged, there: tuple[int, int] | None) -> bool:
    if row.action == NEW or there is None:
        return row.action == NEW and there is None
    # Of a group that is only named, nothing else matters.
    return there[0] == row.object_id and (not row.fields or there[1] == row.version)


# ---- edits


def _host_edits(
    table: StagedTable, groups: Collection[str], progress: Progress
) -> Iterator[Edit]:
    """Yield what becomes of the hosts, which are in these ``groups``."""
    done = 0
    for batch in table.batches():
        for row in batch:
            before = (row.changes or {}).get("groups", [None])[0] or ()
            if any(group["name"] not in groups for group in before):
                raise changed_meanwhile()
        for action in (NEW, CHANGED, SAME):
            yield from _alike(table.subject, batch, action)
        done += len(batch)
        progress(done)


def _edits(table: StagedTable, action: str) -> Iterator[Edit]:
    for batch in table.batches():
        yield from _alike(table.subject, batch, action)


def _alike(subject: str, rows: Iterable[Staged], action: str) -> Iterator[Edit]:
    make = _added if action == NEW else _changed
    return (make(subject, row) for row in rows if row.action == action)


def _added(subject: str, row: Staged) -> Edit:
    # A group may be named by its members alone.
    fields = {NAMED_BY[subject]: row.name, **row.fields}
    spelled = {name: pair[1] for name, pair in (row.changes or {}).items()}
    return created(subject, fields | spelled)


def _changed(subject: str, row: Staged) -> Edit:
    changes = {name: Change(*pair) for name, pair in (row.changes or {}).items()}
    action = CONFIRMED if row.action == SAME else history.CHANGED
    return Edit(subject, row.object_id, row.version, row.name, changes, action)
