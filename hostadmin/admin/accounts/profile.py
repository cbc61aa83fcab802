"""Everybody's own page: password, tokens, sessions, colours."""

from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from ...auth import accounts, sessions, tokens
from ...auth.login import LoginRefused, TooManyTries, confirm
from ...config import Settings
from ...db.session import db
from ...errors import FieldError, InvalidInput, InvalidValue
from ...formatting import counted
from ...history import write
from ...history.sign_ins import ENDED
from ...models import Account
from ...permissions.current_user import client, enter, lifetime
from ...permissions.password_forms import (
    checked_password,
    keeps_tokens,
    least_length,
    messages,
)
from ...validation.accounts import ROLES, clean_role
from ...validation.numbers import whole_number
from ..current_user import me, web_act
from ..generated.model_view import parse_id

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("/")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/password")
def password() -> ResponseReturnValue:
    """Change the password, and end all sessions but this one, which begins anew."""
    who = me()
    try:
        confirm(who, request.form.get("current", ""), client())
        password_hash = checked_password(who.name)
    except LoginRefused:
        return _page({"current": "Wrong password."}), 400
    except TooManyTries as error:
        headers = {"Retry-After": str(error.seconds)}
        return _page({"current": str(error)}), 429, headers
    except InvalidInput as error:
        return _page(messages(error)), 400

    kept = keeps_tokens()

    def change() -> str:
        account = accounts.set_password(_own_id(), password_hash, keep_tokens=kept)
        return sessions.begin_session(account, client().address, client().agent)

    enter(write(web_act(), change))
    ended = "sessions ended" if kept else "sessions ended, your tokens revoked"
    flash(f"Password changed; your other {ended}.", "success")
    return redirect(url_for("account.index"))


@bp.post("/tokens")
def add_token() -> ResponseReturnValue:
    """Make a token and show it, this once; so there is no redirect.

    For the password, too: a browser left open must not become a way in that lasts.
    """

    def add() -> tuple[str, str]:
        token, key = tokens.add_token(
            request.form.get("name", ""),
            clean_role(request.form.get("role", "")),
            owner=accounts.get_account(_own_id()),
            days=_days(request.form.get("expires", "")),
            read_only=request.form.get("read_only") is not None,
        )
        return token.name, key

    try:
        confirm(me(), request.form.get("own_password", ""), client())
        name, key = write(web_act(), add)
    except LoginRefused:
        return _page({"own_password": "Wrong password."}), 400
    except TooManyTries as error:
        headers = {"Retry-After": str(error.seconds)}
        return _page({"own_password": str(error)}), 429, headers
    except InvalidInput as error:
        return _page(messages(error)), 400
    except InvalidValue as error:
        return _page({"role": str(error)}), 400
    return _page(new_token=(name, key))


@bp.post("/tokens/revoke")
def revoke_token() -> ResponseReturnValue:
    id_ = parse_id(request.form.get("id"))
    name = write(web_act(), lambda: tokens.revoke(id_, _own_id()).name)
    flash(f"Token {name} revoked.", "success")
    return redirect(url_for("account.index") + "#tokens")


@bp.post("/sessions/end")
def end_session() -> ResponseReturnValue:
    """End one session, or all but this one."""
    given = request.form.get("id")
    own = me().session_id
    ids = [parse_id(given)] if given else [s.id for s in _sessions() if s.id != own]

    def end() -> int:
        ended = sum(sessions.end_session(id_, _own_id()) for id_ in ids)
        if ended:
            accounts.record(accounts.get_account(_own_id()), ENDED)
        return ended

    ended = write(web_act(), end)
    flash(f"{counted(ended, 'session')} ended.", "success")
    return redirect(url_for("account.index") + "#sessions")


@bp.post("/theme")
def theme() -> ResponseReturnValue:
    write(web_act(), lambda: accounts.set_theme(_own_id(), request.form.get("theme")))
    flash("Theme saved.", "success")
    return redirect(url_for("account.index"))


def _own_id() -> int:
    # The policy lets only people come here, and each has an account.
    return me().account_id or 0


def _sessions() -> Any:
    return sessions.list_sessions(_own_id(), lifetime())


def _days(text: str) -> int:
    """Return how long a token lasts: as long as it may where nothing is said."""
    longest = _longest()
    days = whole_number(text.strip() or str(longest), 1, longest)
    if days is None:
        raise InvalidInput([FieldError("expires", f"Enter 1–{longest:,} days.")])
    return days


def _longest() -> int:
    settings: Settings = current_app.extensions["hostadmin"]
    return settings.token_days


def _page(
    errors: dict[str, str] | None = None, new_token: tuple[str, str] | None = None
) -> str:
    db.session.rollback()
    account = db.session.get(Account, _own_id())
    return render_template(
        "accounts/profile.html",
        account=account,
        errors=errors or {},
        sent=request.form,
        new_token=new_token,
        least=least_length(),
        longest=_longest(),
        roles=[role.value for role in ROLES if me().role.covers(role)],
        tokens=tokens.list_tokens(_own_id()),
        sessions=_sessions(),
        own_session_id=me().session_id,
    )
