"""``flask hosts export``: a view of the hosts as a file on the standard output."""

import gc
import sys

import click

from ..db.session import db
from ..exports.exporter import FORMATS, export
from ..exports.layout import ALL, SHOWN, Wishes, read_layout
from ..query.parser import parse
from ..saved_views import Viewer
from .common import QUERY_SETTINGS, command, fail, printable, with_query, write_out


@click.command("export", context_settings=QUERY_SETTINGS)
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
)
@click.option("--view", default="", metavar="NAME", help="Of a view that is shared.")
@click.option("--columns", default="", metavar="C,…", help="hostname,ip,var.rack")
@click.option("--sort", default="", metavar="S", help="-ip,hostname")
@click.option("--fields", type=click.Choice([SHOWN, ALL]), help="As the list, or all.")
@click.option("--excel", is_flag=True, help="CSV that Excel opens with a double click.")
@click.option("--port", metavar="PORT", help="Of targets: a number, or var.NAME.")
@with_query
@command
def export_command(
    format: str,
    view: str,
    columns: str,
    sort: str,
    fields: str | None,
    excel: bool,
    port: str | None,
    query: str,
) -> None:
    """Write hosts to the standard output, as of one moment.

    QUERY says which: 'env:prod -owner:search web*'. What the format has no place for
    is left out and told on the standard error.
    """
    chosen = FORMATS[format]
    if chosen.is_binary and sys.stdout.isatty():
        fail(
            f"{chosen.label} is nothing to read here; write it to a file: > hosts.xlsx"
        )
    options = {"excel": "1"} if excel else {}
    options |= {"port": port} if port is not None else {}
    wishes = Wishes(view, columns, sort, fields or "", options)
    session, viewer = db.session(), Viewer()
    node, layout = read_layout(session, viewer, chosen, parse(query), wishes)
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    notes: list[str] = []
    write_out(export(session, chosen, node, notes, layout))
    for note in notes:
        click.echo(printable(f"Note: {note}"), err=True)
