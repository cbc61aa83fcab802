"""Many hosts out of the inventory, or out of a group: Core statements with history."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..history import DELETED, add_entries, recording
from ..models import Group, Host, group_members
from .bulk_read import StoredHost, read_hosts_by_id
from .bulk_write import BATCH, HOSTS, change_hosts
from .edits import Change, Edit, changed_meanwhile


def delete_hosts(session: orm.Session, versions: Mapping[int, int]) -> None:
    """Delete hosts, given as id → version; the history keeps what they were.

    Raises ``Conflict`` when one is gone or no longer at its version.
    """
    for ids in batched(sorted(versions), BATCH):
        found = read_hosts_by_id(session, ids)
        by_version: dict[int, list[int]] = {}
        for host_id in ids:
            host = found.get(host_id)
            if host is None or host.version != versions[host_id]:
                raise changed_meanwhile("host")
            by_version.setdefault(host.version, []).append(host_id)
        for version, some in by_version.items():
            # Aliases, addresses and memberships go with the row.
            statement = sa.delete(HOSTS).where(
                HOSTS.c.id.in_(some), HOSTS.c.version == version
            )
            with recording(session) as connection:
                gone = connection.execute(statement).rowcount
            if gone != len(some):
                raise changed_meanwhile("host")
        add_entries(session, [_deleted(found[host_id]).entry() for host_id in ids])


def _deleted(host: StoredHost) -> Edit:
    last = host.fields | {"created_at": host.created_at.isoformat()}
    changes = {name: Change(value, None) for name, value in last.items()}
    name = host.fields["hostname"]
    return Edit("host", host.id, host.version, name, changes, DELETED)


def take_members_out(session: orm.Session, group: Group) -> None:
    """Take every direct member out of a group, each with its entry."""
    members = sa.select(group_members.c.host_id).where(
        group_members.c.group_id == group.id
    )
    session.flush()
    while some := list(session.scalars(members.limit(BATCH))):
        leaving = []
        for host in read_hosts_by_id(session, some).values():
            before = host.fields["groups"]
            after = [one for one in before if one["id"] != group.id]
            changes = {"groups": Change(before, after or None)}
            name = host.fields["hostname"]
            leaving.append(Edit("host", host.id, host.version, name, changes))
        change_hosts(session, leaving)
    for item in list(session):
        # Objects that were read before would still be members.
        if isinstance(item, Host):
            session.expire(item)
