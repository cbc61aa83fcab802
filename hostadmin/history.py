"""Who changed what: change sets and entries, written with the change they describe.

One object at a time goes through the ORM, and a listener of the session records it.
Many go through ``inventory.bulk``, which records with Core statements. Any other bulk
statement on a recorded table is refused.
"""

import contextlib
import enum
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.exc import DBAPIError

from .clock import utcnow
from .database import Base, db, was_rolled_back, write_transaction
from .errors import Busy
from .facts import FACT_TABLES, Facts
from .json_values import same_json
from .many import analyze, insert_rows
from .models import (
    Account,
    ApiToken,
    ChangeEntry,
    ChangeSet,
    Group,
    Host,
    HostAddress,
    HostAlias,
    Inventory,
    group_children,
    group_members,
)

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
SOURCES = ("web", "api", "command", "import")
ATTEMPTS = 3
# Seconds after which a write is not begun again.
PATIENCE = 2
# After so many entries in one transaction, the engine looks at its tables anew.
MUCH = 10_000

RECORDED_TABLES = frozenset(
    {
        Host.__table__,
        HostAlias.__table__,
        HostAddress.__table__,
        Group.__table__,
        Inventory.__table__,
        Account.__table__,
        ApiToken.__table__,
        group_members,
        group_children,
    }
)

# These are only added to.
HISTORY_TABLES = frozenset({ChangeSet.__table__, ChangeEntry.__table__}) | FACT_TABLES
RECORDED_TABLES |= HISTORY_TABLES
# What grows by much at once.
_BIG_TABLES = [
    Base.metadata.tables[name]
    for name in (
        *("hosts", "host_aliases", "host_addresses", "host_group_members"),
        *("host_groups", "change_entries"),
    )
]
DML_TEXT = re.compile(
    r"\s*(?:update|delete\s+from|insert\s+into|replace\s+into)\s+[\"`]?"
    rf"(?:{'|'.join(sorted(map(str, RECORDED_TABLES)))})\b",
    re.IGNORECASE,
)

Recorded = Host | Group | Inventory | Account | ApiToken
Result = TypeVar("Result")


@dataclass(frozen=True)
class Act:
    """Who writes, through what, and why."""

    actor: str
    source: str
    message: str | None = None
    # Of the network, where there is one.
    address: str | None = None


@contextlib.contextmanager
def writing(
    actor: str,
    source: str = "command",
    message: str | None = None,
    address: str | None = None,
) -> Iterator[None]:
    """Run the block in one transaction whose changes are recorded for this actor."""
    session = db.session()
    session.info["act"] = Act(actor, source, message, address)
    session.info.pop("written_id", None)
    session.info.pop("entries_written", None)
    try:
        # The act outlives the block: what it left to flush is recorded, too.
        with write_transaction():
            yield
    finally:
        session.info.pop("act", None)
    if session.info.pop("entries_written", 0) >= MUCH:
        analyze(session.get_bind().engine, _BIG_TABLES)


def write(act: Act, work: Callable[[], Result]) -> Result:
    """Run ``work`` in a write transaction, again if the engine rolled it back.

    Raises ``Busy`` after the last attempt. A write whose outcome is unknown is never
    repeated.
    """
    started = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with writing(act.actor, act.source, act.message, act.address):
                return work()
        except DBAPIError as error:
            if not was_rolled_back(error):
                raise
            # Whoever waited long for a lock is not made to wait again.
            waited = time.monotonic() - started
            if attempt == ATTEMPTS or waited > PATIENCE:
                raise Busy("Others were writing the same; nothing was saved.") from None
    raise AssertionError("unreachable")


