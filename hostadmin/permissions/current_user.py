"""Who asks, found out once a request: by the session, or by a token."""

from dataclasses import replace
from datetime import timedelta

from flask import current_app, g, has_request_context, request, session
from werkzeug.datastructures import Authorization

from ..auth.identity import Found, Identity, note_use
from ..auth.login import Client
from ..auth.sessions import Lifetime, find_session
from ..auth.tokens import PREFIX, find_token
from ..config import Settings
from ..db.session import db
from .policy import allows, needed

# Where the signed cookie holds the key of the session; alone, it opens nothing.
KEY = "sid"
# Opened by a token in the header alone: no browser sends that by itself.
API = "/api/v"


def lifetime() -> Lifetime:
    settings: Settings = current_app.extensions["hostadmin"]
    return Lifetime(
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
    )


def sign_in_retention() -> timedelta:
    settings: Settings = current_app.extensions["hostadmin"]
    return timedelta(days=settings.sign_in_retention_days)


def identity() -> Identity | None:
    """Return who asks; None for nobody, and before anybody has looked."""
    found: Identity | None = g.get("identity")
    return found


def may(endpoint: str, method: str = "") -> bool:
    """Whether the current user may follow a link to this endpoint, or post to it.

    Outside of a request, such as when views are built, everybody may.
    """
    if not has_request_context():
        return True
    if not method:
        method = "GET" if needed(endpoint, "GET") else "POST"
    return allows(needed(endpoint, method), identity())


def client() -> Client:
    return Client(request.remote_addr, request.headers.get("User-Agent"))


def enter(key: str) -> None:
    """Begin anew: whatever the browser had before, somebody may have planted."""
    session.clear()
    session[KEY] = key


def leave() -> None:
    session.clear()


def find_identity() -> Identity | None:
    """Look up who asks. With a token, cookies do not count."""
    if request.path.startswith(API):
        found = _of_token() if is_bearer() else None
    else:
        found = _of_token() if shows_token() else _of_session()
    # Gives the connection back: a long answer may hold another one.
    db.session.rollback()
    if found is None:
        return None
    if found.is_due:
        note_use(db.engine, found.identity)
    return found.identity


def shows_token() -> bool:
    """Whether ``Authorization`` is meant for us.

    A proxy in front that asks for a password of its own may hand that one on.
    """
    shown = request.authorization
    if shown is None or shown.type != "basic":
        return "Authorization" in request.headers
    return (shown.password or "").startswith(PREFIX)


def is_bearer() -> bool:
    """Whether a token was sent in the way that no browser does by itself."""
    shown = request.authorization
    return shown is not None and shown.type == "bearer"


def _of_session() -> Found | None:
    key = session.get(KEY)
    return find_session(key, lifetime()) if key is not None else None


def _of_token() -> Found | None:
    shown: Authorization | None = request.authorization
    if shown is None:
        return None
    if shown.type == "bearer":
        return find_token(shown.token or "")
    # As a password, it serves tools that know no other way. Browsers remember it, and
    # send it along with a form of another site: so it only reads.
    found = find_token(shown.password or "")
    return found and replace(found, identity=replace(found.identity, read_only=True))
