"""Logging in and out, and the page where the first account is made."""

import logging

from flask import (
    Blueprint,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from ..auth import accounts, first_account
from ..auth.login import LoginRefused, TooManyTries, log_in_first, log_out
from ..auth.login import log_in as start_session
from ..errors import InvalidInput, NotFound
from ..permissions.current_user import (
    client,
    enter,
    find_identity,
    identity,
    leave,
    lifetime,
    may,
    sign_in_retention,
)
from ..permissions.password_forms import (
    checked_account,
    least_length,
    messages,
    sent_username,
)
from . import resubmit
from .url_prefix import own_page

log = logging.getLogger(__name__)

bp = Blueprint("login", __name__)

NO_LINK = (
    "This link no longer works: it was used, the server was restarted, or an account "
    "exists already. Log in, or use the newest link in the terminal of the server."
)


@bp.route("/login", methods=("GET", "POST"), endpoint="log_in")
def log_in_page() -> ResponseReturnValue:
    """Show the form; the right name and password begin a new session."""
    if request.method != "POST":
        if identity() is not None:
            return redirect(_where_to())
        return _form()
    username = sent_username()
    password = request.form.get("password", "")
    try:
        key = start_session(
            username, password, client(), lifetime(), sign_in_retention()
        )
    except LoginRefused as error:
        # Without the name: people type their password there, too.
        log.warning("refused: wrong name or password")
        return _form(str(error)), 401
    except TooManyTries as error:
        log.warning("refused: too many failed logins")
        return _form(str(error)), 429, {"Retry-After": str(error.seconds)}
    who = identity()
    if who is not None:
        log_out(who, client())
    enter(key)
    kept = resubmit.unpacked(request.form.get("kept", ""))
    return redirect(_where_to()) if kept is None else _offer_again(kept)


def _offer_again(form: resubmit.SentForm) -> ResponseReturnValue:
    """Show what was sent when the session had ended, to anyone who logged in."""
    g.identity = find_identity()
    if not may(form.endpoint, "POST"):
        flash(
            "Your account is not allowed to save that form. Nothing was saved.",
            "warning",
        )
        return redirect(_where_to())
    return render_template("errors/resend.html", form=form)


def session_ended(kept: str, next_url: str | None) -> str:
    """Return the page to log in for somebody whose form came too late."""
    return render_template(
        "accounts/login.html",
        ended=True,
        kept=kept,
        username="",
        next=next_url,
    )


@bp.post("/logout", endpoint="log_out")
def log_out_page() -> ResponseReturnValue:
    who = identity()
    if who is not None:
        log_out(who, client())
    leave()
    flash("You are logged out.", "success")
    return redirect(url_for("login.log_in"))


@bp.route("/setup/<key>", methods=("GET", "POST"), endpoint="first_account")
def first_account_page(key: str) -> ResponseReturnValue:
    """Make the first admin, for the person who has the link from the terminal."""
    if not first_account.is_valid(key):
        raise NotFound(NO_LINK)
    if request.method != "POST":
        return _first_form()
    try:
        name, password_hash = checked_account()
        if not first_account.is_valid(key):
            raise NotFound(NO_LINK)
        session_key = log_in_first(key, name, password_hash, client())
    except InvalidInput as error:
        return _first_form(messages(error)), 400
    enter(session_key)
    flash(f"Welcome, {name}. You are logged in as an admin.", "success")
    return redirect(url_for("hosts.index_view"))


def _where_to() -> str:
    wanted = own_page(request.values.get("next"))
    doors = (url_for("login.log_in"), url_for("login.log_out"))
    if wanted is None or wanted.split("?")[0] in doors:
        return url_for("hosts.index_view")
    return wanted


def _form(error: str = "") -> str:
    return render_template(
        "accounts/login.html",
        error=error,
        username=sent_username(),
        next=own_page(request.values.get("next")),
        kept=request.form.get("kept", ""),
        is_empty=not accounts.have_accounts(),
    )


def _first_form(errors: dict[str, str] | None = None) -> str:
    return render_template(
        "accounts/first.html",
        errors=errors or {},
        username=sent_username(),
        least=least_length(),
    )
