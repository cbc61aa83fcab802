"""``hostadmin``: the command of an installed hostadmin, with all that ``flask`` has."""

import sys

import click
from flask.cli import FlaskGroup, shell_command

from .server import main as serve
from .server import make_app


@click.command(
    "serve",
    # It has options of its own.
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve_command(arguments: tuple[str, ...]) -> None:
    """Serve on HOSTADMIN_BIND; --prepare creates or upgrades the schema first."""
    raise SystemExit(serve(arguments, program="hostadmin serve"))


def main() -> None:
    group = FlaskGroup(
        name="hostadmin",
        create_app=make_app,
        # The server of Flask is not for use; this one is.
        add_default_commands=False,
        add_version_option=False,
        help="A host inventory for people who run machines.",
    )
    group.add_command(serve_command)
    group.add_command(shell_command)
    sys.exit(group.main())
