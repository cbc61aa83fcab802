"""Many hosts at once, for tests that need them."""

from collections.abc import Iterable, Mapping
from typing import Any

from hostadmin.db.session import db
from hostadmin.inventory.edits import created
from hostadmin.inventory.write_edits import write_edits


def add_hosts(given: Iterable[Mapping[str, Any]]) -> None:
    """Add hosts of these fields, in the transaction that is open."""
    write_edits(db.session(), [created("host", fields) for fields in given])
