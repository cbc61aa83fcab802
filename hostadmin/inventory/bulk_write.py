"""Many hosts at once: rows and their history with Core statements, in one transaction.

The one place that may write recorded tables without the session's listener. It
writes the same entries.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..clock import utcnow
from ..db.bulk_insert import insert_rows
from ..db.engines import engine_of
from ..errors import Conflict
from ..history import CHANGED, CREATED, add_confirmed, add_entries, recording
from ..models import Host, HostAddress, HostAlias, group_members
from ..validation import values
from ..validation.addresses import ip_key
from ..validation.host_fields import VOCABULARY_FIELDS

BATCH = 500
# Each time costs a question for the ids.
INSERTED = 1_000
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
GroupIds = Mapping[str, int]

HOSTS = cast(sa.Table, Host.__table__)
ALIASES = cast(sa.Table, HostAlias.__table__)
ADDRESSES = cast(sa.Table, HostAddress.__table__)

CHANGED_MEANWHILE = "Some of the hosts were changed meanwhile; nothing was saved."


@dataclass(frozen=True)
class HostChange:
    """What becomes of one host: fields of ``PLAIN``, what its lists gain and lose.

    ``changes`` is field → [from, to] as the history keeps it. Lost names and
    addresses are as they are stored.
    """

    id: int
    version: int
    hostname: str
    fields: Mapping[str, Any]
    changes: Mapping[str, Sequence[Any]]
    new_aliases: Sequence[str] = ()
    new_addresses: Sequence[str] = ()
    new_groups: Sequence[str] = ()
    lost_aliases: Sequence[str] = ()
    lost_addresses: Sequence[str] = ()
    lost_groups: Sequence[str] = ()


def insert_hosts(
    session: orm.Session, hosts: Sequence[Mapping[str, Any]], group_ids: GroupIds
) -> None:
    """Add hosts whose fields are cleaned and spelled; groups are names.

    ``created_at``, ``updated_at`` and ``confirmed_at`` may be given; ``id`` and
    ``version`` too, by all or none: a deleted host comes back as the same. Raises
    ``Conflict`` when a name or id is taken.
    """
    with recording(session):
        for start in range(0, len(hosts), INSERTED):
            _insert(session, hosts[start : start + INSERTED], group_ids)


def _insert(
    session: orm.Session, hosts: Sequence[Mapping[str, Any]], group_ids: GroupIds
) -> None:
    connection = session.connection()
    now = utcnow()
    given = "id" in hosts[0]
    engine = engine_of(connection)
    # Whoever reserved ids need not ask for them after the rows were inserted.
    ids = None if given else engine.reserve_ids(connection, HOSTS.c.id, len(hosts))
    if ids:
        hosts = [{**host, "id": i} for i, host in zip(ids, hosts, strict=True)]
    try:
        insert_rows(connection, HOSTS, (_row(host, now) for host in hosts))
    except IntegrityError:
        # The plan found the names free: somebody was faster.
        raise Conflict(CHANGED_MEANWHILE) from None
    if not given and not ids:
        hosts = _with_ids(connection, hosts)
    _insert_lists(
        connection,
        ((host["id"], host.get("aliases", ())) for host in hosts),
        ((host["id"], host.get("addresses", ())) for host in hosts),
        ((host["id"], host.get("groups", ())) for host in hosts),
        group_ids,
    )
    add_entries(
        session,
        (
            host_entry(host["id"], host["hostname"], CREATED, _created(host, group_ids))
            for host in hosts
        ),
    )


def _with_ids(
    connection: sa.Connection, hosts: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Ask for the ids of hosts that were inserted: engines give them in no order."""
    by_key = {values.name_key(host["hostname"]): host for host in hosts}
    found = connection.execute(
        sa.select(Host.id, Host.hostname_key).where(Host.hostname_key.in_(by_key))
    )
    ids = {key: host_id for host_id, key in found}
    return [{**host, "id": ids[key]} for key, host in by_key.items()]


