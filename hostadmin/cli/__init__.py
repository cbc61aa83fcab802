"""The commands. ``install`` lists every group of them."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_migrate.cli import db as migrations
from sqlalchemy import and_, func, or_, select, update

from ..db.session import db
from ..history import writing
from ..models import Group, Host
from . import downgrade
from .accounts import accounts
from .changes import changes
from .check import check_command
from .database import database
from .deploy import deploy_command
from .groups import groups
from .hosts import hosts
from .hosts_bulk import COMMANDS
from .hosts_find import find
from .hosts_show import show
from .tokens import tokens


def install(app: Flask) -> None:
    for command in (*COMMANDS, check_command, find, show):
        hosts.add_command(command)
    downgrade.install()
    app.cli.add_command(accounts)
    app.cli.add_command(changes)
    app.cli.add_command(database)
    app.cli.add_command(deploy_command)
    app.cli.add_command(groups)
    app.cli.add_command(hosts)
    # Flask-Migrate would add it when it is made, which is after the command is known.
    app.cli.add_command(migrations)
    app.cli.add_command(tokens)
    app.shell_context_processor(shell_context)


def shell_context() -> dict[str, Any]:
    """Return what is at hand in ``flask shell``; docs/orm.md uses it."""
    return {
        "db": db,
        "sa": sa,
        "Host": Host,
        "Group": Group,
        "select": select,
        "func": func,
        "and_": and_,
        "or_": or_,
        "update": update,
        "writing": writing,
    }
