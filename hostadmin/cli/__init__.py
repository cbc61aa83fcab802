"""The commands. ``install`` lists every group of them."""

from flask import Flask

from .accounts import accounts
from .changes import changes
from .check import check_command
from .hosts import hosts
from .shell import shell_context
from .tokens import tokens


def install(app: Flask) -> None:
    app.cli.add_command(accounts)
    app.cli.add_command(changes)
    hosts.add_command(check_command)
    app.cli.add_command(hosts)
    app.cli.add_command(tokens)
    app.shell_context_processor(shell_context)
