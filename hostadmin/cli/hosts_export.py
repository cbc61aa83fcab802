"""``flask hosts export``: files for people, programs and Ansible."""

import gc

import click
from flask.cli import with_appcontext

from ..db.session import db
from ..exports.exporter import FORMATS, export
from ..query.parser import parse
from .common import QUERY_SETTINGS, command, printable, with_query, write_out


@click.command("export", context_settings=QUERY_SETTINGS)
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
)
@with_query
@with_appcontext
@command
def export_command(format: str, query: str) -> None:
    """Write hosts to the standard output, as of one moment.

    QUERY says which: 'env:prod -owner:search web*'. What the format has no place for
    is left out and told on the standard error.
    """
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    notes: list[str] = []
    write_out(export(db.session(), FORMATS[format], parse(query), notes))
    for note in notes:
        click.echo(printable(f"Note: {note}"), err=True)
