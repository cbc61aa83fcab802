"""Logging in and out, and the page where the first account is made."""

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from ..access import accounts, passwords, setup
from ..access.login import LoginRefused, TooManyTries, log_in_first, log_out
from ..access.login import log_in as start_session
from ..config import Settings
from ..errors import FieldError, InvalidInput, InvalidValue, NotFound
from ..gate.asking import KEY, asker, identity, limits
from ..own_paths import own_path
from ..people import Role

bp = Blueprint("login", __name__)

# More is no name, and not looked at.
MAX_NAME = 255
NO_LINK = (
    "This link is void: it was used, the server was started again since, or there is "
    "an account by now."
)


@bp.route("/login", methods=("GET", "POST"), endpoint="log_in")
def log_in_page() -> ResponseReturnValue:
    """Show the form; whoever sends the right name and password gets a new session."""
    if request.method != "POST":
        if identity() is not None:
            return redirect(_where_to())
        return _form()
    username = request.form.get("username", "")[:MAX_NAME]
    password = request.form.get("password", "")
    try:
        key = start_session(username, password, asker(), limits())
    except LoginRefused as error:
        return _form(str(error)), 401
    except TooManyTries as error:
        return _form(str(error)), 429, {"Retry-After": str(error.seconds)}
    who = identity()
    if who is not None:
        log_out(who, asker())
    _enter(key)
    return redirect(_where_to())


@bp.post("/logout", endpoint="log_out")
def log_out_page() -> ResponseReturnValue:
    who = identity()
    if who is not None:
        log_out(who, asker())
    session.clear()
    flash("You are logged out.", "success")
    return redirect(url_for("login.log_in"))


@bp.route("/setup/<key>", methods=("GET", "POST"), endpoint="first_account")
def first_account_page(key: str) -> ResponseReturnValue:
    """Make the first admin, for whoever has the link from the terminal."""
    if not setup.is_valid(key):
        raise NotFound(NO_LINK)
    if request.method != "POST":
        return _first_form()
    username = request.form.get("username", "")[:MAX_NAME]
    try:
        name, password_hash = checked_account(username, "password", "again")
        if not setup.is_valid(key):
            raise NotFound(NO_LINK)
        session_key = log_in_first(key, name, password_hash, asker())
    except InvalidInput as error:
        return _first_form(error.errors, username), 400
    _enter(session_key)
    flash(f"Welcome, {name}. You are the first admin.", "success")
    return redirect(url_for("hosts.index_view"))


def checked_account(username: str, first: str, second: str) -> tuple[str, str]:
    """Return name and hash of an account that can be made, from two fields of a form.

    Raises ``InvalidInput`` with all that is wrong.
    """
    errors: list[FieldError] = []
    name = username
    try:
        name = accounts.check_new_name(username)
    except InvalidInput as error:
        errors += error.errors
    password_hash = ""
    try:
        password_hash = checked_password(name, first, second)
    except InvalidInput as error:
        errors += error.errors
    if errors:
        raise InvalidInput(errors)
    return name, password_hash


def checked_password(username: str, first: str, second: str) -> str:
    """Return the hash of a new password that stands in two fields of the form."""
    settings: Settings = current_app.extensions["hostadmin"]
    password = request.form.get(first, "")
    try:
        passwords.check_new_password(password, username, settings.password_length)
    except InvalidValue as error:
        raise InvalidInput([FieldError(first, str(error))]) from None
    if request.form.get(second, "") != password:
        raise InvalidInput([FieldError(second, "This is not the same password.")])
    return passwords.hash_password(password)


def _enter(key: str) -> None:
    """Begin anew: whatever the browser had before, somebody may have planted."""
    session.clear()
    session[KEY] = key


def _where_to() -> str:
    wanted = own_path(request.values.get("next"))
    doors = (url_for("login.log_in"), url_for("login.log_out"))
    if wanted is None or wanted.split("?")[0] in doors:
        return url_for("hosts.index_view")
    return wanted


def _form(error: str = "") -> str:
    return render_template(
        "hostadmin/login.html",
        error=error,
        username=request.form.get("username", "")[:MAX_NAME],
        next=own_path(request.values.get("next")),
        is_empty=not accounts.have_accounts(),
    )


def _first_form(errors: tuple[FieldError, ...] = (), username: str = "") -> str:
    settings: Settings = current_app.extensions["hostadmin"]
    return render_template(
        "hostadmin/first_account.html",
        errors={error.field: error.message for error in errors},
        username=username,
        least=settings.password_length,
        role=Role.ADMIN.value,
    )
