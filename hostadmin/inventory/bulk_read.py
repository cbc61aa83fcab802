"""Many hosts as they are now, as plain values to compare with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..history.kept_counts import VALUE_COLUMNS, Values
from ..models import Group, Host, HostAddress, group_members
from ..validation.values import plain
from .bulk_write import ADDRESSES, ALIASES, HOSTS, PLAIN

ALL = (*PLAIN, "aliases", "addresses", "groups")
# Read only where they are asked for.
TIMES = ("updated_at", "confirmed_at")


@dataclass(frozen=True, slots=True)
class StoredHost:
    """A host as it is; its fields as the history keeps them, without empty ones."""

    id: int
    version: int
    fields: dict[str, Any]
    created_at: datetime
    # Values of what hosts are counted by, where they were asked for.
    counted_by: Values = ()


def read_hosts(session: orm.Session, keys: Sequence[str]) -> dict[str, StoredHost]:
    """Return hosts by their name keys. Objects would cost five times as much."""
    return _read(session, HOSTS.c.hostname_key, keys)


def read_hosts_by_id(
    session: orm.Session,
    ids: Sequence[int],
    names: Sequence[str] = ALL,
    *,
    counted: bool = False,
) -> dict[int, StoredHost]:
    """Return hosts by their ids, with these fields and what they are counted by."""
    return _read(session, HOSTS.c.id, ids, names, VALUE_COLUMNS if counted else ())


def _read(
    session: orm.Session,
    by: sa.Column[Any],
    wanted: Sequence[Any],
    names: Sequence[str] = ALL,
    counted_by: Sequence[Any] = (),
) -> dict[Any, StoredHost]:
    plain_names = [name for name in (*PLAIN, *TIMES) if name in names]
    columns = [HOSTS.c[name] for name in plain_names]
    rows: Sequence[Any] = session.execute(
        sa.select(
            by.label("wanted"),
            HOSTS.c.id,
            HOSTS.c.version,
            HOSTS.c.created_at,
            *columns,
            *counted_by,
        ).where(by.in_(wanted))
    ).all()
    found: dict[Any, StoredHost] = {}
    by_id: dict[int, dict[str, Any]] = {}
    for row in rows:
        key, host_id, version, created_at, *cells = row
        cells, values = cells[: len(columns)], tuple(cells[len(columns) :])
        fields = {
            name: plain(cell)
            for name, cell in zip(plain_names, cells, strict=True)
            if cell is not None and cell != {}
        }
        found[key] = StoredHost(host_id, version, fields, created_at, values)
        by_id[host_id] = fields
    if by_id:
        _read_texts(session, by_id, names)
    if by_id and "groups" in names:
        _read_groups(session, by_id)
    return found


def _read_texts(
    session: orm.Session, by_id: dict[int, dict[str, Any]], names: Sequence[str]
) -> None:
    for name, table, column in (
        ("aliases", ALIASES, ALIASES.c.name),
        ("addresses", ADDRESSES, ADDRESSES.c.ip_addr),
    ):
        if name not in names:
            continue
        statement = sa.select(table.c.host_id, column)
        for host_id, text in session.execute(
            statement.where(table.c.host_id.in_(list(by_id)))
        ):
            by_id[host_id].setdefault(name, []).append(text)
        for fields in by_id.values():
            if name in fields:
                fields[name].sort()


def _read_groups(session: orm.Session, by_id: dict[int, dict[str, Any]]) -> None:
    statement = (
        sa.select(group_members.c.host_id, Group.id, Group.name)
        .join(Group, Group.id == group_members.c.group_id)
        .where(group_members.c.host_id.in_(list(by_id)))
    )
    members: Iterable[Any] = session.execute(statement)
    for host_id, group_id, text in members:
        group = {"id": group_id, "name": text}
        by_id[host_id].setdefault("groups", []).append(group)
    for fields in by_id.values():
        if "groups" in fields:
            fields["groups"].sort(key=lambda group: group["name"])


def names_by_address(
    session: orm.Session, ip_keys: Iterable[str]
) -> dict[str, list[str]]:
    """Return address key → names of the hosts that have it, as theirs or further."""
    keys = list(ip_keys)
    own = sa.select(Host.ip_key, Host.hostname).where(Host.ip_key.in_(keys))
    further = (
        sa.select(HostAddress.ip_key, Host.hostname)
        .join(Host, Host.id == HostAddress.host_id)
        .where(HostAddress.ip_key.in_(keys))
    )
    found: dict[str, list[str]] = {}
    rows: Iterable[Any] = session.execute(sa.union(own, further))
    for key, name in rows:
        found.setdefault(key, []).append(name)
    return found
