"""What a query, filter, sort or count may name.

The table of the fields of a host is ``validation.host_fields``.
"""

import enum
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from ..errors import QueryError
from ..models import Host
from ..validation.host_fields import HOST_FIELDS, HostField
from ..validation.json_values import MAX_DEPTH
from ..validation.values import fold, nearest, quoted
from . import ast
from .ast import Quoted
from .checks import CHECKS


class Kind(enum.Enum):
    """How the values of a field compare."""

    NAME = "name"
    ALIAS = "alias"
    ADDRESS = "address"
    PORT = "port"
    STATUS = "status"
    TEXT = "text"
    GROUP = "group"
    NOTES = "notes"
    TIME = "time"
    VARIABLE = "variable"
    CHECK = "check"
    SET = "set"


_MATCH = ("equals", "not_equal")
_PART = ("contains", "not_contains", "starts_with")
_LIST = ("in_list", "not_in_list")
_RANGE = ("greater_than", "smaller_than", "between")
_EMPTY = ("empty",)

# What Flask-Admin style filters may do with a field, in the order of a menu.
OPERATIONS: dict[Kind, tuple[str, ...]] = {
    Kind.NAME: (*_MATCH, *_PART, *_LIST),
    Kind.ALIAS: (*_MATCH, *_PART, *_LIST, *_EMPTY),
    Kind.ADDRESS: (*_MATCH, "in_network", *_PART, *_LIST, *_RANGE, *_EMPTY),
    Kind.PORT: (*_MATCH, *_RANGE, *_LIST, *_EMPTY),
    Kind.STATUS: (*_MATCH, *_LIST),
    Kind.TEXT: (*_MATCH, *_PART, *_LIST, *_EMPTY),
    Kind.GROUP: (*_MATCH, *_LIST, *_EMPTY),
    Kind.NOTES: ("contains", "not_contains", *_EMPTY),
    Kind.TIME: (*_MATCH, *_RANGE, *_EMPTY),
    Kind.VARIABLE: (*_MATCH, *_PART, *_LIST, *_EMPTY),
    Kind.CHECK: (*_MATCH, *_LIST),
    Kind.SET: (*_MATCH, *_LIST),
}


@dataclass(frozen=True)
class Field:
    """What a query may ask about a host.

    ``column`` is the model's column where there is one; ``sort_column`` orders and
    pages a list; ``path`` is the way down to a variable. ``phrase`` and ``noun`` are
    those of ``HostField``.
    """

    name: str
    label: str
    kind: Kind
    description: str
    aliases: tuple[str, ...] = ()
    column: InstrumentedAttribute[Any] | None = None
    sort_column: InstrumentedAttribute[Any] | None = None
    nullable: bool = True
    groupable: bool = False
    path: tuple[str, ...] = ()
    phrase: str = ""
    noun: str = ""

    @property
    def sortable(self) -> bool:
        return self.sort_column is not None

    @property
    def operations(self) -> tuple[str, ...]:
        """The filter operations that make sense here, in the order of a menu."""
        known = OPERATIONS[self.kind]
        return known if self.nullable else tuple(op for op in known if op != "empty")

    @property
    def attribute(self) -> str | None:
        """The name of the column on the model, such as environment for env."""
        return self.column.key if self.column is not None else None


def _field(known: HostField) -> Field:
    column = getattr(Host, known.name)
    return Field(
        known.query,
        known.label,
        Kind(known.kind),
        known.description,
        known.also,
        column if known.name in Host.__mapper__.columns else None,
        getattr(Host, known.sort) if known.sort else None,
        nullable=known.nullable,
        groupable=known.is_groupable,
        phrase=known.phrase,
        noun=known.noun,
    )


_FIELDS = (
    *(_field(known) for known in HOST_FIELDS if known.query),
    Field(
        "check",
        "Check",
        Kind.CHECK,
        f"what the hygiene page finds: {', '.join(CHECKS)}",
        nullable=False,
    ),
    Field(
        "set",
        "Set",
        Kind.SET,
        "the number of a set of hosts, such as those of a pasted list",
        nullable=False,
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in _FIELDS}
SORTABLE: dict[str, Field] = {f.name: f for f in _FIELDS if f.sortable}

_BY_NAME: dict[str, Field] = {
    name: field for field in _FIELDS for name in (field.name, *field.aliases)
}
_VARIABLE = "var."


def find_field(name: str) -> Field:
    """Return the field of that name or other name, or raise ``QueryError``."""
    folded = fold(name.strip())
    if folded.startswith(_VARIABLE):
        return _variable(name.strip()[len(_VARIABLE) :])
    field = _BY_NAME.get(folded)
    if field is None:
        found = nearest(name, _BY_NAME)
        raise QueryError(
            f"There is no field {quoted(name)}.",
            field_hint(name),
            value=name,
            instead=found,
        )
    return field


def field_hint(name: str) -> str:
    """Return a sentence that helps somebody who wrote a name that is no field."""
    found = nearest(name, [*_BY_NAME, "var.NAME"])
    if found:
        return f"Did you mean “{found}”?"
    return f"Fields are: {', '.join(FIELDS)} and var.NAME."


def _variable(name: str) -> Field:
    path = tuple(name.split("."))
    if not all(path):
        raise QueryError(
            f"{quoted(_VARIABLE + name)} names no variable.",
            "Write var.NAME, and var.NAME.KEY for what is inside of it.",
        )
    if len(path) > MAX_DEPTH:
        raise QueryError(f"Variables are at most {MAX_DEPTH} deep; this is deeper.")
    return Field(
        f"var.{name}", name, Kind.VARIABLE, "a variable of the host itself", path=path
    )


_WITH_PATTERNS = (Kind.NAME, Kind.ALIAS, Kind.TEXT, Kind.VARIABLE)
# What a variable may hold besides texts, as it would be written.
_NO_TEXT = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?|true|false", re.IGNORECASE)


def literal(field: Field, op: str, value: str) -> str:
    """Return the value such that the stars in it are stars, not a pattern.

    Only what has some becomes ``Quoted``, so that equal terms are equal.
    """
    has_patterns = op == ast.EQUALS and field.kind in _WITH_PATTERNS
    return Quoted(value) if has_patterns and re.search(r"[*?]", value) else str(value)


def literal_text(field: Field, op: str, value: str) -> str:
    """Return what a value in quotation marks means: of variables, only texts."""
    if op == ast.EQUALS and field.kind is Kind.VARIABLE and _NO_TEXT.fullmatch(value):
        return Quoted(value)
    return literal(field, op, value)
