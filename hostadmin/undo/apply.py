"""Exactly what the plan of an undo says, in the transaction that is open."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..clock import utcnow
from ..db.bulk_insert import batched
from ..errors import Conflict
from ..history import CREATED, add_entries, recording
from ..inventory import bulk_delete, bulk_write, inventory_vars, vocabulary
from ..inventory.flush import saved
from ..inventory.groups import get_group
from ..models import Group, group_children
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.values import HostStatus
from .merge import identity
from .plan import CHANGE, DELETE, RESTORE, Step, UndoPlan
from .plan_hosts import is_respelling

LISTS = ("aliases", "addresses", "groups")
GROUPS = cast(sa.Table, Group.__table__)


def apply_plan(session: orm.Session, plan: UndoPlan) -> None:
    """Write the plan. Raises ``Conflict`` when something changed since it was made."""
    # What comes back needs the names of what goes, and what goes must be empty.
    for steps in batched(plan.steps("host", DELETE), bulk_write.BATCH):
        bulk_delete.delete_hosts(session, {step.id: step.version for step in steps})
    _restore_groups(session, list(plan.steps("group", RESTORE)))
    _change_groups(list(plan.steps("group", CHANGE)))
    ids = {name: id_ for id_, name in session.execute(sa.select(Group.id, Group.name))}
    for steps in batched(plan.steps("host", CHANGE), bulk_write.BATCH):
        _spell(session, steps)
        bulk_write.change_hosts(session, [_host_change(step) for step in steps], ids)
    for steps in batched(plan.steps("host", RESTORE), bulk_write.BATCH):
        _spell(session, steps)
        bulk_write.insert_hosts(session, [_host(step) for step in steps], ids)
    # Objects that were read before do not know what Core statements wrote.
    session.flush()
    session.expire_all()
    _delete_groups(session, list(plan.steps("group", DELETE)))
    for step in plan.steps("inventory", CHANGE):
        version = step.version
        inventory_vars.change_inventory({"vars": step.back["vars"][1] or {}}, version)


# ---- hosts


def _spell(session: orm.Session, steps: Iterable[Step]) -> None:
    for name in VOCABULARY_FIELDS:
        pairs = [step.back[name] for step in steps if name in step.back]
        for text in {then for now, then in pairs if is_respelling(now, then)}:
            vocabulary.rename_value(session, name, text)
        texts = {pair[1]: None for pair in pairs if pair[1] is not None}
        found = vocabulary.canonical_values(session, name, texts)
        for pair in pairs:
            pair[1] = found.get(pair[1])


def _host(step: Step) -> dict[str, Any]:
    fields = {name: after for name, (_, after) in step.back.items()}
    typed = _typed(fields)
    if "groups" in fields:
        typed["groups"] = [group["name"] for group in fields["groups"] or ()]
    now = utcnow()
    created = datetime.fromisoformat(step.created_at) if step.created_at else now
    times = {"created_at": created, "updated_at": now, "confirmed_at": now}
    return typed | times | {"id": step.id, "version": step.version}


def _host_change(step: Step) -> bulk_write.HostChange:
    fields = {n: after for n, (_, after) in step.back.items() if n not in LISTS}
    lists: dict[str, list[str]] = {}
    for name in LISTS:
        before, after = step.back.get(name, (None, None))
        lists[f"lost_{name}"] = _beyond(name, before, after)
        lists[f"new_{name}"] = _beyond(name, after, before)
    return bulk_write.HostChange(
        id=step.id,
        version=step.version,
        hostname=fields.get("hostname", step.name),
        fields=_typed(fields),
        changes=step.back,
        new_aliases=lists["new_aliases"],
        new_addresses=lists["new_addresses"],
        new_groups=lists["new_groups"],
        lost_aliases=lists["lost_aliases"],
        lost_addresses=lists["lost_addresses"],
        lost_groups=lists["lost_groups"],
    )


def _beyond(name: str, one: Any, other: Any) -> list[str]:
    """Return names of the items that the first list has beyond the other."""
    have = {identity(name, item) for item in other or ()}
    return [
        str(item["name"] if isinstance(item, dict) else item)
        for item in one or ()
        if identity(name, item) not in have
    ]


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(fields)
    if typed.get("status"):
        typed["status"] = HostStatus(typed["status"])
    if "vars" in typed:
        typed["vars"] = typed["vars"] or {}
    return typed


# ---- groups


def _restore_groups(session: orm.Session, steps: list[Step]) -> None:
    """Insert groups with the ids they had; the ORM would number versions anew."""
    if not steps:
        return
    now = utcnow()
    rows = [
        {
            "id": step.id,
            "name": step.back["name"][1],
            "description": _then(step, "description"),
            "vars": _then(step, "vars") or {},
            "created_at": datetime.fromisoformat(step.created_at)
            if step.created_at
            else now,
            "updated_at": now,
            "version": step.version,
        }
        for step in steps
    ]
    edges = [
        {"parent_id": step.id, "child_id": child["id"]}
        for step in steps
        for child in _then(step, "children") or ()
    ]
    try:
        with recording(session) as connection:
            connection.execute(sa.insert(GROUPS), rows)
            if edges:
                connection.execute(sa.insert(group_children), edges)
    except IntegrityError:
        raise Conflict(bulk_write.CHANGED_MEANWHILE) from None
    add_entries(
        session,
        [
            {
                "subject": "group",
                "subject_id": step.id,
                "subject_name": step.back["name"][1],
                "action": CREATED,
                "changes": step.back,
            }
            for step in steps
        ],
    )


def _then(step: Step, name: str) -> Any:
    return step.back[name][1] if name in step.back else None


def _change_groups(steps: list[Step]) -> None:
    for step in steps:
        group = get_group(step.id)
        for name, (_, after) in step.back.items():
            if name == "children":
                group.children = [get_group(child["id"]) for child in after or ()]
            else:
                setattr(group, name, {} if name == "vars" and not after else after)
        saved(group, "name")


def _delete_groups(session: orm.Session, steps: list[Step]) -> None:
    # All in one flush: one by one, a group that holds another would be recorded, and
    # one day brought back, without the other that went before it.
    with session.no_autoflush:
        for step in steps:
            session.delete(get_group(step.id))
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(bulk_write.CHANGED_MEANWHILE) from None
