"""The log: one JSON object a line on stderr, or words for people on a terminal.

With the logging of Python alone: what a library would add, processors and bound
loggers, is not used here, and its escaping would have to be checked all the same.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from flask import has_request_context, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

access_log = logging.getLogger("hostadmin.access")
# Parameters whose values are nobody's business, and rules of addresses with such parts.
SECRET = re.compile(r"token|password|passwd|secret|key|csrf|code", re.IGNORECASE)
HIDDEN = "***"
MAX_TEXT = 2000
# In seconds: a wait for a thread of so long is logged as a warning.
LONG_QUEUE = 1.0
MAX_TRACE = 20_000


def set_up(*, for_people: bool | None = None) -> None:
    """Send all that is logged to stderr; as JSON unless that is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if for_people is None:
        for_people = sys.stderr.isatty()
    handler.setFormatter(ForPeople() if for_people else AsJson())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # Alembic tells of every look at the schema.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def access(environ: "WSGIEnvironment", status: int, seconds: float) -> None:
    """Write the line of a request whose answer was sent."""
    fields = request_fields(environ)
    queued = environ.get("hostadmin.queued", 0.0)
    fields |= {"status": status, "ms": _ms(seconds), "queue_ms": _ms(queued)}
    level = logging.WARNING if queued >= LONG_QUEUE else logging.INFO
    access_log.log(
        level, "%s %s", fields["method"], fields["path"], extra={"fields": fields}
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def request_fields(environ: "WSGIEnvironment") -> dict[str, Any]:
    """Return what every line about a request says."""
    return {
        "request_id": environ.get("hostadmin.request_id"),
        "user": environ.get("hostadmin.user"),
        "client": environ.get("REMOTE_ADDR"),
        "method": str(environ.get("REQUEST_METHOD", ""))[:20],
        "path": _path(environ),
    }


def _path(environ: "WSGIEnvironment") -> str:
    """Return path and query as they were sent, secrets hidden."""
    rule = environ.get("hostadmin.rule")
    if rule is not None and any(map(SECRET.search, rule.arguments)):
        return str(rule.rule)
    # WSGI hands over bytes in the guise of characters.
    whole = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    path = whole.encode("latin-1", "replace")
    query = str(environ.get("QUERY_STRING", ""))
    parts = [_hidden(part) for part in query.split("&")] if query else []
    text = quote(path, safe="/:@,*~") + ("?" + "&".join(parts) if parts else "")
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def _hidden(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}={HIDDEN}" if equals and SECRET.search(unquote(name)) else part


class AsJson(logging.Formatter):
    """A JSON object, all in ASCII: nothing in it ends a line or moves a cursor."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= _fields(record)
        if record.exc_info:
            entry["trace"] = _shortened(self.formatException(record.exc_info))
        return json.dumps(entry, default=str)


def _shortened(trace: str) -> str:
    """Leave out the middle: a statement in it can be megabytes."""
    half = MAX_TRACE // 2
    return trace if len(trace) <= MAX_TRACE else f"{trace[:half]} … {trace[-half:]}"


class ForPeople(logging.Formatter):
    """A short line for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        fields = _fields(record)
        words = [f"{at:%H:%M:%S}", record.getMessage()]
        if record.levelno >= logging.WARNING:
            words.insert(1, record.levelname.lower() + ":")
        if "status" in fields:
            words += [str(fields["status"]), f"{fields['ms']:.0f} ms"]
        elif fields.get("request_id"):
            words.append(f"[{fields['request_id']}]")
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(words))
        if record.exc_info:
            text += f"\n{self.formatException(record.exc_info)}"
        return text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    given = getattr(record, "fields", None)
    if given is None and has_request_context():
        given = request_fields(request.environ)
    return {name: value for name, value in (given or {}).items() if value is not None}
