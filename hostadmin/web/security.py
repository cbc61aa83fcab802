"""The fence around every request: known hosts, CSRF tokens, headers, limits."""

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect

from ..config import Settings

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
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# A form holds 64 KiB of notes and of variables, percent-encoded threefold.
MAX_BODY = 2 * 1024 * 1024

csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SESSION_COOKIE_NAME="hostadmin",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A form left open over lunch must still save; the token ends with the session.
        WTF_CSRF_TIME_LIMIT=None,
        # Browsers send the referrer over TLS only sometimes; the token is the defence.
        WTF_CSRF_SSL_STRICT=False,
    )
    allowed = {*LOOPBACK_HOSTS, *settings.allowed_hosts}

    # Before anything looks at the request: a foreign name that resolves to this
    # machine (DNS rebinding) must not read a single host.
    @app.before_request
    def refuse_unknown_host() -> None:
        host = request.host.lower()
        name = host.rpartition(":")[0] if _has_port(host) else host
        if name not in allowed:
            abort(400, "This server does not answer to that name.")

    csrf.init_app(app)
    app.after_request(_add_headers)


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and not host.endswith("]")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
