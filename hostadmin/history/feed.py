"""What was changed after a place, entry by entry, in the order of commits."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import ChangeEntry, change_counts, inventory_changes
from .inventory_version import WINDOW, Place, count_recent, is_after, place_at
from .summary_tables import INVENTORY

# Changes that are looked at for one page: some have no entry.
SETS = 500

_C = inventory_changes.c


class Gone(Exception):
    """The place is of another history: the database was put back to an earlier one."""


class FeedPage(NamedTuple):
    """``more`` says whether there is more to be had at once."""

    entries: Sequence[ChangeEntry]
    next: Place
    more: bool


def read_feed(session: orm.Session, place: Place, limit: int) -> FeedPage:
    """Return the entries after a place. Raises ``Gone``.

    Where a change came to light behind it, those of the last minutes come again.
    """
    place = _with_late_ones(session, place)
    changes = _changes_from(session, place)
    chosen = _as_many_as_fit(changes, limit)
    if not chosen:
        return FeedPage([], place, False)
    entries = _entries(session, chosen, place, limit + 1)
    at, change_set_id, _ = chosen[-1]
    end = place_at(session, at, change_set_id)
    if len(entries) > limit:
        # Of a change that is a page by itself.
        some = entries[:limit]
        return FeedPage(some, end._replace(entry_id=some[-1].id), True)
    return FeedPage(entries, end, len(chosen) < len(changes) or len(changes) == SETS)


def _with_late_ones(session: orm.Session, place: Place) -> Place:
    """Return the place, or an earlier one if there is more before it than there was."""
    if not place.change_set_id:
        return place
    here = sa.exists().where(_C.at == place.at, _C.change_set_id == place.change_set_id)
    if not session.scalar(sa.select(here)):
        raise Gone
    if count_recent(session, place.at, place.change_set_id) == place.recent:
        return place
    return Place(place.at - WINDOW, 0, 0)


def _changes_from(session: orm.Session, place: Place) -> Sequence[Any]:
    """Return time, id and number of entries of the changes after a place."""
    after = is_after(place.at, place.change_set_id)
    if place.entry_id:
        after = sa.or_(
            after, sa.and_(_C.at == place.at, _C.change_set_id == place.change_set_id)
        )
    some = (
        sa.select(_C.at, _C.change_set_id)
        .where(_C.at >= place.at, after)
        .order_by(_C.at, _C.change_set_id)
        .limit(SETS)
        .subquery("some")
    )
    number = (
        sa.select(sa.func.coalesce(sa.func.sum(change_counts.c.entries), 0))
        .where(
            change_counts.c.change_set_id == some.c.change_set_id,
            change_counts.c.subject.in_(INVENTORY),
        )
        .scalar_subquery()
    )
    rows = sa.select(some.c.at, some.c.change_set_id, number)
    return session.execute(rows.order_by(some.c.at, some.c.change_set_id)).all()


def _as_many_as_fit(changes: Sequence[Any], limit: int) -> Sequence[Any]:
    """Return the first changes that one page holds: one at least."""
    total = 0
    for place, (_, _, number) in enumerate(changes):
        total += number
        if place and total > limit:
            return changes[:place]
    return changes


def _entries(
    session: orm.Session, changes: Sequence[Any], place: Place, limit: int
) -> Sequence[ChangeEntry]:
    ids = [change_set_id for _, change_set_id, _ in changes]
    seen = sa.and_(
        ChangeEntry.change_set_id == place.change_set_id,
        ChangeEntry.id <= place.entry_id,
    )
    wanted = (
        sa.select(ChangeEntry)
        .join(inventory_changes, _C.change_set_id == ChangeEntry.change_set_id)
        .where(
            ChangeEntry.change_set_id.in_(ids),
            ChangeEntry.subject.in_(INVENTORY),
            sa.not_(seen),
        )
        .order_by(_C.at, _C.change_set_id, ChangeEntry.id)
        .limit(limit)
        .options(orm.joinedload(ChangeEntry.change_set))
    )
    return session.scalars(wanted).all()