def current_change_set_id(session: orm.Session) -> int:
    """Return the id of this transaction's change set, made at the first call."""
    known = session.info.get("change_set_id")
    if known is not None:
        return int(known)
    act = session.info.get("act")
    if act is None:
        raise RuntimeError("Write inside history.writing(): who does this?")
    now = utcnow()
    statement = sa.insert(ChangeSet).values(
        at=now,
        actor=act.actor,
        source=act.source,
        message=act.message,
        address=act.address,
        confirmed_count=0,
    )
    with _permitting(session, HISTORY_TABLES) as connection:
        result = connection.execute(statement)
    row = result.inserted_primary_key
    assert row is not None  # noqa: S101 - an INSERT of one row always has it
    session.info["change_set_id"] = row[0]
    session.info["change_set_at"] = now
    session.info["facts"] = Facts()
    return int(row[0])


def written_change_set_id(session: orm.Session) -> int | None:
    """Return the id of the last change set that was committed; None if there was none.

    ``writing`` forgets the one before.
    """
    found: int | None = session.info.get("written_id")
    return found


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
            # version with it, so that the other of two editors is told.
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
        add_entries(session, [_entry(*entry) for entry in entries])


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


def add_entries(session: orm.Session, entries: Iterable[dict[str, Any]]) -> None:
    """Add entries (columns of ``ChangeEntry`` without the change set) with Core."""
    if session.in_nested_transaction():
        raise RuntimeError("A savepoint could take entries back that were counted.")
    change_set_id = current_change_set_id(session)
    facts: Facts = session.info["facts"]
    with _permitting(session, HISTORY_TABLES) as connection:
        insert_rows(
            connection,
            cast(sa.Table, ChangeEntry.__table__),
            (
                {**entry, "change_set_id": change_set_id}
                for entry in facts.noting(entries)
            ),
        )


def add_confirmed(session: orm.Session, count: int) -> None:
    """Note on the change set that so many hosts were only seen again."""
    statement = (
        sa.update(ChangeSet)
        .where(ChangeSet.id == current_change_set_id(session))
        .values(confirmed_count=ChangeSet.confirmed_count + count)
    )
    with _permitting(session, HISTORY_TABLES) as connection:
        connection.execute(statement)


# ---- nothing else writes


@contextlib.contextmanager
def recording(session: orm.Session) -> Iterator[sa.Connection]:
    """Let Core statements write recorded tables: whoever asks adds the entries.

    For ``inventory.bulk`` and what is built on it; the history itself stays shut.
    """
    with _permitting(session, RECORDED_TABLES - HISTORY_TABLES) as connection:
        yield connection


@contextlib.contextmanager
def _permitting(
    session: orm.Session, tables: frozenset[Any]
) -> Iterator[sa.Connection]:
    before = session.info.get("permitted", frozenset())
    session.info["permitted"] = before | tables
    try:
        yield session.connection()
    finally:
        session.info["permitted"] = before


def _watch(session: orm.Session, _transaction: object, connection: Any) -> None:
    """Look at every statement of the session's own connection."""

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
    "inventory.bulk."
)


def _refuse_unrecorded(state: orm.ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    table = getattr(state.statement, "table", None)
    if table in RECORDED_TABLES:
        raise RuntimeError(_NO_HISTORY.format(table))


def _before_commit(session: orm.Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    facts: Facts | None = session.info.pop("facts", None)
    if facts is not None:
        session.info["entries_written"] = sum(facts.counts.values())
        id_, at = session.info["change_set_id"], session.info["change_set_at"]
        with _permitting(session, HISTORY_TABLES) as connection:
            facts.write(connection, id_, at)


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


def changes_of(
    session: orm.Session, subject: str, subject_id: int, limit: int = 20
) -> list[ChangeEntry]:
    """Return the newest entries of one object, with their change sets."""
    return list(
        session.scalars(
            sa.select(ChangeEntry)
            .where(ChangeEntry.subject == subject, ChangeEntry.subject_id == subject_id)
            .order_by(ChangeEntry.id.desc())
            .limit(limit)
            .options(orm.joinedload(ChangeEntry.change_set))
        )
    )
