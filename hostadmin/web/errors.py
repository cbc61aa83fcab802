"""Every error as a calm page: what was wrong and what to do, never a trace or SQL."""

import logging
import secrets

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..database import db
from ..errors import (
    Busy,
    Conflict,
    HostadminError,
    NotFound,
    OutcomeUnknown,
    QueryError,
)
from .query_errors import QUERY, shown_error

log = logging.getLogger(__name__)

TITLES = {
    400: "This request makes no sense",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Somebody else was faster",
    413: "Too large",
    500: "Something went wrong",
    503: "Not available just now",
}
MESSAGES = {
    404: "There is no such page.",
    405: "This address does not take that kind of request.",
    413: "What was sent is larger than 2 MB.",
    500: "The error was logged. Nothing of this request was saved.",
}
RETRY_AFTER = "5"
NOT_KEPT = (QUERY, "cursor")


def install(app: Flask) -> None:
    app.register_error_handler(QueryError, _query_error)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(HostadminError, _own_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SQLAlchemyError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def page(status: int, message: str = "", hint: str = "") -> tuple[str, int]:
    """Return the error page of a status."""
    body = render_template(
        "errors/error.html",
        status=status,
        title=TITLES.get(status, "This did not work"),
        message=message or MESSAGES.get(status, ""),
        hint=hint,
        back_url=request.script_root + "/",
    )
    return body, status


def _query_error(error: QueryError) -> ResponseReturnValue:
    body = render_template(
        "errors/query.html",
        status=400,
        error=shown_error(error, request),
        clear_url=request.script_root + request.path,
        # A place in the list of another query would be none.
        kept=[p for p in request.args.items(multi=True) if p[0] not in NOT_KEPT],
    )
    return body, 400


def _not_found(error: NotFound) -> ResponseReturnValue:
    return page(404, str(error))


def _own_error(error: HostadminError) -> ResponseReturnValue:
    db.session.rollback()
    if isinstance(error, Busy | OutcomeUnknown):
        return _retry_later(str(error))
    return page(409 if isinstance(error, Conflict) else 400, str(error))


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    return page(
        400,
        "The form was sent without the token of this browser session; nothing was "
        "saved. Go back, reload the page and send it again.",
        "Cookies must be allowed.",
    )


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    own_words = error.description if error.code == 400 else ""
    stock = type(error).description
    message = own_words if own_words and own_words != stock else ""
    return page(error.code, message or MESSAGES.get(error.code, ""))


def _retry_later(message: str) -> ResponseReturnValue:
    return *page(503, message), {"Retry-After": RETRY_AFTER}


def _database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    db.session.rollback()
    if isinstance(error, DataError):
        return page(400, "A value of this request is outside of what can be stored.")
    if isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log.warning("database not available: %s", type(error.orig).__name__)
        return _retry_later(
            "The database is locked or does not answer. Nothing of this request was "
            "saved; try again in a moment."
        )
    return _unexpected(error)


def _unexpected(error: Exception) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    log.error("unexpected error %s", reference, exc_info=error)
    return page(500, f"{MESSAGES[500]} Its number in the log is {reference}.")
