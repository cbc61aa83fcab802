"""``flask accounts …``: who can log in. Nobody needs an account for it but a shell."""

import sys
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ..auth import accounts as core
from ..auth import passwords, throttle
from ..clock import utcnow
from ..config import Settings
from ..db.session import db
from ..errors import InvalidValue
from ..formatting import ago_text, counted
from ..history import ActorContext, write
from ..models import Account
from ..validation.accounts import ROLES
from .common import actor, command, fail, printable, show_table, write_out

accounts = AppGroup("accounts", help="Manage accounts.")

NAME = click.argument("name")
ROLE = click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in ROLES]),
    help="Viewers read, editors also change hosts, admins also manage accounts.",
)

KEEP_TOKENS = click.option(
    "--keep-tokens", is_flag=True, help="Do not revoke its tokens."
)


@accounts.command("add")
@NAME
@ROLE
@command
def add(name: str, role: str) -> None:
    """Add the account NAME.

    Asks for the password; without a terminal, reads it from the first line of stdin.
    """
    username = core.check_new_name(name)
    password_hash = _read_password(username)
    account = _write(lambda: core.add_account(username, password_hash, role))
    click.echo(f"Created account {account.username} ({account.role.value}).")


@accounts.command("list")
@command
def list_accounts() -> None:
    """List accounts: name, role, active or disabled, last login."""
    rows = core.list_accounts()
    if not sys.stdout.isatty():
        write_out("\t".join(_cells(row)) + "\n" for row in rows)
        return
    now = utcnow()
    shown = [
        [*_cells(row)[:3], ago_text(row.last_login_at, now)]
        if row.last_login_at
        else [*_cells(row)[:3], "never"]
        for row in rows
    ]
    show_table(["name", "role", "state", "last login"], shown)


def _cells(account: Account) -> list[str]:
    last = account.last_login_at
    return [
        account.username,
        account.role.value,
        "active" if account.active else "disabled",
        last.isoformat(timespec="seconds") if last else "",
    ]


@accounts.command("password")
@NAME
@KEEP_TOKENS
@command
def password(name: str, keep_tokens: bool) -> None:
    """Change the password of NAME; ends its sessions and revokes its tokens."""
    account = core.named_account(name)
    id_, username = account.id, account.username
    password_hash = _read_password(username)
    _write(lambda: core.set_password(id_, password_hash, keep_tokens=keep_tokens))
    ended = "sessions ended" if keep_tokens else "sessions ended, all tokens revoked"
    click.echo(f"Changed the password of {username}; all {ended}.")


@accounts.command("disable")
@NAME
@command
def disable(name: str) -> None:
    """Disable NAME: ends its sessions; its tokens stop working."""
    _set_active(name, False)


@accounts.command("enable")
@NAME
@command
def enable(name: str) -> None:
    """Enable NAME again."""
    _set_active(name, True)


@accounts.command("role")
@NAME
@click.argument("role", type=click.Choice([role.value for role in ROLES]))
@KEEP_TOKENS
@command
def change_role(name: str, role: str, keep_tokens: bool) -> None:
    """Change the role of NAME; ends its sessions and revokes its tokens."""
    id_ = core.named_account(name).id
    account = _write(lambda: core.change_role(id_, role, keep_tokens=keep_tokens))
    click.echo(f"{account.username} now has the role {account.role.value}.")


@accounts.command("unlock")
@click.argument("name", required=False)
@command
def unlock(name: str | None) -> None:
    """Let NAME, or everyone, log in again after too many failed logins."""
    count = _write(lambda: throttle.unlock(name))
    click.echo(f"Cleared {counted(count, 'failed login')}.")


def _set_active(name: str, active: bool) -> None:
    id_ = core.named_account(name).id
    account = _write(lambda: core.set_active(id_, active))
    click.echo(f"{'Enabled' if active else 'Disabled'} {account.username}.")


def _write(work: Any) -> Any:
    return write(ActorContext(actor(), "command"), work)


def _read_password(username: str) -> str:
    """Return the hash of a new password from the terminal or the standard input."""
    db.session.rollback()
    settings: Settings = current_app.extensions["hostadmin"]
    if sys.stdin.isatty():
        text = click.prompt(
            "Password", hide_input=True, confirmation_prompt="Repeat password", err=True
        )
    else:
        # Bytes, and no more than can be one: what is no UTF-8 is refused, not changed.
        line = sys.stdin.buffer.readline(8 * passwords.MAX_PASSWORD)
        text = (
            line.removesuffix(b"\n")
            .removesuffix(b"\r")
            .decode("utf-8", "surrogateescape")
        )
        if not text:
            fail("No password on standard input.")
    try:
        passwords.check_new_password(text, username, settings.password_length)
    except InvalidValue as error:
        fail(printable(str(error)))
    return passwords.hash_password(text)
