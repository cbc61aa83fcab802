"""Tells who sends a request without asking the database, so that turns are fair."""

from typing import TYPE_CHECKING

from flask import Flask, Response, request
from itsdangerous import BadSignature
from werkzeug.datastructures import Authorization
from werkzeug.http import parse_cookie

from ..auth.tokens import PREFIX
from ..permissions import identity
from ..permissions.current_user import KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Sessions and tokens; then all are learnt anew.
MAX_KNOWN = 10_000


class Clients:
    """Which account a session or token is of, as earlier requests have shown.

    An account has one place in the queue, however many sessions and tokens it has. A
    token that is not known yet, or made up, counts as its address.
    """

    def __init__(self, app: Flask) -> None:
        self.cookie = str(app.config["SESSION_COOKIE_NAME"])
        self.serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        self.known: dict[str, str] = {}

    def learn(self, response: Response) -> Response:
        who = identity()
        if who is not None and (shown := self._shown(request.environ)):
            if len(self.known) >= MAX_KNOWN:
                self.known.clear()
            # A token without an account has a name of its own.
            self.known[shown] = f"{who.account_id or f'token {who.token_id}'}"
        return response

    def of(self, environ: "WSGIEnvironment") -> str:
        shown = self._shown(environ)
        address = str(environ.get("REMOTE_ADDR", ""))
        return self.known.get(shown, self._session(environ) or address)

    def _shown(self, environ: "WSGIEnvironment") -> str:
        return _token(environ) or self._session(environ)

    def _session(self, environ: "WSGIEnvironment") -> str:
        """Return the key in the cookie if we signed it: it says the same in new words.

        The text of the cookie is another with each message that a page shows once.
        """
        cookie = parse_cookie(environ).get(self.cookie)
        try:
            return str(self.serializer.loads(cookie).get(KEY, "")) if cookie else ""
        except BadSignature:
            return ""


def _token(environ: "WSGIEnvironment") -> str:
    shown = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
    token = (shown and (shown.token or shown.password)) or ""
    # A proxy may send a password of its own for everybody.
    return token if token.startswith(PREFIX) else ""


def install(app: Flask) -> None:
    clients = Clients(app)
    app.extensions["hostadmin_clients"] = clients
    app.after_request(clients.learn)