def _row(host: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {name: host.get(name) for name in PLAIN}
    row["vars"] = row["vars"] or {}
    row["status"] = host.get("status") or values.HostStatus.ACTIVE
    created = host.get("created_at", now)
    updated = host.get("updated_at", created)
    return row | {
        **derived(row),
        "created_at": created,
        "updated_at": updated,
        "confirmed_at": host.get("confirmed_at", updated),
        "version": host.get("version", 1),
        **({"id": host["id"]} if "id" in host else {}),
    }


def derived(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that follow from the fields, for those that are given."""
    keys: dict[str, Any] = {}
    if "hostname" in fields:
        keys["hostname_key"] = values.name_key(fields["hostname"])
        keys["hostname_sort"] = values.natural_key(keys["hostname_key"])
    if "ip_addr" in fields:
        keys["ip_key"] = ip_key(fields["ip_addr"])
    return keys


def _insert_lists(
    connection: sa.Connection,
    aliases: Iterable[tuple[int, Iterable[str]]],
    addresses: Iterable[tuple[int, Iterable[str]]],
    groups: Iterable[tuple[int, Iterable[str]]],
    group_ids: GroupIds,
) -> None:
    rows: dict[sa.Table, Iterable[dict[str, Any]]] = {
        ALIASES: (
            {"host_id": host_id, "name": name, "name_key": values.name_key(name)}
            for host_id, names in aliases
            for name in names
        ),
        ADDRESSES: (
            {"host_id": host_id, "ip_addr": text, "ip_key": ip_key(text)}
            for host_id, texts in addresses
            for text in texts
        ),
        group_members: (
            {"host_id": host_id, "group_id": group_ids[name]}
            for host_id, names in groups
            for name in names
        ),
    }
    for table, many in rows.items():
        insert_rows(connection, table, many)


def _delete_lists(
    connection: sa.Connection,
    aliases: Iterable[tuple[int, Iterable[str]]],
    addresses: Iterable[tuple[int, Iterable[str]]],
    groups: Iterable[tuple[int, Iterable[str]]],
    group_ids: GroupIds,
) -> None:
    rows: dict[sa.Column[Any], list[dict[str, Any]]] = {
        ALIASES.c.name: [
            {"of_host": host_id, "item": name}
            for host_id, names in aliases
            for name in names
        ],
        ADDRESSES.c.ip_key: [
            {"of_host": host_id, "item": ip_key(text)}
            for host_id, texts in addresses
            for text in texts
        ],
        group_members.c.group_id: [
            {"of_host": host_id, "item": group_ids[name]}
            for host_id, names in groups
            for name in names
        ],
    }
    for column, many in rows.items():
        if many:
            connection.execute(
                sa.delete(column.table).where(
                    column.table.c.host_id == sa.bindparam("of_host"),
                    column == sa.bindparam("item"),
                ),
                many,
            )


_LISTS = frozenset({"aliases", "addresses", "groups"})
_NOT_RECORDED = frozenset({"created_at", "updated_at", "confirmed_at", "id", "version"})


def _created(host: Mapping[str, Any], group_ids: GroupIds) -> dict[str, Any]:
    """Return what the entry of a new host says: its fields that hold something."""
    changes: dict[str, Any] = {
        name: [None, plain(value)]
        for name, value in host.items()
        if value and name not in _NOT_RECORDED
    }
    changes.setdefault("status", [None, values.HostStatus.ACTIVE.value])
    for name in _LISTS & changes.keys():
        listed = host[name]
        in_order = (
            group_references(listed, group_ids) if name == "groups" else sorted(listed)
        )
        changes[name] = [None, in_order]
    return changes


def group_references(names: Iterable[str], group_ids: GroupIds) -> list[dict[str, Any]]:
    """Return groups as the history keeps them."""
    return [{"id": group_ids[name], "name": name} for name in sorted(names)]


def plain(value: Any) -> Any:
    """Return a value as the history keeps it."""
    return value.value if isinstance(value, enum.Enum) else value


def host_entry(
    host_id: int, name: str, action: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the history keeps of one host."""
    return {
        "subject": "host",
        "subject_id": host_id,
        "subject_name": name,
        "action": action,
        "changes": dict(changes),
    }


def change_hosts(
    session: orm.Session,
    changes: Sequence[HostChange],
    group_ids: GroupIds,
    seen_at: datetime | None = None,
) -> None:
    """Change hosts. Raises ``Conflict`` when one is no longer at its version.

    ``seen_at`` is when they were seen to exist, if that was not now.
    """
    if changes:
        with recording(session) as connection:
            _change(session, connection, changes, group_ids, seen_at)


def _change(
    session: orm.Session,
    connection: sa.Connection,
    changes: Sequence[HostChange],
    group_ids: GroupIds,
    seen_at: datetime | None,
) -> None:
    now = utcnow()
    confirmed = {"confirmed_at": now} if seen_at is None else {}
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        columns = {
            **change.fields,
            **derived(change.fields),
            "updated_at": now,
            **confirmed,
            "version": change.version + 1,
        }
        key = tuple(sorted(columns))
        by_columns.setdefault(key, []).append(
            {f"new_{name}": value for name, value in columns.items()}
            | {"old_id": change.id, "old_version": change.version}
        )
    for names, rows in by_columns.items():
        _update(connection, names, rows)
    if seen_at is not None:
        ids = [change.id for change in changes]
        connection.execute(_confirming(seen_at).where(Host.id.in_(ids)))
    # First out, then in: an alias that is only spelled anew is both.
    _delete_lists(
        connection,
        [(change.id, change.lost_aliases) for change in changes],
        [(change.id, change.lost_addresses) for change in changes],
        [(change.id, change.lost_groups) for change in changes],
        group_ids,
    )
    _insert_lists(
        connection,
        [(change.id, change.new_aliases) for change in changes],
        [(change.id, change.new_addresses) for change in changes],
        [(change.id, change.new_groups) for change in changes],
        group_ids,
    )
    add_entries(
        session,
        [host_entry(c.id, c.hostname, CHANGED, c.changes) for c in changes],
    )


def _update(
    connection: sa.Connection, names: Sequence[str], rows: list[dict[str, Any]]
) -> None:
    alike = _alike(names, rows)
    if len(alike) * ALIKE <= len(rows):
        found = sum(_update_alike(connection, names, some) for some in alike)
    else:
        found = _update_each(connection, names, rows)
    if found != len(rows):
        raise Conflict(CHANGED_MEANWHILE)


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
    statement = _confirming(seen_at or utcnow())
    with recording(session) as connection:
        for version, ids in by_version.items():
            for start in range(0, len(ids), BATCH):
                some = ids[start : start + BATCH]
                seen = connection.execute(
                    statement.where(Host.id.in_(some), Host.version == version)
                )
                if seen.rowcount != len(some):
                    raise Conflict(CHANGED_MEANWHILE)
    if versions:
        add_confirmed(session, len(versions))
