"""The blueprint of all routes, and what every answer has in common."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request
from werkzeug.routing import BaseConverter

from ..config import Settings
from ..etags import not_modified_headers
from .shapes import MAX_WAIT, MOST

bp = Blueprint("api", __name__, url_prefix="/api/v1")
# Of the methods of an address, the GET answers OPTIONS for all.
NO_OPTIONS: Any = {"provide_automatic_options": False}


@bp.after_request
def add_limits(response: Response) -> Response:
    """Say what an account may ask for, before it is refused."""
    settings: Settings = current_app.extensions["hostadmin"]
    body, at_once = current_app.config["MAX_CONTENT_LENGTH"], settings.heavy_at_once
    response.headers["X-Hostadmin-Limits"] = (
        f"body={body}, items={MOST}, wait={MAX_WAIT}, at-once={at_once}"
    )
    return response


class NameConverter(BaseConverter):
    """The rest of an address, whatever is in it: names may hold slashes."""

    called = "name"
    regex = ".+"
    part_isolating = False


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def answer(
    data: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer in JSON."""
    # Half of a surrogate pair, which no way in takes, becomes its escape.
    text = _dumps(data).encode(errors="backslashreplace") + b"\n"
    return Response(text, status, dict(headers or {}), mimetype="application/json")


def tagged(data: Any, tag: str | None) -> Response:
    """Return an answer that can be asked for again by its tag, if it has one."""
    return answer(data, headers=not_modified_headers(tag))


def next_address(cursor: str | None) -> Mapping[str, str]:
    """Return the header that leads to the next page of what was asked for."""
    if cursor is None:
        return {}
    args = request.args.copy()
    args["cursor"] = cursor
    address = f"{request.script_root}{request.path}?{urlencode(list(args.items(True)))}"
    return {"Link": f'<{address}>; rel="next"'}
