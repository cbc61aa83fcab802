"""Columns of hosts, as a list shows them and as files have them: any field, by name."""

from collections.abc import Iterable

from ..errors import QueryError
from ..query.fields import field_hint, find_field
from ..validation.host_fields import HOST_FIELDS
from ..validation.values import quoted

MOST = 30
# A column may be called otherwise than the field, where it shows all of several.
_CALLED = {"group": "groups"}
DEFAULT = tuple(
    _CALLED.get(field.query, field.query) for field in HOST_FIELDS if field.is_listed
)
COLUMNS = tuple(
    _CALLED.get(field.query, field.query) for field in HOST_FIELDS if field.query
)


def parse_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of these names, each once. Raises ``QueryError``."""
    found = [_column(name.strip()) for name in names if name.strip()]
    if len(found) > MOST:
        raise QueryError(f"Show at most {MOST} columns.")
    return tuple(dict.fromkeys(found)) or DEFAULT


def _column(name: str) -> str:
    try:
        field = find_field(name)
    except QueryError:
        raise QueryError(f"Unknown column {quoted(name)}.", field_hint(name)) from None
    column = _CALLED.get(field.name, field.name)
    if column not in COLUMNS and not field.path:
        raise QueryError(
            f"{quoted(name)} can be used in a query, but cannot be shown as a column."
        )
    return column


def variable_path(column: str) -> tuple[str, ...]:
    """Return the way down to the variable that the column shows, if it shows one."""
    return find_field(column).path
