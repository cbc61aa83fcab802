"""What a file says about one host, the same for every format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import FieldError
from ..validation.rules import HOST_RULES

# The columns of a file, in order. What a host's life in this database is (ids, times)
# stays here: it would not be true anywhere else.
COLUMNS = (*(name for name in HOST_RULES if name != "vars"), "vars")

# Fields to which a file adds; it overwrites the others.
ADDED_TO = ("aliases", "addresses", "groups")

# What a row may be about; the last is all hosts at once.
HOST, GROUP, INVENTORY = "host", "group", "inventory"

# What an error names when a row is wrong as a whole.
ROW = "row"


@dataclass(frozen=True)
class Row:
    """One host as a file states it: what it does not mention is not in ``values``.

    ``line`` is where it starts, counted from 1. ``errors`` are those that the format
    found itself, such as a cell too many.
    """

    line: int
    values: Mapping[str, Any]
    errors: tuple[FieldError, ...] = field(default=())


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row. ``name`` is the host as far as the row has one."""

    line: int
    name: str
    field: str
    message: str
    subject: str = HOST

    def __str__(self) -> str:
        kind = f"{GROUP} " if self.subject == GROUP else ""
        name = f" ({kind}{self.name})" if self.name else ""
        return f"line {self.line}{name}: {self.field} {self.message}"


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    """Return what stands there in nested objects, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
