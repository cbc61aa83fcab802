"""Who changed what: change sets and entries, written with the change they describe.

One object at a time goes through the ORM, and ``recorder`` adds its entry. Many go
through ``inventory.write_edits``, which adds entries with Core statements.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import DBAPIError

from ..clock import CLOCKS_DIFFER, utcnow
from ..db.bulk_insert import analyze, insert_rows
from ..db.session import Base, db, was_rolled_back, write_transaction
from ..errors import Busy
from ..limits import limits
from ..models import (
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
from .kept_counts import Values, fold_sometimes
from .summary_tables import SUMMARY_TABLES, Facts

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
SOURCES = ("web", "api", "command", "import")
# On a cluster, one of two who write the same is rolled back where one server lets the
# other wait; several times, where many do.
ATTEMPTS = 8
# Seconds after which a write is not begun again.
PATIENCE = 2

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
HISTORY_TABLES = (
    frozenset({ChangeSet.__table__, ChangeEntry.__table__}) | SUMMARY_TABLES
)
RECORDED_TABLES |= HISTORY_TABLES
# What grows by much at once.
_BIG_TABLES = [
    Base.metadata.tables[name]
    for name in (
        *("hosts", "host_aliases", "host_addresses", "host_group_members"),
        *("host_groups", "change_entries"),
    )
]

# Ids of several servers need not follow the order of time.
OLDEST_FIRST = (ChangeSet.at, ChangeSet.id, ChangeEntry.id)
NEWEST_FIRST = tuple(sa.desc(column) for column in OLDEST_FIRST)

_NOTHING: MappingProxyType[int, Values] = MappingProxyType({})

Recorded = Host | Group | Inventory | Account | ApiToken
Result = TypeVar("Result")


@dataclass(frozen=True)
class ActorContext:
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
    session.info["act"] = ActorContext(actor, source, message, address)
    session.info.pop("written_id", None)
    session.info.pop("entries_written", None)
    session.info.pop("counts_written", None)
    try:
        # The act outlives the block: what it left to flush is recorded, too.
        with write_transaction():
            yield
    finally:
        session.info.pop("act", None)
    engine = session.get_bind().engine
    if session.info.pop("entries_written", 0) >= limits.analyzed_entries:
        analyze(engine, _BIG_TABLES)
    if written := session.info.pop("counts_written", 0):
        fold_sometimes(engine, written)


def write(act: ActorContext, work: Callable[[], Result]) -> Result:
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
            # Anyone who waited long for a lock is not made to wait again.
            waited = time.monotonic() - started
            if attempt == ATTEMPTS or waited > PATIENCE:
                raise Busy(
                    "Someone else was saving the same data. Nothing was saved. "
                    "Try again."
                ) from None
    raise AssertionError("unreachable")


def current_change_set_id(session: orm.Session) -> int:
    """Return the id of this transaction's change set, made at the first call."""
    known = session.info.get("change_set_id")
    if known is not None:
        return int(known)
    act = session.info.get("act")
    if act is None:
        raise RuntimeError("Write inside history.writing(): who does this?")
    now = _next_moment(session)
    statement = sa.insert(ChangeSet).values(
        at=now,
        actor=act.actor,
        source=act.source,
        message=act.message,
        address=act.address,
        confirmed_count=0,
    )
    with permitting(session, HISTORY_TABLES) as connection:
        result = connection.execute(statement)
    row = result.inserted_primary_key
    assert row is not None  # noqa: S101 - an INSERT of one row always has it
    session.info["change_set_id"] = row[0]
    session.info["change_set_at"] = now
    session.info["facts"] = Facts()
    return int(row[0])


def current_change_time(session: orm.Session) -> datetime:
    """Return the time of this transaction's change set: what it writes has it, too."""
    current_change_set_id(session)
    found: datetime = session.info["change_set_at"]
    return found


def _next_moment(session: orm.Session) -> datetime:
    """Return the time: later than that of all changes that this one may build upon.

    The clocks of several servers differ, and the history is in the order of time. One
    that is a fault must not move the whole history.
    """
    now = utcnow()
    newest: datetime | None = session.connection().scalar(
        sa.select(ChangeSet.at).order_by(ChangeSet.at.desc()).limit(1)
    )
    if newest is not None and now <= newest < now + CLOCKS_DIFFER:
        return newest + timedelta(microseconds=1)
    return now


def written_change_set_id(session: orm.Session) -> int | None:
    """Return the id of the last change set that was committed; None if there was none.

    ``writing`` forgets the one before.
    """
    found: int | None = session.info.get("written_id")
    return found


def add_entries(
    session: orm.Session,
    entries: Iterable[dict[str, Any]],
    known: Mapping[int, Values] = _NOTHING,
) -> None:
    """Add entries (columns of ``ChangeEntry`` without the change set) with Core.

    ``known`` are what changed hosts are counted by, as far as somebody has read it.
    """
    if session.in_nested_transaction():
        raise RuntimeError("A savepoint could take entries back that were counted.")
    change_set_id = current_change_set_id(session)
    facts: Facts = session.info["facts"]
    with permitting(session, HISTORY_TABLES) as connection:
        insert_rows(
            connection,
            cast(sa.Table, ChangeEntry.__table__),
            (
                {**entry, "change_set_id": change_set_id}
                for entry in facts.noting(entries)
            ),
        )
        facts.hosts.count(connection, known)


def add_confirmed(session: orm.Session, count: int) -> None:
    """Note on the change set that so many hosts were only seen again."""
    statement = (
        sa.update(ChangeSet)
        .where(ChangeSet.id == current_change_set_id(session))
        .values(confirmed_count=ChangeSet.confirmed_count + count)
    )
    with permitting(session, HISTORY_TABLES) as connection:
        connection.execute(statement)
    session.info["facts"].confirms = True


@contextlib.contextmanager
def recording(session: orm.Session) -> Iterator[sa.Connection]:
    """Let Core statements write recorded tables: the caller adds the entries.

    For ``inventory.bulk_write`` and what is built on it; the history itself stays shut.
    """
    with permitting(session, RECORDED_TABLES - HISTORY_TABLES) as connection:
        yield connection


@contextlib.contextmanager
def permitting(session: orm.Session, tables: frozenset[Any]) -> Iterator[sa.Connection]:
    """Let Core statements write these tables until the block ends."""
    before = session.info.get("permitted", frozenset())
    session.info["permitted"] = before | tables
    try:
        yield session.connection()
    finally:
        session.info["permitted"] = before


def changes_of(
    session: orm.Session, subject: str, subject_id: int, limit: int = 20
) -> list[ChangeEntry]:
    """Return the newest entries of one object, with their change sets."""
    return list(
        session.scalars(
            sa.select(ChangeEntry)
            .join(ChangeEntry.change_set)
            .where(ChangeEntry.subject == subject, ChangeEntry.subject_id == subject_id)
            .order_by(*NEWEST_FIRST)
            .limit(limit)
            .options(orm.contains_eager(ChangeEntry.change_set))
        )
    )
