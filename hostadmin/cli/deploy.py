"""``flask check``: what is wrong with the settings and the database."""

import click
from flask import current_app
from flask.cli import with_appcontext
from flask.helpers import get_debug_flag
from sqlalchemy.exc import SQLAlchemyError

from ..auth.accounts import list_accounts
from ..config import Settings, unknown_settings
from ..db import schema
from ..db.failures import trouble
from ..db.session import db
from ..deploy_check import Facts, findings, open_files
from ..models import Account
from ..validation.accounts import Role
from .common import printable

# What is wrong anywhere, not only where others reach the server.
ANYWHERE = ("H061", "H090")


@click.command("check")
@click.option("--deploy", is_flag=True, help="Also check what production needs.")
@with_appcontext
def deploy_command(deploy: bool) -> None:
    """Check settings, database and schema. Prints a line with a code per problem."""
    settings: Settings = current_app.extensions["hostadmin"]
    fault = _database_fault()
    facts = Facts(
        settings,
        debug=get_debug_flag(),
        unknown=unknown_settings(),
        database=fault,
        # Without a table of accounts, the fault says more.
        admins=1 if fault else sum(map(_is_admin, list_accounts())),
        open_files=open_files(settings),
    )
    found = [f for f in findings(facts) if deploy or f.code in ANYWHERE]
    for finding in found:
        click.echo(printable(str(finding)))
    if found:
        raise SystemExit(1)
    click.echo("No problems found.", err=True)


def _is_admin(account: Account) -> bool:
    return account.active and account.role is Role.ADMIN


def _database_fault() -> str:
    try:
        found = schema.fault(db.engine)
    except SQLAlchemyError as error:
        reason = trouble(error)
        return reason.value if reason else "The database cannot be used."
    return found.text if found else ""
