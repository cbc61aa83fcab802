"""What every single write shares: versions, and constraints explained in words."""

from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..db.session import db
from ..errors import Conflict, FieldError, InvalidInput
from ..models import Group, Host, Inventory

Saved = TypeVar("Saved", Host, Group, Inventory)

CHANGED_SINCE_OPENED = "was changed by someone else since you opened it."


def check_version(item: Host | Group | Inventory, version: int | None) -> None:
    """Raise ``Conflict`` unless this is the version that the writer saw."""
    if version is not None and item.version != version:
        raise Conflict(f"{item} {CHANGED_SINCE_OPENED}")


def saved(item: Saved, name_field: str) -> Saved:
    """Flush; the loser of a race gets the same errors as one who came later."""
    name = str(item)
    try:
        db.session.flush()
    except StaleDataError:
        raise Conflict(f"{name} {CHANGED_SINCE_OPENED}") from None
    except IntegrityError as error:
        if "uq_" in str(error.orig) or "UNIQUE" in str(error.orig).upper():
            taken = f"“{name}” has just been taken."
            raise InvalidInput([FieldError(name_field, taken)]) from None
        if "FOREIGN KEY" in str(error.orig).upper():
            raise Conflict(f"A group of {name} has just been deleted.") from None
        raise
    return item
