"""Answers are sent compressed to who takes that, streams as they come.

Anyone who can have a browser ask us and sees how long each answer is could guess what
is in it beside their own words (BREACH). Pages are compressed only for a browser
that says that it asks by itself; for a program nobody else can make it ask.
"""

from flask import Flask, Response, request
from flask_compress import Compress

TYPES = (
    *("application/json", "application/jsonl", "application/problem+json"),
    *("application/yaml", "text/css", "text/csv", "text/html", "text/javascript"),
    *("text/markdown", "text/plain", "image/svg+xml"),
)
ALGORITHMS = ("zstd", "br", "gzip")
# Browsers send it over TLS and to this machine; without it, nobody knows who asks.
BY_ITSELF = ("same-origin", "none")

_compress = Compress()


def install(app: Flask) -> None:
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_MIMETYPES=TYPES,
        COMPRESS_ALGORITHM=ALGORITHMS,
        COMPRESS_ALGORITHM_STREAMING=ALGORITHMS,
        # As fast as the hosts are read.
        COMPRESS_LEVEL=4,
    )
    _compress.init_app(app)
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if not _may_be(response):
        return response
    # Of a file that is sent, only the pieces are kept.
    if close := getattr(response.response, "close", None):
        response.call_on_close(close)
    return _compress.after_request(response)


def _may_be(response: Response) -> bool:
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # It has no mark of the end: the length says whether all of it came.
        return False
    if "Content-Range" in response.headers:
        return False
    if response.mimetype == "text/html":
        return request.headers.get("Sec-Fetch-Site") in BY_ITSELF
    # Who changes an object says its tag as it is.
    tag, is_weak = response.get_etag()
    return tag is None or bool(is_weak) or request.endpoint == "static"
