"""Listeners of the session: they record each object that it writes, in the same flush.

A bulk statement on a recorded table is refused, unless its caller adds the
entries (``history.recording``).
"""

import enum
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, orm

from ..clock import utcnow
from ..db.session import db
from ..models import ChangeEntry, ChangeSet, Group, Host
from ..validation.json_values import same_json
from .kept_counts import values_of
from .summary_tables import Facts
from .writer import (
    CHANGED,
    CREATED,
    DELETED,
    HISTORY_TABLES,
    RECORDED_TABLES,
    Recorded,
    add_entries,
    permitting,
)

DML_TEXT = re.compile(
    r"\s*(?:update|delete\s+from|insert\s+into|replace\s+into)\s+[\"`]?"
    rf"(?:{'|'.join(sorted(map(str, RECORDED_TABLES)))})\b",
    re.IGNORECASE,
)


def json_value(value: object) -> Any:
    """Return a field's value as the history keeps it."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, list):
        return [
            {"id": item.id, "name": item.name} if isinstance(item, Group) else str(item)
            for item in sorted(value, key=str)
        ]
    return value


def _is_set(value: object) -> bool:
    return value not in (None, [], {})


def snapshot(instance: Recorded) -> dict[str, Any]:
    """Return the recorded fields of an object that hold something."""
    found = {
        field: json_value(getattr(instance, field)) for field in instance.__recorded__
    }
    return {field: value for field, value in found.items() if _is_set(value)}


def _last_state(instance: Recorded) -> dict[str, Any]:
    """Return what is needed to bring the object back as it was."""
    return snapshot(instance) | {"created_at": instance.created_at.isoformat()}


def _differences(instance: Recorded) -> dict[str, list[Any]]:
    """Return field → [from, to] of what this flush changes."""
    found: dict[str, list[Any]] = {}
    state = orm.attributes.instance_state(instance)
    for field in instance.__recorded__:
        history = state.attrs[field].history
        if not history.has_changes():
            continue
        if field in state.mapper.relationships:
            kept = list(history.unchanged or ())
            before: object = kept + list(history.deleted or ())
            after: object = kept + list(history.added or ())
        else:
            before = next(iter(history.deleted or ()), None)
            after = next(iter(history.added or ()), None)
        pair = [json_value(before), json_value(after)]
        if not same_json(*pair):
            found[field] = [value if _is_set(value) else None for value in pair]
    return found


def _recorded(instances: Any) -> list[Recorded]:
    return [item for item in instances if isinstance(item, Recorded)]


def _refuse_rewriting(session: orm.Session) -> None:
    changed = (item for item in session.dirty if session.is_modified(item))
    for item in (*changed, *session.deleted):
        if isinstance(item, ChangeSet | ChangeEntry):
            raise RuntimeError("The history is only added to, never changed.")


def _before_flush(session: orm.Session, _context: object, _instances: object) -> None:
    _refuse_rewriting(session)
    now = utcnow()
    for instance in _recorded(session.dirty):
        if _differences(instance):
            # Also when only a collection changed: the row is then written, and its
            # version with it, so that the other of two editors gets a conflict.
            instance.updated_at = now
            if isinstance(instance, Host):
                instance.confirmed_at = now
    session.info["permitted"] = RECORDED_TABLES
    # After the flush the rows of collections are gone and could not be read.
    session.info["deleted"] = [
        (item, _last_state(item)) for item in _recorded(session.deleted)
    ]


def _after_flush(session: orm.Session, _context: object) -> None:
    session.info.pop("permitted", None)
    entries: list[tuple[Recorded, str, dict[str, list[Any]]]] = []
    for item in _recorded(session.new):
        created = {field: [None, value] for field, value in snapshot(item).items()}
        entries.append((item, CREATED, created))
    for item in _recorded(session.dirty):
        if changes := _differences(item):
            entries.append((item, CHANGED, changes))
    for item, fields in session.info.pop("deleted", ()):
        gone = {field: [value, None] for field, value in fields.items()}
        entries.append((item, DELETED, gone))
    if entries:
        known = {
            item.id: values_of(item)
            for item, action, _ in entries
            if action == CHANGED and isinstance(item, Host)
        }
        add_entries(session, [_entry(*entry) for entry in entries], known)


def _entry(
    item: Recorded, action: str, changes: dict[str, list[Any]]
) -> dict[str, Any]:
    return {
        "subject": item.__subject__,
        "subject_id": item.id,
        "subject_name": str(item),
        "action": action,
        "changes": changes,
    }


# ---- nothing passes by


def _watch(
    session: orm.Session, transaction: orm.SessionTransaction, connection: Any
) -> None:
    """Look at every statement of the session's own connection."""
    if transaction.nested:
        # A savepoint is on the connection that is watched already; once more for each
        # of thousands, and every statement would be looked at thousands of times.
        return

    def refuse_unrecorded(_connection: object, statement: Any, *_: object) -> None:
        if isinstance(statement, sa.TextClause):
            if DML_TEXT.match(statement.text):
                raise RuntimeError(_NO_HISTORY.format("a recorded table"))
            return
        if not getattr(statement, "is_dml", False):
            return
        if statement.table in RECORDED_TABLES - session.info.get(
            "permitted", frozenset()
        ):
            raise RuntimeError(_NO_HISTORY.format(statement.table))

    event.listen(connection, "before_execute", refuse_unrecorded)


_NO_HISTORY = (
    "A bulk statement on {} would leave no history: change objects, or use "
    "inventory.write_edits."
)


def _refuse_unrecorded(state: orm.ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    table = getattr(state.statement, "table", None)
    if table in RECORDED_TABLES:
        raise RuntimeError(_NO_HISTORY.format(table))


# ---- a transaction ends


def _before_commit(session: orm.Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    facts: Facts | None = session.info.pop("facts", None)
    if facts is not None:
        session.info["entries_written"] = sum(facts.counts.values())
        id_, at = session.info["change_set_id"], session.info["change_set_at"]
        with permitting(session, HISTORY_TABLES) as connection:
            facts.write(connection, id_, at)
            session.info["counts_written"] = facts.hosts.write(connection)


def _after_commit(session: orm.Session) -> None:
    if not session.in_nested_transaction():
        session.info["written_id"] = session.info.get("change_set_id")
        _forget(session)


def _forget(session: orm.Session, *_: object) -> None:
    if session.in_nested_transaction():
        # Only a savepoint ends, and what goes on is still the same act.
        return
    for name in ("change_set_id", "change_set_at", "facts", "deleted", "permitted"):
        session.info.pop(name, None)


def _shut(session: orm.Session, _transaction: object) -> None:
    # A flush that failed inside a savepoint did not come to its end.
    session.info.pop("permitted", None)


def install() -> None:
    """Listen to the session. Installing twice is the same as once."""
    for name, listener in (
        ("before_flush", _before_flush),
        ("after_flush", _after_flush),
        ("do_orm_execute", _refuse_unrecorded),
        ("before_commit", _before_commit),
        ("after_commit", _after_commit),
        ("after_rollback", _forget),
        ("after_soft_rollback", _shut),
        ("after_begin", _watch),
    ):
        if not event.contains(db.session, name, listener):
            event.listen(db.session, name, listener)
