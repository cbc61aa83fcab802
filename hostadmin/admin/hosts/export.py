"""Downloads of what is filtered, streamed."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...clock import utcnow
from ...db.session import db
from ...errors import NotFound
from ...etags import inventory_tag, not_modified, not_modified_headers
from ...exports.exporter import FORMATS, Layout, encoded, export
from ...exports.layout import ALL, SHOWN, LayoutOptions, read_layout
from ...formats.rows import EVERY_VARIABLE
from ...inventory.columns import DEFAULT
from ...query.ast import Node
from ...validation.values import did_you_mean, quoted
from ..current_user import web_viewer
from ..downloads import attachment
from ..generated.list_context import single
from ..generated.urls import QUERY, VIEW, ViewUrl
from ..list_columns import COLS
from ..query_args import read_hosts_request

bp = Blueprint("export", __name__)

PARAMETERS = (VIEW, COLS, "sort", "fields")
# Sheets, where a variable that has no column of its own is hard to use.
WITH_VARIABLES = ("csv", "xlsx")
NOTE = "X-Hostadmin-Note"
MAX_NOTE = 2_000


@dataclass(frozen=True)
class ExportMenu:
    """What the list offers: texts with addresses, and how a program gets the same."""

    tables: list[tuple[str, str]]
    programs: list[tuple[str, str]]
    address: str
    curl: str


def export_menu(url: ViewUrl, count: str, columns: Sequence[str]) -> ExportMenu:
    """Return the files of the hosts of a list, in its order."""
    url = url.only(QUERY, "sort").setting(VIEW, None)
    usual = tuple(columns) == DEFAULT
    shown = url.setting(*(("fields", SHOWN) if usual else (COLS, ",".join(columns))))
    tables, programs = [], []
    for name, known in FORMATS.items():
        text = f"{known.label} of {count}"
        if known.has_columns:
            tables.append((f"{text}, columns as shown", _to(shown, name)))
        if known.has_columns and not known.is_for_people:
            every = url.setting("fields", ALL)
            tables.append((f"{text}, all fields", _to(every, name)))
            if name in WITH_VARIABLES:
                wide = url.setting(COLS, ",".join((*DEFAULT, EVERY_VARIABLE.header)))
                label = f"{text}, a column for each variable"
                tables.append((label, _to(wide, name)))
        elif not known.has_columns:
            programs.append((text, _to(url, name)))
    address = f"{request.host_url.rstrip('/')}{_to(shown, 'csv')}"
    header = '-H "Authorization: Bearer $HOSTADMIN_TOKEN"'
    curl = f"curl -fsS {header} -o hosts.csv '{address}'"
    return ExportMenu(tables, programs, address, curl)


def _to(url: ViewUrl, format: str) -> str:
    return url.to("export.download", format=format)


@bp.get("/export/<format>")
def download(format: str) -> ResponseReturnValue:
    """Send the hosts that the address asks for as a file. Raises ``QueryError``."""
    chosen = FORMATS.get(format)
    if chosen is None:
        words = (
            f"Unknown format {quoted(format)}.",
            did_you_mean(format, FORMATS),
            f"Use one of: {', '.join(FORMATS)}.",
        )
        raise NotFound(" ".join(filter(None, words)))
    args = request.args
    known = (*PARAMETERS, *chosen.options)
    asked = read_hosts_request("export.download", args, known)
    options = {name: v for name in chosen.options if (v := single(args, name))}
    view, cols, sort, fields = (single(args, name) for name in PARAMETERS)
    wanted = LayoutOptions(view, cols, sort, fields, options)
    session, notes = db.session(), list[str]()
    node, layout = read_layout(session, web_viewer(), chosen, asked.node, wanted)
    tag = _tag(node, layout)
    if (unchanged := not_modified(tag)) is not None:
        return unchanged
    chunks = encoded(export(session, chosen, node, notes, layout))
    name = f"{chosen.name}-{utcnow():%Y%m%d-%H%M}{chosen.suffix}"
    response = attachment(name, chosen.mimetype, chunks)
    # It reads on a connection of its own; the one of the request may go.
    db.session.rollback()
    response.headers.update(note_header(notes))
    response.headers.update(not_modified_headers(tag))
    return response


def _tag(node: Node, layout: Layout) -> str | None:
    columns = None if layout.columns is None else [c.header for c in layout.columns]
    options = sorted(layout.options.items())
    return inventory_tag(db.session(), node, columns, layout.sort.text, options)


_ASCII = str.maketrans({"“": '"', "”": '"', "–": "-", "→": "->", "…": "..."})


def note_header(notes: Sequence[str]) -> dict[str, str]:
    """Return the header that says what the file does not hold, as far as is known.

    Of a short file, all is; headers go out before the rest of a long one is read.
    """
    text = " ".join(notes).translate(_ASCII).encode("ascii", "backslashreplace")
    return {NOTE: text[:MAX_NOTE].decode()} if text else {}
