"""Errors for programs, in the form of RFC 9457, for every address that they call."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request

from ..errors import FieldError
from .requests import request_id

MIMETYPE = "application/problem+json"


def problem(status: int, title: str, detail: str = "", **more: Any) -> Response:
    """Return the answer; ``more`` are further members, without those that are empty.

    Its type leads to the words about it on the page that describes the API.
    """
    body: dict[str, Any] = {
        "type": f"{request.script_root}/api/#problem-{status}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "request_id": request_id(),
    }
    body |= {name: value for name, value in more.items() if value}
    text = json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace")
    return Response(text + b"\n", status, mimetype=MIMETYPE)


def field_errors(errors: Iterable[FieldError]) -> list[Mapping[str, str]]:
    """Return what is wrong with each member of what was sent, and where it is."""
    return [
        {"pointer": pointer(error.field), "detail": error.message} for error in errors
    ]


def pointer(path: str) -> str:
    """Return the JSON Pointer to a member, as a fragment.

    ``path`` are names, escaped, with slashes between; the whole has no name.
    """
    return f"#/{path}" if path else "#"
