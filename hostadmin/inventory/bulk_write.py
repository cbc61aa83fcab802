"""Many hosts at once: rows and their history with Core statements, in one transaction.

The one place that may write recorded tables without the session's listener. It
writes the same entries.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..db.bulk_insert import insert_rows
from ..db.engines import engine_of
from ..history import add_confirmed, add_entries, current_change_time, recording
from ..models import Host, HostAddress, HostAlias, group_members
from ..validation import values
from ..validation.addresses import ip_key
from ..validation.host_fields import VOCABULARY_FIELDS
from .edits import Edit, changed_meanwhile, gained, lost

BATCH = 500
# So many hosts on average that become the same are worth a statement of their own.
ALIKE = 5
# Columns that are written as they are; the others follow from them.
PLAIN = (
    "hostname",
    "ip_addr",
    "port",
    "status",
    *VOCABULARY_FIELDS,
    "vars",
    "notes",
)

HOSTS = cast(sa.Table, Host.__table__)
ALIASES = cast(sa.Table, HostAlias.__table__)
ADDRESSES = cast(sa.Table, HostAddress.__table__)


@dataclass(frozen=True)
class _List:
    """Where the items of a list of hosts are, and by what each is found there."""

    table: sa.Table
    row: Callable[[Any], dict[str, Any]]
    key: str


_LISTS = {
    "aliases": _List(
        ALIASES,
        lambda name: {"name": name, "name_key": values.name_key(name)},
        "name",
    ),
    "addresses": _List(
        ADDRESSES,
        lambda text: {"ip_addr": text, "ip_key": ip_key(text)},
        "ip_key",
    ),
    "groups": _List(group_members, lambda group: {"group_id": group["id"]}, "group_id"),
}


def insert_hosts(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Add hosts whose terms are spelled and whose groups have ids.

    All of them come back as the same, with an id, or none. Raises ``Conflict`` when a
    name or id is taken.
    """
    now = current_change_time(session)
    with recording(session) as connection:
        added = _insert(connection, edits, now)
    add_entries(session, (edit.entry() for edit in added))


def _insert(
    connection: sa.Connection, edits: Sequence[Edit], now: datetime
) -> list[Edit]:
    ids: Sequence[int] | None = [edit.id for edit in edits]
    if not edits[0].id:
        # Anyone who reserved ids need not ask for them after the rows were inserted.
        engine = engine_of(connection)
        ids = engine.reserve_ids(connection, HOSTS.c.id, len(edits))
    rows: Iterable[dict[str, Any]] = (_row(edit, now) for edit in edits)
    if ids:
        rows = (row | {"id": id_} for row, id_ in zip(rows, ids, strict=True))
    try:
        insert_rows(connection, HOSTS, rows)
    except IntegrityError:
        # The plan found the names free: somebody was faster.
        raise changed_meanwhile("host") from None
    ids = ids or _find_ids(connection, edits)
    added = [replace(edit, id=id_) for edit, id_ in zip(edits, ids, strict=True)]
    _insert_items(connection, added)
    return added


def _find_ids(connection: sa.Connection, edits: Sequence[Edit]) -> list[int]:
    """Ask for the ids of hosts that were inserted: engines give them in no order."""
    keys = [values.name_key(edit.new_name) for edit in edits]
    rows = connection.execute(
        sa.select(Host.hostname_key, Host.id).where(Host.hostname_key.in_(keys))
    )
    ids = {row.hostname_key: row.id for row in rows}
    return [ids[key] for key in keys]


def _row(edit: Edit, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        **dict.fromkeys(PLAIN),
        **_columns(edit),
        "created_at": edit.after("created_at") or now,
        "updated_at": edit.after("updated_at") or now,
        "confirmed_at": edit.after("confirmed_at") or edit.seen_at or now,
        "version": edit.version,
    }
    row["vars"] = row["vars"] or {}
    return row | derived(row)


def _columns(edit: Edit) -> dict[str, Any]:
    """Return the columns that an edit writes, as the tables want them."""
    columns = {name: edit.changes[name][1] for name in PLAIN if name in edit.changes}
    if "status" in columns:
        columns["status"] = values.HostStatus(columns["status"])
    if "vars" in columns:
        columns["vars"] = columns["vars"] or {}
    return columns


