"""The commands. ``install`` lists every group of them."""

from flask import Flask

from .hosts import hosts
from .shell import shell_context


def install(app: Flask) -> None:
    app.cli.add_command(hosts)
    app.shell_context_processor(shell_context)
