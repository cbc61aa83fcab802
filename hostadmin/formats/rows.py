"""What a file says about one host, the same for every format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..errors import FieldError, after_field
from ..validation.host_fields import HOST_FIELDS
from ..validation.json_values import json_text
from ..validation.rules import HOST_RULES

# The columns of a file, in order. What a host's life in this database is (ids, times)
# stays here: it would not be true anywhere else.
COLUMNS = (*(name for name in HOST_RULES if name != "vars"), "vars")

# Fields to which a file adds; it overwrites the others.
ADDED_TO = ("aliases", "addresses", "groups")


@dataclass(frozen=True)
class Column:
    """One column of a table: what its header says, and where in a row its values are.

    ``label`` is for people; below "vars", the path goes on to a variable.
    """

    header: str
    label: str
    path: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> Any:
        return value_at(row, self.path)


# In the place of a column, a column for each variable that a host of the file has.
EVERY_VARIABLE = Column("var.*", "*", ("vars", "*"))

LABELS = {known.name: known.label or known.name.capitalize() for known in HOST_FIELDS}
WHOLE = tuple(Column(name, LABELS[name], (name,)) for name in COLUMNS)

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
        return f"line {self.line}{name}: {self.field}{after_field(self.message)}"


def row_errors(errors: Iterable[RowError]) -> list[dict[str, Any]]:
    """Return what is wrong with rows, for programs."""
    return [
        {
            "line": error.line,
            "name": error.name or None,
            "field": error.field,
            "detail": error.message,
        }
        for error in errors
    ]


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    """Return what is there in nested objects, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def plain_text(value: Any) -> str:
    """Return a value as it is in a cell: of what is not set, nothing."""
    if value is None or value in ({}, [], ()):
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str):
        return value
    # The same text in a fifth of the time, and each host has a port.
    return str(value) if type(value) is int else json_text(value)
