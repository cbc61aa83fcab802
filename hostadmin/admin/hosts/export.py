"""Downloads of what is filtered, streamed."""

import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import wrap_file

from ...clock import utcnow
from ...db.session import db
from ...errors import NotFound
from ...exports.exporter import FORMATS, encoded, export
from ...exports.layout import ALL, SHOWN, Wishes, is_in_files, read_layout
from ...inventory.columns import DEFAULT
from ...validation.values import did_you_mean, quoted
from ..current_user import web_viewer
from ..generated.list_context import single
from ..generated.urls import QUERY, VIEW, ViewUrl
from ..list_columns import COLS
from ..query_args import read_hosts_request

bp = Blueprint("export", __name__)

PARAMETERS = (VIEW, COLS, "sort", "fields")
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
    shown = url.setting(*(("fields", SHOWN) if usual else (COLS, _cols(columns))))
    tables, programs = [], []
    for name, known in FORMATS.items():
        text = f"{known.label} of {count}"
        if known.has_columns:
            tables.append((f"{text}, columns as shown", _to(shown, name)))
        if known.has_columns and not known.is_for_people:
            every = url.setting("fields", ALL)
            tables.append((f"{text}, all fields", _to(every, name)))
        elif not known.has_columns:
            programs.append((text, _to(url, name)))
    address = f"{request.host_url.rstrip('/')}{_to(shown, 'csv')}"
    header = '-H "Authorization: Bearer $HOSTADMIN_TOKEN"'
    curl = f"curl -fsS {header} -o hosts.csv '{address}'"
    return ExportMenu(tables, programs, address, curl)


def _cols(columns: Sequence[str]) -> str:
    return ",".join(filter(is_in_files, columns)) or DEFAULT[0]


def _to(url: ViewUrl, format: str) -> str:
    return url.to("export.download", format=format)


@bp.get("/export/<format>")
def download(format: str) -> ResponseReturnValue:
    """Send the hosts that the address asks for as a file. Raises ``QueryError``."""
    chosen = FORMATS.get(format)
    if chosen is None:
        raise NotFound(
            f"There is no format {quoted(format)}. {did_you_mean(format, FORMATS)} "
            f"Known: {', '.join(FORMATS)}."
        )
    args = request.args
    known = (*PARAMETERS, *chosen.options)
    asked = read_hosts_request("export.download", args, known)
    options = {name: v for name in chosen.options if (v := single(args, name))}
    view, cols, sort, fields = (single(args, name) for name in PARAMETERS)
    wishes = Wishes(view, cols, sort, fields, options)
    session, notes = db.session(), list[str]()
    node, layout = read_layout(session, web_viewer(), chosen, asked.node, wishes)
    chunks = encoded(export(session, chosen, node, notes, layout))
    # A head without hosts and the first of them are made before the answer begins, so
    # that an error in the query or the database is still told as one.
    first = b"".join(islice(chunks, 2))
    told = note_header(notes)
    # It reads on a connection of its own; the one of the request may go.
    db.session.rollback()
    name = f"{chosen.name}-{utcnow():%Y%m%d-%H%M}{chosen.suffix}"
    response = Response(
        mimetype=chosen.mimetype,
        headers={"Content-Disposition": f"attachment; filename={name}", **told},
    )
    # Of a HEAD request nobody reads the rest.
    response.call_on_close(chunks.close)
    body = chain([first], chunks)
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        _send_whole(response, body)
    else:
        # An error on the way ends the connection before the mark of the end.
        response.response = body
    return response


_ASCII = str.maketrans({"“": '"', "”": '"', "–": "-", "→": "->", "…": "..."})


def note_header(notes: Sequence[str]) -> dict[str, str]:
    """Return the header that says what the file does not hold, as far as is known.

    Of a short file, all is; headers go out before the rest of a long one is read.
    """
    text = " ".join(notes).translate(_ASCII).encode("ascii", "backslashreplace")
    return {NOTE: text[:MAX_NOTE].decode()} if text else {}


def _send_whole(response: Response, chunks: Iterable[bytes]) -> None:
    """Send a file that is complete, with its length.

    HTTP/1.0 has no mark of the end: half a file would look like a whole one.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        file.writelines(chunks)
        response.content_length = file.tell()
        file.seek(0)
        response.response = wrap_file(request.environ, file)
        response.call_on_close(stack.pop_all().close)
