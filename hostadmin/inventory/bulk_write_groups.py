"""Many groups at once: rows and their history with Core statements."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..clock import utcnow
from ..history import add_entries, recording
from ..models import Group, group_children
from .edits import Change, Edit, changed_meanwhile, gained, lost

GROUPS = cast(sa.Table, Group.__table__)
# Columns that are written as they are.
_PLAIN = ("name", "description", "vars")


def insert_groups(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Add groups without their children; all of them come back with an id, or none.

    ``complete_groups`` must follow, once all their children are there, too.
    """
    now = utcnow()
    try:
        with recording(session) as connection:
            connection.execute(sa.insert(GROUPS), [_row(edit, now) for edit in edits])
    except IntegrityError:
        raise changed_meanwhile("group") from None


def _row(edit: Edit, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_PLAIN) | _columns(edit)
    row["vars"] = row["vars"] or {}
    times = {"created_at": edit.after("created_at") or now, "updated_at": now}
    return (
        row | times | {"version": edit.version} | ({"id": edit.id} if edit.id else {})
    )


def _columns(edit: Edit) -> dict[str, Any]:
    """Return the columns that an edit writes, as the table wants them."""
    columns = {
        name: edit.changes[name].after for name in _PLAIN if name in edit.changes
    }
    return columns | ({"vars": columns["vars"] or {}} if "vars" in columns else {})


def complete_groups(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Give new groups, whose ids are known, their children, and record them."""
    with recording(session) as connection:
        _insert_edges(connection, edits)
    add_entries(session, [edit.entry() for edit in edits])


def change_groups(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Change groups. Raises ``Conflict`` when one is no longer at its version."""
    now = utcnow()
    with recording(session) as connection:
        for edit in edits:
            _update(connection, edit, now)
        for edit in edits:
            _delete_edges(connection, edit)
        _insert_edges(connection, edits)
    add_entries(session, [edit.entry() for edit in edits])


def _update(connection: sa.Connection, edit: Edit, now: datetime) -> None:
    statement = (
        sa.update(GROUPS)
        .where(GROUPS.c.id == edit.id, GROUPS.c.version == edit.version)
        .values({**_columns(edit), "updated_at": now, "version": edit.version + 1})
    )
    try:
        if connection.execute(statement).rowcount == 1:
            return
    except IntegrityError:
        # Somebody took the name.
        pass
    raise changed_meanwhile("group")


def _delete_edges(connection: sa.Connection, edit: Edit) -> None:
    if children := [item["id"] for item in _children(edit, lost)]:
        statement = sa.delete(group_children).where(
            group_children.c.parent_id == edit.id,
            group_children.c.child_id.in_(children),
        )
        connection.execute(statement)


def _insert_edges(connection: sa.Connection, edits: Sequence[Edit]) -> None:
    rows = [
        {"parent_id": edit.id, "child_id": child["id"]}
        for edit in edits
        for child in _children(edit, gained)
    ]
    if rows:
        connection.execute(sa.insert(group_children), rows)


def _children(edit: Edit, which: Callable[[str, Change], list[Any]]) -> list[Any]:
    change = edit.changes.get("children")
    return [] if change is None else which("children", change)


def delete_groups(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Delete groups that have no members. Raises ``Conflict`` as ``change_groups``."""
    # All in one flush: one by one, a group that holds another would be recorded, and
    # one day brought back, without the other that went before it.
    with session.no_autoflush:
        for edit in edits:
            group = session.get(Group, edit.id)
            if group is None or group.version != edit.version:
                raise changed_meanwhile("group")
            session.delete(group)
    try:
        session.flush()
    except StaleDataError:
        raise changed_meanwhile("group") from None
