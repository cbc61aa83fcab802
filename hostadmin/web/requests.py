"""Each request has an id: on its error page, in its headers, on its line of the log."""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.wsgi import ClosingIterator

from ..permissions import identity
from . import logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Called with the environment, the status and the seconds of each request.
Observer = Callable[["WSGIEnvironment", int, float], None]

ID = "hostadmin.request_id"
USER = "hostadmin.user"
RULE = "hostadmin.rule"
ARRIVED = "hostadmin.arrived"
QUEUED = "hostadmin.queued"
HEADER = "X-Request-ID"


def request_id() -> str:
    return str(request.environ.get(ID, ""))


def note_user(name: str) -> None:
    """Say who makes this request, for the log."""
    request.environ[USER] = name


def install(app: Flask) -> None:
    observers: list[Observer] = [logs.access]
    app.extensions["hostadmin_observers"] = observers
    app.wsgi_app = Observed(app.wsgi_app, observers)  # type: ignore[method-assign]

    @app.after_request
    def name_request(response: Response) -> Response:
        request.environ[RULE] = request.url_rule
        response.headers[HEADER] = request_id()
        if (who := identity()) is not None:
            note_user(who.name)
        return response


class Observed:
    """Give each request its id, and tell the observers when its answer was sent."""

    def __init__(self, app: "WSGIApplication", observers: Sequence[Observer]) -> None:
        self.app = app
        self.observers = observers

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        environ[ID] = secrets.token_hex(8)
        now = time.monotonic()
        # A server that keeps requests waiting says when this one came.
        started = environ.get(ARRIVED, now)
        environ[QUEUED] = now - started
        statuses: list[str] = []

        def start(status: str, headers: Any, *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *rest)

        def done() -> None:
            status = int(statuses[-1].partition(" ")[0]) if statuses else 500
            seconds = time.monotonic() - started
            for observe in self.observers:
                observe(environ, status, seconds)

        try:
            body = self.app(environ, start)
        except BaseException:
            done()
            raise
        return ClosingIterator(body, [done])