def derived(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that follow from the fields, for those that are given."""
    keys: dict[str, Any] = {}
    if "hostname" in fields:
        keys["hostname_key"] = values.name_key(fields["hostname"])
        keys["hostname_sort"] = values.natural_key(keys["hostname_key"])
    if "ip_addr" in fields:
        keys["ip_key"] = ip_key(fields["ip_addr"])
    for name in VOCABULARY_FIELDS:
        if name in fields:
            keys[f"{name}_sort"] = values.term_order(fields[name])
    return keys


def _insert_items(connection: sa.Connection, edits: Sequence[Edit]) -> None:
    for name, stored in _LISTS.items():
        insert_rows(
            connection,
            stored.table,
            (
                {"host_id": edit.id, **stored.row(item)}
                for edit in edits
                if name in edit.changes
                for item in gained(name, edit.changes[name])
            ),
        )


def _delete_items(connection: sa.Connection, edits: Sequence[Edit]) -> None:
    for name, stored in _LISTS.items():
        many = [
            {"of_host": edit.id, "item": stored.row(item)[stored.key]}
            for edit in edits
            if name in edit.changes
            for item in lost(name, edit.changes[name])
        ]
        if many:
            columns = stored.table.c
            statement = sa.delete(stored.table).where(
                columns.host_id == sa.bindparam("of_host"),
                columns[stored.key] == sa.bindparam("item"),
            )
            connection.execute(statement, many)


def change_hosts(session: orm.Session, edits: Sequence[Edit]) -> None:
    """Change hosts, all seen at one time; terms are spelled and groups have ids.

    Raises ``Conflict`` when one is no longer at its version.
    """
    now = current_change_time(session)
    with recording(session) as connection:
        _change(connection, edits, now)
    known = {edit.id: edit.counted_by for edit in edits if edit.counted_by}
    add_entries(session, [edit.entry() for edit in edits], known)


def _change(connection: sa.Connection, edits: Sequence[Edit], now: datetime) -> None:
    seen_at = edits[0].seen_at
    confirmed = {"confirmed_at": now} if seen_at is None else {}
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for edit in edits:
        fields = _columns(edit)
        columns = {
            **fields,
            **derived(fields),
            "updated_at": now,
            **confirmed,
            "version": edit.version + 1,
        }
        key = tuple(sorted(columns))
        by_columns.setdefault(key, []).append(
            {f"new_{name}": value for name, value in columns.items()}
            | {"old_id": edit.id, "old_version": edit.version}
        )
    for names, rows in by_columns.items():
        _update(connection, names, rows)
    if seen_at is not None:
        ids = [edit.id for edit in edits]
        connection.execute(_confirming(seen_at).where(Host.id.in_(ids)))
    # First out, then in: an alias that is only spelled anew is both.
    _delete_items(connection, edits)
    _insert_items(connection, edits)


def _update(
    connection: sa.Connection, names: Sequence[str], rows: list[dict[str, Any]]
) -> None:
    alike = _alike(names, rows)
    if len(alike) * ALIKE <= len(rows):
        found = sum(_update_alike(connection, names, some) for some in alike)
    else:
        found = _update_each(connection, names, rows)
    if found != len(rows):
        raise changed_meanwhile("host")


def _alike(
    names: Sequence[str], rows: list[dict[str, Any]]
) -> list[list[dict[str, Any]]]:
    """Return the rows by what they become, which tells the version they had."""
    if "vars" in names:
        return [[row] for row in rows]
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[f"new_{name}"] for name in names), []).append(row)
    return list(found.values())


def _update_alike(
    connection: sa.Connection, names: Sequence[str], rows: list[dict[str, Any]]
) -> int:
    """Write rows that become the same with one statement: drivers send each alone."""
    statement = (
        sa.update(HOSTS)
        .where(
            HOSTS.c.id.in_([row["old_id"] for row in rows]),
            HOSTS.c.version == rows[0]["old_version"],
        )
        .values({HOSTS.c[name]: rows[0][f"new_{name}"] for name in names})
    )
    return connection.execute(statement).rowcount


def _update_each(
    connection: sa.Connection, names: Sequence[str], rows: list[dict[str, Any]]
) -> int:
    table = HOSTS
    statement = (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("old_id"),
            table.c.version == sa.bindparam("old_version"),
        )
        .values(
            {
                table.c[name]: sa.bindparam(f"new_{name}", type_=table.c[name].type)
                for name in names
            }
        )
    )
    return connection.execute(statement, rows).rowcount


def _confirming(seen_at: datetime) -> sa.Update:
    """Return a statement that never takes back a later confirmation."""
    later = sa.case((Host.confirmed_at > seen_at, Host.confirmed_at), else_=seen_at)
    return sa.update(HOSTS).values(confirmed_at=later)


def confirm_unchanged(
    session: orm.Session, versions: Mapping[int, int], seen_at: datetime | None = None
) -> None:
    """Note that hosts, given as id → version, were seen.

    That gives them no version and no entry, but a count on the change set. Raises
    ``Conflict`` when one is gone or no longer at its version.
    """
    by_version: dict[int, list[int]] = {}
    for host_id, version in versions.items():
        by_version.setdefault(version, []).append(host_id)
    if not versions:
        return
    statement = _confirming(seen_at or current_change_time(session))
    with recording(session) as connection:
        for version, ids in by_version.items():
            for start in range(0, len(ids), BATCH):
                some = ids[start : start + BATCH]
                seen = connection.execute(
                    statement.where(Host.id.in_(some), Host.version == version)
                )
                if seen.rowcount != len(some):
                    raise changed_meanwhile("host")
    add_confirmed(session, len(versions))
