"""Every error as a calm page: what was wrong and what to do, never a trace or SQL."""

import logging
from collections.abc import Mapping

from flask import (
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..config import Settings
from ..db.failures import TOO_MUCH, is_too_much, trouble
from ..db.session import abandon, has_committed
from ..errors import (
    Busy,
    Conflict,
    Deleted,
    HostadminError,
    InvalidInput,
    InvalidRows,
    NotFound,
    OutcomeUnknown,
    QueryError,
)
from ..formats.rows import row_errors
from ..permissions.guard import LogInFirst, login_url, wanted_url
from . import login, resubmit
from .problems import field_errors, problem
from .query_errors import QUERY, shown_error
from .requests import request_id
from .security import SAFE_METHODS

log = logging.getLogger(__name__)

TITLES = {
    400: "Invalid request",
    401: "Log in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not supported",
    409: "Changed by someone else",
    410: "No longer available",
    412: "Changed by someone else",
    413: "Too large",
    414: "Address too long",
    415: "Unsupported content type",
    422: "Invalid values",
    428: "Version required",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available right now",
}
MESSAGES = {
    404: "This page does not exist.",
    405: "This address does not support this type of request.",
    413: (
        "The request is too large for this page. Nothing was saved. Send less text "
        "or a smaller file."
    ),
    414: "The address is too long. Shorten the query or remove filters.",
    429: "Wait a moment, then try again.",
    500: (
        "The error was logged. Nothing was saved. Try again; if it happens again, send "
        "the request ID to your administrator."
    ),
}
SAVED = "Your changes were saved, but the next page could not be shown."
SAVED_TITLE = "Saved, but the next page failed"
UNKNOWN_TITLE = "Check whether it was saved"
RETRY_AFTER = "5"
NOT_KEPT = (QUERY, "cursor")
# What an error may say in its headers.
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
# Errors whose words are ours even where Werkzeug has some.
OURS = (401, 403, 410, 412, 415, 428, 429)
# Addresses for tools; the second are links for people, too.
TOOLS = ("/api/v", "/metrics")
FILES = ("/export/", "/stats/table.")


def install(app: Flask) -> None:
    app.register_error_handler(QueryError, _query_error)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(HostadminError, _own_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(LogInFirst, _log_in_first)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SQLAlchemyError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def wants_json() -> bool:
    """Whether a tool asks, for which a page would be no answer."""
    if request.path.startswith(TOOLS):
        return True
    accepted = request.accept_mimetypes
    if request.path.startswith(FILES):
        return "text/html" not in accepted.values()
    return accepted.best_match(["text/html", "application/json"]) == "application/json"


def page(
    status: int,
    message: str = "",
    *,
    title: str = "",
    hint: str = "",
    form: resubmit.SentForm | None = None,
) -> Response:
    """Return the error page of a status; for tools, the same as a problem."""
    message = message or MESSAGES.get(status, "")
    title = title or TITLES.get(status, "Request failed")
    if wants_json():
        return problem(status, title, f"{message or title} {hint}".strip())
    # Such a page must not need what is just not there: a database, or an address that
    # could be read.
    is_bare = status >= 500 or request.routing_exception is not None
    body = render_template(
        "errors/bare.html" if is_bare and status != 404 else "errors/error.html",
        status=status,
        title=title,
        message=message,
        hint=hint,
        root=request.script_root,
        back_url=request.script_root + "/",
        form=form,
        # The session is the same: so is what its forms are signed with.
        token=request.form.get(resubmit.CSRF_FIELD, "") if form else "",
        **_id(),
    )
    return make_response(body, status)


def _id() -> Mapping[str, str]:
    return {"request_id": request_id()}


def _query_error(error: QueryError) -> ResponseReturnValue:
    shown = shown_error(error, request)
    if wants_json():
        where = {"place": shown.place, "expected": shown.expected, "fixed": shown.fixed}
        return problem(400, TITLES[400], str(error), **where)
    body = render_template(
        "errors/query.html",
        status=400,
        error=shown,
        clear_url=request.script_root + request.path,
        # A place in the list of another query would be none.
        kept=[p for p in request.args.items(multi=True) if p[0] not in NOT_KEPT],
    )
    return body, 400


def _not_found(error: NotFound) -> ResponseReturnValue:
    if isinstance(error, Deleted) and not wants_json():
        body = render_template(
            "admin/model/gone.html",
            deletion=error.deletion,
            subject=error.subject,
            id=error.id,
            form=None,
        )
        return body, 404
    return page(404, str(error))


def _own_error(error: HostadminError) -> ResponseReturnValue:
    abandon()
    if isinstance(error, OutcomeUnknown):
        log.error("outcome of a write unknown")
        return _retry_later(str(error), UNKNOWN_TITLE)
    if isinstance(error, Busy):
        return _retry_later(str(error), form=resubmit.sent_form())
    if isinstance(error, InvalidInput) and wants_json():
        return problem(422, TITLES[422], str(error), errors=field_errors(error.errors))
    if isinstance(error, InvalidRows):
        errors = row_errors(error.rows)
        return problem(422, TITLES[422], str(error), errors=errors)
    return page(409 if isinstance(error, Conflict) else 400, str(error))


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    log.warning("refused: %s", error.description)
    form = resubmit.allowed_form()
    if form and not wants_json():
        return make_response(render_template("errors/resend.html", form=form), 400)
    hint = "If this happens again, allow cookies for this site."
    settings: Settings = current_app.extensions["hostadmin"]
    if settings.cookies_are_secure and not request.is_secure:
        hint = "This server needs HTTPS. Use https://."
    return page(
        400,
        "The security token of the form is missing or has expired. Nothing was saved. "
        "Go back, reload the page and send the form again.",
        hint=hint,
    )


def _log_in_first(_error: LogInFirst) -> ResponseReturnValue:
    """Ask to log in, with what was sent; of strangers nothing is kept."""
    form = resubmit.sent_form()
    if form is None and not resubmit.is_own():
        return redirect(login_url())
    kept = resubmit.packed(form) if form else ""
    return login.session_ended(kept, wanted_url()), 401


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    if error.code in (401, 403):
        log.warning("refused: %s", TITLES[error.code].lower())
    # Werkzeug's own words are for programmers.
    is_ours = error.code == 400 or error.code in OURS
    own_words = is_ours and error.description != type(error).description
    message = error.description if own_words else MESSAGES.get(error.code, "")
    headers = dict(error.get_headers(request.environ))
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    response = page(error.code, message or "")
    response.headers.update(kept)
    return response


def _retry_later(
    message: str, title: str = "", form: resubmit.SentForm | None = None
) -> Response:
    response = page(503, message, title=title, form=form)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    abandon()
    if isinstance(error, DataError):
        return page(400, "A value in this request is too large to be stored.")
    if is_too_much(error):
        return page(400, TOO_MUCH)
    reason = trouble(error)
    if reason is None:
        return _unexpected(error)
    original = getattr(error, "orig", error)
    log.warning("database %s: %s", reason.name.lower(), type(original).__name__)
    if has_committed():
        return _retry_later(SAVED, SAVED_TITLE)
    rest = "Try again in a moment."
    if request.method not in SAFE_METHODS:
        rest = f"Nothing was saved. {rest}"
    return _retry_later(f"{reason.value} {rest}", form=resubmit.sent_form())


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.error("unexpected error", exc_info=error)
    return page(500, SAVED, title=SAVED_TITLE) if has_committed() else page(500)
