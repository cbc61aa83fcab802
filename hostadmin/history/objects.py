"""Objects as the history knows them: also those that are gone or had other names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import (
    Account,
    ApiToken,
    ChangeEntry,
    ChangeSet,
    FormerName,
    Group,
    Host,
    HostAlias,
)
from ..models.inventory import ONLY_ID
from ..validation.numbers import MAX_ID, whole_number
from .filters import HistoryFilter
from .summary_tables import subject_key
from .writer import DELETED, NEWEST_FIRST

# So many objects with one name are looked at.
MOST = 50
Object = tuple[str, int]
# Of each kind, the columns with an id and a name as it is compared.
NAMES: dict[str, list[tuple[Any, Any]]] = {
    "host": [(Host.id, Host.hostname_key), (HostAlias.host_id, HostAlias.name_key)],
    "group": [(Group.id, Group.name)],
    "account": [(Account.id, Account.username_key)],
    "token": [(ApiToken.id, ApiToken.name)],
}


def find_objects(session: orm.Session, asked: HistoryFilter) -> list[Object] | None:
    """Return (subject, id) of what is or was called so; None where none is asked for.

    A name goes before a number that reads the same.
    """
    if asked.kind == "inventory":
        return [("inventory", ONLY_ID)]
    if not asked.object:
        return None
    kinds = [asked.kind] if asked.kind else [k for k in NAMES if k not in asked.hidden]
    found = [] if asked.object.startswith("#") else _named(session, asked, kinds)
    return found or list(_numbered(asked.object.removeprefix("#"), kinds))


def _numbered(text: str, kinds: list[str]) -> Iterator[Object]:
    number = whole_number(text, 1, MAX_ID)
    if number is not None:
        for kind in kinds:
            yield kind, number


def _named(
    session: orm.Session, asked: HistoryFilter, kinds: list[str]
) -> list[Object]:
    found: dict[Object, None] = {}
    for kind in kinds:
        key = subject_key(kind, asked.object)
        selects: list[sa.Select[Any]] = [
            sa.select(id_).where(name == key) for id_, name in NAMES.get(kind, ())
        ]
        selects.append(
            sa.select(FormerName.subject_id).where(
                FormerName.name_key == key, FormerName.subject == kind
            )
        )
        for select in selects:
            ids = session.scalars(select.distinct().limit(MOST))
            found |= dict.fromkeys((kind, id_) for id_ in ids)
    return list(found)[:MOST]


@dataclass(frozen=True)
class Deletion:
    """Who deleted an object, and when."""

    name: str
    actor: str
    at: datetime
    change_set_id: int
    entry_id: int


def find_deletion(
    session: orm.Session, subject: str, subject_id: int
) -> Deletion | None:
    """Return how an object went that is no longer there; None if it never was."""
    row = session.execute(
        sa.select(
            ChangeEntry.id,
            ChangeEntry.subject_name,
            ChangeEntry.action,
            ChangeEntry.change_set_id,
            ChangeSet.actor,
            ChangeSet.at,
        )
        .join(ChangeSet, ChangeSet.id == ChangeEntry.change_set_id)
        .where(ChangeEntry.subject == subject, ChangeEntry.subject_id == subject_id)
        .order_by(*NEWEST_FIRST)
        .limit(1)
    ).first()
    if row is None or row.action != DELETED:
        return None
    return Deletion(row.subject_name, row.actor, row.at, row.change_set_id, row.id)


def existing(session: orm.Session, objects: set[Object]) -> set[Object]:
    """Return those of the objects that are there now."""
    there: set[Object] = {o for o in objects if o[0] not in NAMES}
    for subject, ((column, _), *_) in NAMES.items():
        ids = [id_ for kind, id_ in objects if kind == subject]
        if ids:
            found = session.scalars(sa.select(column).where(column.in_(ids)))
            there |= {(subject, id_) for id_ in found}
    return there
