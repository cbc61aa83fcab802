"""Hosts and groups as they are answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import orm

from ..formats.rows import COLUMNS
from ..inventory.bulk_read import ALL, TIMES, StoredHost, read_hosts_by_id
from ..models import Group

# In the order of a file; what is not set stays so.
_EMPTY: dict[str, Any] = {
    "id": 0,
    "version": 0,
    **dict.fromkeys(COLUMNS),
    **dict.fromkeys(("aliases", "addresses", "groups"), ()),
    "vars": {},
    **dict.fromkeys(("created_at", *TIMES)),
}


def host_records(session: orm.Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the hosts of these ids, in their order; without those that are gone."""
    found = read_hosts_by_id(session, ids, (*ALL, *TIMES))
    return [_record(found[host_id]) for host_id in ids if host_id in found]


def _record(host: StoredHost) -> dict[str, Any]:
    record = _EMPTY | host.fields
    record["id"], record["version"] = host.id, host.version
    if record["groups"]:
        record["groups"] = [group["name"] for group in record["groups"]]
    record["created_at"] = time_text(host.created_at)
    for name in TIMES:
        record[name] = time_text(record[name])
    return record


def group_record(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "version": group.version,
        "name": group.name,
        "description": group.description,
        "children": [child.name for child in group.children],
        "vars": group.vars,
        "created_at": time_text(group.created_at),
        "updated_at": time_text(group.updated_at),
    }


def time_text(time: datetime | None) -> str | None:
    """Return a time of ours, which is UTC, as files have it."""
    return None if time is None else f"{time.isoformat()[:19]}Z"
