"""Variables of the whole inventory, which every host has unless it says otherwise."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.session import db
from ..errors import Conflict
from ..models import Inventory
from ..models.inventory import ONLY_ID
from ..validation.json_values import clean_vars
from ..validation.rules import clean_fields
from .flush import check_version, saved

# What Ansible calls the group of all hosts.
NAME = "all"


def inventory_vars(session: orm.Session) -> dict[str, Any]:
    """Return the variables of the whole inventory."""
    found = session.scalar(sa.select(Inventory.vars).where(Inventory.id == ONLY_ID))
    return found or {}


def get_inventory() -> Inventory:
    """Return the row, or one that is not saved yet: its version is None."""
    return db.session.get(Inventory, ONLY_ID) or Inventory(id=ONLY_ID, vars={})


def change_inventory(
    given: Mapping[str, object], version: int | None = None
) -> Inventory:
    """Change the variables of all hosts. Raises ``InvalidInput``, ``Conflict``.

    ``version`` is the one the writer saw, 0 where nothing had been said.
    """
    fields = clean_fields(given, {"vars": clean_vars})
    inventory = db.session.get(Inventory, ONLY_ID)
    if inventory is None:
        if version:
            raise Conflict("The variables of all hosts were changed by someone else.")
        inventory = Inventory(id=ONLY_ID, vars={})
        db.session.add(inventory)
    elif version is not None:
        check_version(inventory, version)
    for field, value in fields.items():
        setattr(inventory, field, value)
    return saved(inventory, "vars")
