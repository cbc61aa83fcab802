"""The pages of all accounts, for admins."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ...auth import accounts, tokens
from ...errors import Conflict, InvalidInput, InvalidValue
from ...history import write
from ...models import Account
from ...permissions.password_forms import (
    checked_account,
    checked_password,
    keeps_tokens,
    least_length,
    messages,
    sent_username,
)
from ...validation.accounts import ROLES, clean_role
from ..current_user import me, web_act
from ..generated.model_view import parse_id

bp = Blueprint("accounts", __name__, url_prefix="/accounts")

NAMES = [role.value for role in ROLES]


@bp.get("/")
def index() -> ResponseReturnValue:
    return render_template(
        "accounts/list.html",
        accounts=accounts.list_accounts(),
        # Of the server's own shell: they belong to no account.
        tokens=[token for token in tokens.list_tokens() if token.account_id is None],
    )


@bp.route("/new/", methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    if request.method != "POST":
        return _new_form()
    try:
        role = clean_role(request.form.get("role", ""))
        name, password_hash = checked_account()
        account = write(
            web_act(), lambda: accounts.add_account(name, password_hash, role)
        )
    except InvalidInput as error:
        return _new_form(messages(error)), 400
    except InvalidValue as error:
        return _new_form({"role": str(error)}), 400
    flash(f"Created account {account.username} ({account.role.value}).", "success")
    return redirect(url_for("accounts.index"))


def _new_form(errors: dict[str, str] | None = None) -> str:
    return render_template(
        "accounts/new.html",
        errors=errors or {},
        username=sent_username(),
        role=request.form.get("role", "viewer"),
        roles=NAMES,
        least=least_length(),
    )


@bp.get("/<account_id>/")
def show(account_id: str) -> ResponseReturnValue:
    return _page(accounts.get_account(parse_id(account_id)))


@bp.post("/<account_id>/role")
def role(account_id: str) -> ResponseReturnValue:
    id_ = parse_id(account_id)
    try:
        wanted = clean_role(request.form.get("role", ""))
        account = write(
            web_act(),
            lambda: accounts.change_role(id_, wanted, keep_tokens=keeps_tokens()),
        )
    except (InvalidValue, Conflict) as error:
        return _refused(id_, error)
    flash(f"{account.username} now has the role {account.role.value}.", "success")
    return _back(id_)


@bp.post("/<account_id>/state")
def state(account_id: str) -> ResponseReturnValue:
    """Disable or enable: what is wanted is in the form, so twice does no harm."""
    id_ = parse_id(account_id)
    active = request.form.get("active") == "1"
    try:
        account = write(web_act(), lambda: accounts.set_active(id_, active))
    except Conflict as error:
        return _refused(id_, error)
    words = "Enabled {}." if active else "Disabled {} and ended all sessions."
    flash(words.format(account.username), "success")
    return _back(id_)


@bp.post("/<account_id>/password")
def password(account_id: str) -> ResponseReturnValue:
    """Give another password: the person changes it then on their own page."""
    account = accounts.get_account(parse_id(account_id))
    id_, name = account.id, account.username
    try:
        password_hash = checked_password(name)
    except InvalidInput as error:
        return _page(accounts.get_account(id_), messages(error)), 400
    kept = keeps_tokens()
    write(
        web_act(),
        lambda: accounts.set_password(id_, password_hash, keep_tokens=kept),
    )
    ended = "sessions ended" if kept else "sessions ended, all tokens revoked"
    flash(f"Changed the password of {name}; all {ended}.", "success")
    return _back(id_)


@bp.post("/tokens/revoke")
def revoke_token() -> ResponseReturnValue:
    id_ = parse_id(request.form.get("id"))
    account_id = [t.account_id for t in tokens.list_tokens() if t.id == id_]
    name = write(web_act(), lambda: tokens.revoke(id_).name)
    flash(f"Token {name} revoked.", "success")
    owner = account_id[0] if account_id else None
    return _back(owner) if owner else redirect(url_for("accounts.index"))


def _back(id_: int) -> ResponseReturnValue:
    return redirect(url_for("accounts.show", account_id=id_))


def _refused(id_: int, error: Exception) -> ResponseReturnValue:
    return _page(accounts.get_account(id_), {"role": str(error)}), 409


def _page(account: Account, errors: dict[str, str] | None = None) -> str:
    return render_template(
        "accounts/details.html",
        account=account,
        errors=errors or {},
        roles=NAMES,
        least=least_length(),
        tokens=tokens.list_tokens(account.id),
        is_me=account.id == me().account_id,
    )
