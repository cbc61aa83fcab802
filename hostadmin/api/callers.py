"""Who calls, as the history and the views know them."""

from flask import request

from ..auth.identity import Identity
from ..errors import InvalidValue, QueryError, after_field
from ..history import ActorContext
from ..permissions import identity
from ..saved_views import Viewer
from ..validation.values import clean_text


def caller() -> Identity:
    who = identity()
    if who is None:
        raise RuntimeError("A route was reached without the permission check.")
    return who


def api_act(message: str | None = None, source: str = "api") -> ActorContext:
    """Return the act of this call: who writes, why, and from where.

    Raises ``QueryError`` for a reason that cannot be kept.
    """
    try:
        why = clean_text(message)
    except InvalidValue as error:
        raise QueryError(f"“message”{after_field(str(error))}") from None
    return ActorContext(caller().name, source, why, request.remote_addr)


def api_viewer() -> Viewer:
    """Return whose views are seen, and which may be kept."""
    return Viewer.of(caller())
