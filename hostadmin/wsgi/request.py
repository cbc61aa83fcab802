"""A request as WSGI has it: its environment, and its body once all of it is there."""

import sys
from collections.abc import Awaitable, Callable
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Receive = Callable[[], Awaitable[Any]]

# Larger bodies go to a file.
IN_MEMORY = 256 * 1024


class ClientGone(Exception):
    """Nobody is there any more who wants an answer."""


class TooLarge:
    """A body that was not taken: reading it raises the right error."""

    def read(self, size: int = -1) -> NoReturn:
        raise RequestEntityTooLarge

    readline = read

    def close(self) -> None:
        """Nothing was opened."""


def environment(scope: dict[str, Any]) -> "WSGIEnvironment":
    """Return the environment of a request whose body is not there yet."""
    host, port = scope["server"] or ("", None)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        # WSGI hands over bytes in the guise of characters.
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or ""),
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.input": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: "WSGIEnvironment", name: str, value: str) -> None:
    if "_" in name:
        # Would pass for the header with a dash, which a proxy may have set.
        return
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    if key in environ:
        value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
    environ[key] = value


def announced_length(environ: "WSGIEnvironment") -> float:
    """Return the length of the body; infinity where only its end is marked."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return float("inf")
    return int(environ.get("CONTENT_LENGTH") or 0)


async def read_body(
    environ: "WSGIEnvironment", receive: Receive, limit: int
) -> IO[bytes] | TooLarge:
    """Return the whole body, and note its length. Raises ``ClientGone``."""
    is_chunked = environ.get("HTTP_TRANSFER_ENCODING")
    if not is_chunked and announced_length(environ) > limit:
        return TooLarge()
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    try:
        fits = await _fill(file, receive, limit)
    except BaseException:
        file.close()
        raise
    environ["CONTENT_LENGTH"] = str(file.tell())
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    file.seek(0)
    if fits:
        return file
    file.close()
    return TooLarge()


async def _fill(file: IO[bytes], receive: Receive, limit: int) -> bool:
    """Write the body to a file; return False as soon as it is too large."""
    more = True
    while more and file.tell() <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        file.write(message["body"])
        more = message["more_body"]
    return file.tell() <= limit
