"""Serving below a path of a proxy: everything at ``/inventory/…`` instead of ``/…``."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, request

from ..config import Settings
from ..errors import NotFound
from ..validation.local_path import own_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# Who watches the server itself asks past the proxy.
PROBES = ("/healthz", "/readyz", "/metrics")
OUTSIDE = "hostadmin.outside"


def install(app: Flask, settings: Settings) -> None:
    prefix = settings.url_prefix
    # Flask makes cookies by this, and addresses where there is no request.
    app.config["APPLICATION_ROOT"] = prefix or "/"
    app.wsgi_app = Mounted(app.wsgi_app, prefix)  # type: ignore[method-assign]

    @app.before_request
    def refuse_what_is_outside() -> None:
        if OUTSIDE in request.environ:
            raise NotFound(
                f"All pages are below {prefix}/. A proxy must pass paths on unchanged, "
                "including this prefix."
            )


class Mounted:
    """Let the app see what follows the prefix, and make addresses with it."""

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        mount(environ, self.prefix)
        return self.app(environ, start_response)


def mount(environ: "WSGIEnvironment", prefix: str) -> None:
    """Move the prefix from the path to where WSGI has it; once more changes nothing."""
    path = str(environ["PATH_INFO"])
    if environ.get("SCRIPT_NAME") == prefix or path in PROBES:
        return
    environ["SCRIPT_NAME"] = prefix
    if f"{path}/".startswith(f"{prefix}/"):
        environ["PATH_INFO"] = path[len(prefix) :]
    else:
        environ[OUTSIDE] = True


def own_page(text: str | None) -> str | None:
    """Return the text if it is the path of a page of ours; else None."""
    path = own_path(text)
    below = path and path.startswith(f"{request.script_root}/")
    return path if below else None
