"""Styles and scripts under names that hold what is in them: browsers keep them.

A new version has another name, so none is ever asked for twice, nor kept too long.
They are compressed once, as well as can be, and not for each who asks.
"""

import functools
import gzip
import hashlib
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

KEPT = "public, max-age=31536000, immutable"
# The first that a browser takes.
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": functools.partial(gzip.compress, mtime=0),
}


def install(app: Flask) -> None:
    named = _named(Path(app.static_folder or ""))
    real = {name: file for file, name in named.items()}
    send = app.send_static_file

    @app.url_defaults
    def name_by_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename") in named:
            values["filename"] = named[values["filename"]]

    def static(filename: str) -> ResponseReturnValue:
        if filename not in real:
            return send(filename)
        response = _packed(Path(app.static_folder or "", real[filename]))
        response = response or send(real[filename])
        response.headers["Cache-Control"] = KEPT
        return response

    app.view_functions["static"] = static


def _packed(path: Path) -> Response | None:
    """Return the file compressed, if the browser takes that and it is worth it."""
    takes = request.accept_encodings
    coding = next((name for name in PACKERS if takes[name] > 0), None)
    if coding is None or "Range" in request.headers:
        return None
    data = _pack(path, coding)
    if len(data) >= path.stat().st_size:
        return None
    response = Response(data, mimetype=mimetypes.guess_type(path.name)[0])
    response.headers["Content-Encoding"] = coding
    response.add_etag()
    response.make_conditional(request)
    return response


@functools.lru_cache
def _pack(path: Path, coding: str) -> bytes:
    return PACKERS[coding](path.read_bytes())


def _named(folder: Path) -> dict[str, str]:
    """Return file → name, such as app.css → app.0123456789ab.css."""
    found = {}
    for path in folder.iterdir():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        found[path.name] = f"{path.stem}.{digest}{path.suffix}"
    return found
