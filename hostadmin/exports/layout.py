"""What a file shall look like: its columns, its order and the options of its format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import orm

from ..errors import QueryError
from ..formats.rows import LABELS, Column
from ..inventory.columns import parse_columns
from ..inventory.list_hosts import parse_sort
from ..query.ast import Node, all_of
from ..query.fields import find_field
from ..query.parser import parse
from ..saved_views import Viewer, address_args, named_view
from ..validation.host_fields import HOST_FIELDS
from ..validation.values import quoted
from .exporter import FORMATS, Format, Layout

SHOWN, ALL = "shown", "all"
_NAMES = {known.query: known.name for known in HOST_FIELDS if known.query}


@dataclass(frozen=True)
class Wishes:
    """What somebody wrote: a view's name, columns, order, shown or all, and options."""

    view: str = ""
    cols: str = ""
    sort: str = ""
    fields: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def read_layout(
    session: orm.Session, viewer: Viewer, format: Format, node: Node, wishes: Wishes
) -> tuple[Node, Layout]:
    """Return which hosts the file holds, and how.

    A view says its query, columns and order as far as nothing else does; a query
    beside it narrows it. Raises ``QueryError`` for all that makes no sense.
    """
    said: dict[str, str] = {}
    if wishes.view:
        view = named_view(session, viewer, wishes.view)
        said = dict(address_args(view))
        node = all_of(parse(said.get("q", "")), node)
    columns = _columns(format, wishes, said.get("cols", ""))
    sort = parse_sort(wishes.sort or said.get("sort", ""))
    options = dict(_option(format, *option) for option in wishes.options.items())
    return node, Layout(columns, sort, options)


def _columns(format: Format, wishes: Wishes, of_view: str) -> tuple[Column, ...] | None:
    if wishes.fields not in ("", SHOWN, ALL):
        raise QueryError(
            f"{quoted(wishes.fields)} are no fields of a file.",
            f"Write {SHOWN} for the columns of the list, or {ALL}.",
        )
    is_chosen = bool(wishes.cols) or wishes.fields == SHOWN
    if is_chosen and not format.has_columns:
        tables = (name for name, known in FORMATS.items() if known.has_columns)
        raise QueryError(
            f"{format.label} has no columns to choose.",
            f"They can be chosen for {', '.join(tables)}.",
        )
    if wishes.cols and wishes.fields == ALL:
        raise QueryError("A file holds either all fields or the columns, not both.")
    if wishes.fields == ALL or not format.has_columns:
        return None
    if not (is_chosen or of_view or format.is_for_people):
        return None
    names = parse_columns((wishes.cols or of_view).split(","))
    return tuple(map(_column, names))


def is_in_files(name: str) -> bool:
    """Whether a column of the list can be one of a file."""
    found = find_field(name)
    return bool(found.path) or found.name in _NAMES


def _column(name: str) -> Column:
    found = find_field(name)
    if found.path:
        return Column(found.name, found.label, ("vars", *found.path))
    if not is_in_files(name):
        raise QueryError(
            f"{quoted(name)} can be asked for, but is no column of a file."
        )
    stored = _NAMES[found.name]
    return Column(stored, LABELS[stored], (stored,))


def _option(format: Format, name: str, text: str) -> tuple[str, Any]:
    if name not in format.options:
        raise QueryError(f"{format.label} takes no {quoted(name)}.")
    return name, format.options[name](text)
