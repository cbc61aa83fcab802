"""The fence around every request: known hosts, own forms, limits, headers."""

import functools
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import RequestURITooLarge

from ..config import Settings
from ..permissions.current_user import find_identity
from ..permissions.policy import allows, needed
from .proxies import TrustedProxies
from .signatures import Sessions
from .url_prefix import own_page

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# For a year: what Mozilla and the preload lists take for serious.
HSTS = "max-age=31536000"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# A form holds 64 KiB of notes and of variables, percent-encoded threefold.
MAX_BODY = 2 * 1024 * 1024
MAX_PARTS = 2_000
# Of whom nobody knows: more than any form to log in.
MAX_STRANGERS_BODY = 64 * 1024
# A query of 10,000 characters, percent-encoded, and what is around it.
MAX_URL = 64 * 1024
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    secure = settings.cookies_are_secure
    app.session_interface = Sessions()
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=MAX_PARTS,
        SESSION_COOKIE_NAME=_cookie_name(settings),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        # A form left open over lunch must still save; the token ends with the session.
        WTF_CSRF_TIME_LIMIT=None,
        # Browsers send the referrer over TLS only sometimes; the token is the defence.
        WTF_CSRF_SSL_STRICT=False,
        # endpoint → bytes, for pages that take more or less; more is answered 413.
        BODY_LIMITS={},
        # The same for forms that are all text, and kept in memory.
        FORM_LIMITS={},
    )
    app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]
        app.wsgi_app, settings.trusted_proxies
    )

    # Before anything looks at the request: a foreign name that resolves to this
    # machine (DNS rebinding) must not read a single host.
    @app.before_request
    def refuse_strangers() -> None:
        if not is_allowed(request.host, settings.allowed_hosts):
            abort(
                400,
                "This host name is not one of HOSTADMIN_ALLOWED_HOSTS.",
            )
        if len(request.full_path) > MAX_URL:
            raise RequestURITooLarge
        if not request.headers.get("Authorization", "").isascii():
            # Werkzeug would fail to read it.
            abort(401)
        if request.method not in SAFE_METHODS and _is_foreign(settings):
            abort(403, "This form was sent from another site. Nothing was saved.")

    @app.before_request
    def limit_body() -> None:
        # The token of a form is read from its body, so this comes first.
        limit = app.config["BODY_LIMITS"].get(request.endpoint)
        form_limit = app.config["FORM_LIMITS"].get(request.endpoint)
        if form_limit is not None:
            request.max_form_memory_size = form_limit
        if limit or form_limit:
            request.max_content_length = limit or form_limit

    app.extensions["hostadmin_body_limit"] = functools.partial(body_limit, app)
    csrf.init_app(app)
    app.after_request(_add_headers)
    app.after_request(_keep_redirects_home)


def _cookie_name(settings: Settings) -> str:
    """Return a name that no other host of the domain can plant a cookie under."""
    if not settings.cookies_are_secure:
        return "hostadmin"
    # Browsers take the first only for the whole host, where others may have pages, too.
    return "__Secure-hostadmin" if settings.url_prefix else "__Host-hostadmin"


def body_limit(app: Flask, environ: "WSGIEnvironment") -> int:
    """Return how many bytes of a body a server may take before the app is called."""
    with app.request_context(environ):
        who = find_identity()
        if who is None:
            return MAX_STRANGERS_BODY
        if not allows(needed(request.endpoint, request.method), who):
            # It is refused anyway, so nothing large is taken for it.
            return MAX_BODY
        for limits in ("BODY_LIMITS", "FORM_LIMITS"):
            if limit := app.config[limits].get(request.endpoint):
                return int(limit)
        return MAX_BODY


def is_allowed(host: str, names: tuple[str, ...]) -> bool:
    """Whether this is a ``Host`` header of ours: a name, with a port or without.

    A name that is allowed with a port is allowed with only that port.
    """
    name, port = _split_port(host.lower())
    if port and not 0 < int(port) < 65536:
        return False
    name = name.removesuffix(".")
    return name in LOOPBACK_HOSTS or name in names or f"{name}:{port}" in names


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) < 6:
        return name, port
    return host, ""


def _is_foreign(settings: Settings) -> bool:
    """Whether the browser says that another site made this request.

    A second line behind the token. Tools send neither header, and are no browsers.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    if parts.scheme not in ("http", "https"):
        return True
    usual = ":80" if parts.scheme == "http" else ":443"
    origin_host = parts.netloc.lower().removesuffix(usual)
    if origin_host == request.host.lower().removesuffix(usual):
        return False
    # A proxy may have said neither the name nor the port that the browser knows.
    name, port = _split_port(origin_host)
    return name not in settings.allowed_hosts and (
        f"{name}:{port or usual[1:]}" not in settings.allowed_hosts
    )


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _keep_redirects_home(response: Response) -> Response:
    """Lead home instead of anywhere else: the last line, whatever a page believed."""
    location = response.headers.get("Location")
    if location is not None:
        # Werkzeug's own redirects, to the address with a slash, name the host, too.
        path = "/" + location.removeprefix(request.host_url).removeprefix("/")
        path = path if location.startswith(request.host_url) else location
        response.headers["Location"] = own_page(path) or f"{request.script_root}/"
    return response
