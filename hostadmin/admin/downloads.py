"""Files that are sent while they are made."""

import contextlib
import tempfile
from collections.abc import Generator, Iterable
from itertools import chain, islice

from flask import Response, request
from werkzeug.wsgi import wrap_file


def attachment(name: str, mimetype: str, chunks: Generator[bytes]) -> Response:
    """Return a file as a download.

    Two chunks are made before the answer begins, so that an error in the query or the
    database is still shown as one.
    """
    first = b"".join(islice(chunks, 2))
    response = Response(
        mimetype=mimetype,
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
