"""What happens to a request before its page: log in first, not allowed, or go on."""

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Unauthorized

from ..validation.local_path import own_path
from .current_user import find_identity, is_bearer, shows_token
from .policy import Permission, allows, needed

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Read by tools, which take a page to log in for an answer.
TOOL_PATHS = ("/export/", "/api/v", "/stats/table.")
TOOL_PAGES = ("/metrics",)
# Basic is understood but not asked for: browsers would open a window of their own.
CHALLENGE = 'Bearer realm="hostadmin"'


class LogInFirst(Unauthorized):
    """Somebody sent a form who is not logged in, perhaps not any more."""


def install(app: Flask) -> None:
    # The guard asks for the token of a form itself, where one is needed.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.before_request(guard)
    app.after_request(_add_challenge)


def guard() -> ResponseReturnValue | None:
    """Let nobody in whom no line of the policy lets in."""
    permission = needed(request.endpoint, request.method)
    if permission is Permission.OPEN:
        return None
    g.identity = find_identity()
    if permission is not Permission.LOGIN:
        if g.identity is None:
            return _ask_to_log_in()
        if request.url_rule is None:
            # There is no such page: Flask says so next.
            return None
        if not allows(permission, g.identity):
            abort(403, f"Your role ({g.identity.role.value}) does not allow this.")
    if request.method not in SAFE_METHODS and not _has_token():
        current_app.extensions["csrf"].protect()
    return None


def is_tool() -> bool:
    """Whether a program asks, which wants a status and no page to log in."""
    return (
        shows_token()
        or request.path.startswith(TOOL_PATHS)
        or request.path in TOOL_PAGES
        or request.accept_mimetypes.best_match(("text/html", "application/json"))
        == "application/json"
    )


def login_url() -> str:
    """Return the page to log in, which leads back to where somebody wanted to go."""
    return url_for("login.log_in", next=wanted_url())


def wanted_url() -> str | None:
    """Return the page that somebody wanted to see, None for the first one."""
    wanted = request.full_path.rstrip("?")
    if request.method not in ("GET", "HEAD"):
        can_be_read = request.url_rule and "GET" in (request.url_rule.methods or ())
        wanted = request.path if can_be_read else "/"
    wanted = own_path(request.script_root + wanted) or ""
    home = wanted in ("", f"{request.script_root}/")
    return None if home else wanted


def _ask_to_log_in() -> ResponseReturnValue:
    if is_tool():
        abort(401, "Log in first. Tools send a token: Authorization: Bearer …")
    if request.method not in SAFE_METHODS:
        raise LogInFirst
    return redirect(login_url())


def _has_token() -> bool:
    """Whether the request needs no token of a form, since no browser sent it."""
    return g.identity is not None and is_bearer()


def _add_challenge(response: Response) -> Response:
    if response.status_code == 401:
        response.headers.setdefault("WWW-Authenticate", CHALLENGE)
    return response
