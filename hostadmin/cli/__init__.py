"""The commands. ``install`` lists every group of them."""

from flask import Flask

from .changes import changes
from .hosts import hosts
from .shell import shell_context


def install(app: Flask) -> None:
    app.cli.add_command(changes)
    app.cli.add_command(hosts)
    app.shell_context_processor(shell_context)
