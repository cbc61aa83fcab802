"""What the API says of itself: OpenAPI 3.1, made of the routes and their models.

SpecTree puts paths and models together; what it does not know of is added here: the one
shape of errors, headers, and bodies that are not plain JSON.
"""

import json
import re
from typing import Any

from flask import Flask, Response, current_app, request

from .blueprint import answer, bp
from .documented import spec

KEY = "hostadmin_openapi"
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")
PREFIX = "/api/v1"
PROBLEM_TYPE = "application/problem+json"
DOC = """The inventory for programs: the same hosts, rules and history as on the pages.

Every request needs a token: `Authorization: Bearer …`. To change an object, send the
ETag that you read as `If-Match`. Requests that add or apply something can be repeated
with an `Idempotency-Key`. Lists and counts have an ETag: with `If-None-Match`, the
response is 304 until something changes. Errors follow RFC 9457."""

# What goes wrong, by status; the page of the API has a place for each.
PROBLEMS = {
    400: "A parameter is not valid; see the detail.",
    401: "The token is missing or not valid.",
    403: "The role of the token does not allow this, or it is read-only.",
    404: "The object does not exist.",
    405: "The address does not support this method; see the Allow header.",
    409: "The state changed, or the request is ambiguous. Read again.",
    410: "The position in the feed no longer exists. Read everything again.",
    412: "The object was changed since you read it. Read it again.",
    413: "The request body is too large.",
    415: "The Content-Type is not JSON.",
    422: "Values are not valid; see `errors`.",
    428: "If-Match is missing.",
    429: "Too many requests at once; see the Retry-After header.",
    500: "An internal error; find it in the log by its `request_id`.",
    503: "The database is busy or not available; see the Retry-After header.",
}
TAGS = (
    *("Hosts", "Groups", "Variables of all hosts", "Counts", "Plans", "Changes"),
    "Saved views",
)
ALWAYS = (400, 401, 403, 405, 429, 500, 503)
READS = (404,)
WRITES = (404, 409, 413, 415, 422)
# Whose answers are asked for again by their tag.
TAGGED = ("list_hosts", "list_groups", "count")
PAGED = ("list_hosts", "list_groups", "list_change_entries")


@bp.get("/openapi.json")
def openapi() -> Response:
    """Send the description; nobody needs a token for it."""
    return answer(description(current_app))


def description(app: Flask) -> dict[str, Any]:
    """Return the description of the API of this app."""
    if KEY not in app.extensions:
        with app.app_context():
            found = _without_titles(spec.spec)
        for path, operations in found["paths"].items():
            for method, operation in operations.items():
                _complete(path, method, operation)
        _drop_unused(found)
        found["tags"].sort(key=lambda tag: TAGS.index(tag["name"]))
        app.extensions[KEY] = found | {
            "info": {"title": "hostadmin", "version": "1", "description": DOC},
            "security": [{"token": []}],
        }
        scheme = {"type": "http", "scheme": "bearer"}
        found["components"]["securitySchemes"] = {"token": scheme}
    root = request.script_root if request else ""
    return {**app.extensions[KEY], "servers": [{"url": root or "/"}]}


def _drop_unused(said: dict[str, Any]) -> None:
    """Leave out models of which only the members are shown, as parameters."""
    schemas = said["components"]["schemas"]
    wanted, seen = [said["paths"]], set[str]()
    while wanted:
        for name in set(_REFERENCE.findall(json.dumps(wanted.pop()))) - seen:
            seen.add(name)
            wanted.append(schemas[name])
    said["components"]["schemas"] = {name: schemas[name] for name in sorted(seen)}


def _without_titles(schema: Any) -> Any:
    """Return a copy without titles made of names, and defaults that are none."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_titles(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
        and not (name == "default" and value is None)
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if not operation["description"]:
        del operation["description"]
    for parameter in operation["parameters"]:
        _mend(parameter)
    if method == "patch":
        content = operation["requestBody"]["content"]
        content["application/merge-patch+json"] = content["application/json"]
    if path.endswith("/plans/import"):
        file = {"schema": {"type": "string", "format": "binary"}}
        content = {"application/octet-stream": file, "text/csv": file}
        operation["requestBody"] = {"required": True, "content": content}
    _add_headers(operation)
    _add_problems(method, operation)


def _mend(parameter: dict[str, Any]) -> None:
    schema = parameter["schema"]
    if schema is None:
        # A kind of path that SpecTree does not know.
        parameter["schema"] = {"type": "string", "minLength": 1}
    elif schema.get("format") == "int32":
        del schema["format"]
    schema = parameter["schema"]
    schema.pop("description", None)
    if not parameter["description"]:
        del parameter["description"]


def _text_header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


def _add_headers(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    responses = operation["responses"]
    # What SpecTree says of errors has another shape.
    del responses["422"]
    status = next(code for code in responses if code.startswith("2"))
    good = responses[status]
    headers = {}
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    if name in PAGED:
        headers["Link"] = _text_header('The next page, with rel="next".')
    if status == "201":
        headers["Location"] = _text_header("The address of the new object.")
    if "Idempotency-Key" in parameters:
        words = "“true” if this is the response to an earlier request with this key."
        headers["Idempotency-Replayed"] = _text_header(words)
    if name in TAGGED or "If-Match" in parameters or name.startswith("show_"):
        headers["ETag"] = _text_header("The version of this response.")
    if headers:
        good["headers"] = headers
    if name in TAGGED:
        words = "The ETag of an earlier response; 304 if nothing has changed."
        condition = {"name": "If-None-Match", "in": "header", "required": False}
        condition |= _text_header(words)
        operation["parameters"].append(condition)
        operation["responses"]["304"] = {"description": "Nothing has changed."}


def _add_problems(method: str, operation: dict[str, Any]) -> None:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    statuses = {*ALWAYS, *(READS if method == "get" else WRITES)}
    if any(p["name"] == "If-Match" for p in operation["parameters"]):
        statuses |= {412, 428}
    if operation["operationId"] == "follow":
        statuses.add(410)
    for status in sorted(statuses):
        operation["responses"][str(status)] = {
            "description": PROBLEMS[status],
            "content": {PROBLEM_TYPE: schema},
        }
