"""Downloads of what is filtered, streamed."""

import contextlib
import tempfile
from collections.abc import Iterable
from itertools import chain, islice

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import wrap_file

from ...clock import utcnow
from ...db.session import db
from ...errors import NotFound
from ...exports.exporter import FORMATS, encoded, export
from ...validation.values import did_you_mean, quoted
from ..generated.list_context import PARAMETERS, single
from ..generated.urls import ViewUrl
from ..query_args import read_hosts_request

bp = Blueprint("export", __name__)


def export_urls(url: ViewUrl) -> list[tuple[str, str]]:
    """Return label and address of each format, for the hosts of a list."""
    filters = url.only_filters()
    return [
        (known.label, filters.to("export.download", format=name))
        for name, known in FORMATS.items()
    ]


@bp.get("/export/<format>")
def download(format: str) -> ResponseReturnValue:
    """Send the hosts that the address asks for as a file. Raises ``QueryError``."""
    chosen = FORMATS.get(format)
    if chosen is None:
        raise NotFound(
            f"There is no format {quoted(format)}. {did_you_mean(format, FORMATS)} "
            f"Known: {', '.join(FORMATS)}."
        )
    node = read_hosts_request(
        "export.download", request.args, (*PARAMETERS, *chosen.options)
    ).node
    options = {n: v for n in chosen.options if (v := single(request.args, n))}
    chunks = encoded(export(db.session(), chosen, node, [], options))
    # A head without hosts and the first of them are made before the answer begins, so
    # that an error in the query or the database is still told as one.
    first = b"".join(islice(chunks, 2))
    # It reads on a connection of its own; the one of the request may go.
    db.session.rollback()
    name = f"{chosen.name}-{utcnow():%Y%m%d-%H%M}{chosen.suffix}"
    response = Response(
        mimetype=chosen.mimetype,
        headers={"Content-Disposition": f"attachment; filename={name}"},
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
