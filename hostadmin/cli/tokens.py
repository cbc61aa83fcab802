"""``flask tokens …``: how tools come in."""

import sys

import click
from flask.cli import AppGroup

from ..auth import tokens as core
from ..clock import utcnow
from ..db.session import db
from ..formatting import ago_text
from ..history import ActorContext, write
from ..models import ApiToken
from .accounts import NAME, ROLE
from .common import actor, command, show_table, write_out

tokens = AppGroup("tokens", help="Manage API tokens.")


@tokens.command("add")
@NAME
@ROLE
@click.option(
    "--expires",
    "days",
    metavar="DAYS",
    type=click.IntRange(1, core.MAX_DAYS),
    help="Days until the token expires (default: never).",
)
@click.option(
    "--read-only", is_flag=True, help="Allow reading only, whatever the role."
)
@command
def add(name: str, role: str, days: int | None, read_only: bool) -> None:
    """Create the token NAME and print it. It is not shown again."""
    _, key = write(
        ActorContext(actor(), "command"),
        lambda: core.add_token(name, role, days=days, read_only=read_only),
    )
    click.echo(key)


@tokens.command("list")
@command
def list_tokens() -> None:
    """List tokens: ID, name, account, role, access, expiry, last use."""
    rows = core.list_tokens()
    if not sys.stdout.isatty():
        write_out("\t".join(_cells(row)) + "\n" for row in rows)
        return
    titles = ["id", "name", "account", "role", "access", "expires", "last used"]
    now = utcnow()
    shown = []
    for row in rows:
        used = ago_text(row.last_used_at, now) if row.last_used_at else "never"
        shown.append([*_cells(row)[:5], _cells(row)[5][:10] or "never", used])
    show_table(titles, shown)


def _cells(token: ApiToken) -> list[str]:
    times = (token.expires_at, token.last_used_at)
    return [
        str(token.id),
        token.name,
        token.account.username if token.account else "",
        token.role.value,
        "read" if token.read_only else "read, write",
        *(time.isoformat(timespec="seconds") if time else "" for time in times),
    ]


@tokens.command("revoke")
@click.argument("token", metavar="ID|NAME")
@command
def revoke(token: str) -> None:
    """Revoke a token. It stops working at once."""
    id_ = core.named_token(token).id
    db.session.rollback()
    name = write(ActorContext(actor(), "command"), lambda: core.revoke(id_).name)
    click.echo(f"Token {name} revoked.")
