"""What a file shall look like: its columns, its order and the options of its format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import orm

from ..errors import QueryError
from ..formats.rows import EVERY_VARIABLE, LABELS, Column
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
class LayoutOptions:
    """What somebody wrote: a view's name, columns, order, shown or all, and options."""

    view: str = ""
    cols: str = ""
    sort: str = ""
    fields: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def read_layout(
    session: orm.Session,
    viewer: Viewer,
    format: Format,
    node: Node,
    wanted: LayoutOptions,
) -> tuple[Node, Layout]:
    """Return which hosts the file holds, and how.

    A view says its query, columns and order as far as nothing else does; a query
    beside it narrows it. Raises ``QueryError`` for all that makes no sense.
    """
    said: dict[str, str] = {}
    if wanted.view:
        view = named_view(session, viewer, wanted.view)
        said = dict(address_args(view))
        node = all_of(parse(said.get("q", "")), node)
    columns = _columns(format, wanted, said.get("cols", ""))
    sort = parse_sort(wanted.sort or said.get("sort", ""))
    options = dict(_option(format, *option) for option in wanted.options.items())
    return node, Layout(columns, sort, options)


def _columns(
    format: Format, wanted: LayoutOptions, of_view: str
) -> tuple[Column, ...] | None:
    is_chosen = bool(wanted.cols) or wanted.fields == SHOWN
    _check_wanted(format, wanted, is_chosen)
    if wanted.fields == ALL or not format.has_columns:
        return None
    if not (is_chosen or of_view or format.is_for_people):
        return None
    names = parse_columns((wanted.cols or of_view).split(","))
    return tuple(map(_column, names))


def _check_wanted(format: Format, wanted: LayoutOptions, is_chosen: bool) -> None:
    if wanted.fields not in ("", SHOWN, ALL):
        raise QueryError(
            f"{quoted(wanted.fields)} is not valid for fields.",
            f"Use {SHOWN} for the columns of the list, or {ALL}.",
        )
    if is_chosen and not format.has_columns:
        tables = (name for name, known in FORMATS.items() if known.has_columns)
        raise QueryError(
            f"Columns cannot be chosen for {format.label}.",
            f"They can be chosen for {', '.join(tables)}.",
        )
    if wanted.cols and wanted.fields == ALL:
        raise QueryError("Use either chosen columns or all fields, not both.")


def _column(name: str) -> Column:
    if name == EVERY_VARIABLE.header:
        return EVERY_VARIABLE
    found = find_field(name)
    if found.path:
        return Column(found.name, found.label, ("vars", *found.path))
    stored = _NAMES[found.name]
    return Column(stored, LABELS[stored], (stored,))


def _option(format: Format, name: str, text: str) -> tuple[str, Any]:
    if name not in format.options:
        raise QueryError(f"{quoted(name)} cannot be used with {format.label}.")
    return name, format.options[name](text)
