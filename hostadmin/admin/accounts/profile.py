"""Everybody's own page: password, tokens, sessions, colours."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ...auth import accounts, sessions, tokens
from ...auth.login import LoginRefused, TooManyTries, confirm
from ...db.session import db
from ...errors import FieldError, InvalidInput, InvalidValue
from ...history import write
from ...models import Account
from ...permissions.current_user import asker, enter, lifetime
from ...permissions.password_forms import checked_password, least_length, messages
from ...validation.accounts import ROLES, clean_role
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
        confirm(who, request.form.get("current", ""), asker())
        password_hash = checked_password(who.name)
    except LoginRefused:
        return _page({"current": "This is not your password."}), 400
    except TooManyTries as error:
        headers = {"Retry-After": str(error.seconds)}
        return _page({"current": str(error)}), 429, headers
    except InvalidInput as error:
        return _page(messages(error)), 400

    def change() -> str:
        account = accounts.set_password(_own_id(), password_hash)
        return sessions.begin_session(account, asker().address, asker().agent)

    enter(write(web_act(), change))
    flash("Your password was changed; your other sessions have ended.", "success")
    return redirect(url_for("account.index"))


@bp.post("/tokens")
def add_token() -> ResponseReturnValue:
    """Make a token and show it, this once; so there is no redirect."""

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
        name, key = write(web_act(), add)
    except InvalidInput as error:
        return _page(messages(error)), 400
    except InvalidValue as error:
        return _page({"role": str(error)}), 400
    return _page(new_token=(name, key))


@bp.post("/tokens/revoke")
def revoke_token() -> ResponseReturnValue:
    id_ = parse_id(request.form.get("id"))
    name = write(web_act(), lambda: tokens.revoke(id_, _own_id()).name)
    flash(f"The token {name} is void.", "success")
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
            accounts.record(accounts.get_account(_own_id()), "ended sessions")
        return ended

    ended = write(web_act(), end)
    words = "1 session has ended." if ended == 1 else f"{ended} sessions have ended."
    flash(words, "success")
    return redirect(url_for("account.index") + "#sessions")


@bp.post("/theme")
def theme() -> ResponseReturnValue:
    write(web_act(), lambda: accounts.set_theme(_own_id(), request.form.get("theme")))
    flash("Your colours were saved.", "success")
    return redirect(url_for("account.index"))


def _own_id() -> int:
    # The policy lets only people come here, and each has an account.
    return me().account_id or 0


def _sessions() -> Any:
    return sessions.list_sessions(_own_id(), lifetime())


def _days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InvalidInput([FieldError("expires", "Days are a number, or nothing.")])
    return int(text)


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
        roles=[role.value for role in ROLES if me().role.covers(role)],
        tokens=tokens.list_tokens(_own_id()),
        sessions=_sessions(),
        own_session_id=me().session_id,
    )
