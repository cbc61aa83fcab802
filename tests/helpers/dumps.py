"""The whole inventory as plain values, to compare before and after."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from hostadmin.db.session import Base, db
from hostadmin.models import Group, Host, Inventory
from hostadmin.validation.host_fields import VOCABULARY_FIELDS

Dump = dict[tuple[str, int], dict[str, Any]]


def dump(session: Session) -> Dump:
    """Return (subject, id) → fields, without version, updated and confirmed.

    Empty variables of all hosts are as none: nothing is said.
    """
    session.rollback()
    found: Dump = {}
    for host in session.query(Host):
        found["host", host.id] = {
            **{
                name: getattr(host, name)
                for name in (
                    *("hostname", "hostname_key", "hostname_sort", "ip_addr", "ip_key"),
                    *(
                        "port",
                        "environment",
                        "os",
                        "location",
                        "role",
                        "owner",
                        "notes",
                    ),
                    *(f"{name}_sort" for name in VOCABULARY_FIELDS),
                    "created_at",
                )
            },
            "status": host.status.value,
            # By type, too: True is not 1.
            "vars": repr(sorted(host.vars.items())),
            "aliases": sorted((a.name, a.name_key) for a in host.aliases),
            "addresses": sorted((a.ip_key, a.ip_addr) for a in host.addresses),
            "groups": sorted(group.id for group in host.groups),
        }
    for group in session.query(Group):
        found["group", group.id] = {
            "name": group.name,
            "description": group.description,
            "created_at": group.created_at,
            "vars": repr(sorted(group.vars.items())),
            "children": sorted(child.id for child in group.children),
        }
    for row in session.query(Inventory):
        if row.vars:
            found["inventory", row.id] = {"vars": repr(sorted(row.vars.items()))}
    session.rollback()
    return found


def dump_tables(app: Flask) -> dict[str, list[Any]]:
    """Return table → rows of all that the database holds."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: connection.execute(sa.select(table)).all()
            for table in Base.metadata.sorted_tables
        }
