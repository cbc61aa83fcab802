"""Who acts on a page, as the history names them."""

from flask import request

from ..auth.identity import Identity
from ..history import ActorContext
from ..permissions import identity
from ..saved_views.read import Viewer
from ..validation.accounts import Role


def web_act(message: str | None = None) -> ActorContext:
    """Return the act of this request: who writes, through what, why, and from where."""
    who = me()
    source = "api" if who.token_id is not None else "web"
    return ActorContext(who.name, source, message, request.remote_addr)


def me() -> Identity:
    """Return who asks: past the permission check, there is always somebody."""
    who = identity()
    if who is None:
        raise RuntimeError("A page was reached without the permission check.")
    return who


def may_see_sql() -> bool:
    """Whether who looks at this page may see what a query is in SQL: admins."""
    who = identity()
    return who is not None and who.role is Role.ADMIN


def web_viewer() -> Viewer:
    """Return who looks at this page: whose views they see, and which they may keep."""
    return Viewer.of(me())
