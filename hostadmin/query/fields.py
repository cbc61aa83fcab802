"""What a query, filter, sort or count may name.

The table of the fields of a host is ``validation.host_fields``.
"""

from ..errors import QueryError
from ..models import Host
from ..validation.host_fields import HOST_FIELDS, HostField
from ..validation.json_values import MAX_DEPTH
from ..validation.values import fold, nearest, quoted
from .checks import CHECKS
from .kinds import KINDS
from .kinds.base import Field as Field


def _field(known: HostField) -> Field:
    column = getattr(Host, known.name)
    return Field(
        known.query,
        known.label,
        KINDS[known.kind],
        known.description,
        known.also,
        column if known.name in Host.__mapper__.columns else None,
        getattr(Host, known.sort) if known.sort else None,
        nullable=known.nullable,
        groupable=known.is_groupable,
        phrase=known.phrase,
        not_phrase=known.not_phrase,
        noun=known.noun,
        rank=known.rank,
    )


_FIELDS = (
    *(_field(known) for known in HOST_FIELDS if known.query),
    Field(
        "check",
        "Check",
        KINDS["check"],
        f"what the hygiene page finds: {', '.join(CHECKS)}",
        nullable=False,
    ),
    Field(
        "set",
        "Set",
        KINDS["set"],
        "the number of a set of hosts, such as those of a pasted list",
        nullable=False,
        rank=2,
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in _FIELDS}
SORTABLE: dict[str, Field] = {f.name: f for f in _FIELDS if f.sortable}

_BY_NAME: dict[str, Field] = {
    name: field for field in _FIELDS for name in (field.name, *field.aliases)
}
_VARIABLE = "var."
_ANY_VARIABLE = "var.NAME"


def find_field(name: str) -> Field:
    """Return the field of that name or other name, or raise ``QueryError``."""
    folded = fold(name.strip())
    if folded.startswith(_VARIABLE):
        return _variable(name.strip()[len(_VARIABLE) :])
    field = _BY_NAME.get(folded)
    if field is None:
        found = nearest(name, [*_BY_NAME, _ANY_VARIABLE])
        raise QueryError(
            f"There is no field {quoted(name)}.",
            field_hint(name),
            value=name,
            instead=None if found == _ANY_VARIABLE else found,
        )
    return field


def field_hint(name: str) -> str:
    """Return a sentence that helps somebody who wrote a name that is no field."""
    found = nearest(name, [*_BY_NAME, _ANY_VARIABLE])
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
    kind = KINDS["variable"]
    return Field(f"var.{name}", name, kind, "a variable of the host itself", path=path)
