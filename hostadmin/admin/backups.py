"""The page from which an admin downloads a backup."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from .. import backups
from ..auth import accounts
from ..auth.login import LoginRefused, TooManyTries, confirm
from ..clock import utcnow
from ..db.session import db
from ..history import write
from ..permissions.current_user import client
from .current_user import me, web_act
from .downloads import attachment

bp = Blueprint("backup", __name__, url_prefix="/backup")

# As the history says it of the account.
TAKEN = "took a backup"


@bp.get("/")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/")
def download() -> ResponseReturnValue:
    """Send everything, for the password: it holds the hashes of all others.

    Noted in the history before it begins, whatever arrives of it.
    """
    try:
        confirm(me(), request.form.get("own_password", ""), client())
    except LoginRefused:
        return _page("Wrong password."), 400
    except TooManyTries as error:
        return _page(str(error)), 429, {"Retry-After": str(error.seconds)}
    id_ = me().account_id or 0
    write(web_act(), lambda: accounts.record(accounts.get_account(id_), TAKEN))
    chunks = backups.write_archive(db.engine)
    name = f"hosts-{utcnow():%Y%m%d-%H%M}{backups.SUFFIX}"
    return attachment(name, "application/octet-stream", chunks)


def _page(error: str = "") -> str:
    errors = {"own_password": error} if error else {}
    return render_template("backups/download.html", errors=errors)
