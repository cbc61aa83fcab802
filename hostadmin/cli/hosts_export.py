"""``flask hosts export``: a view of the hosts as a file on the standard output."""

import gc
import sys

import click

from ..db.session import db
from ..exports.exporter import FORMATS, export
from ..exports.layout import ALL, SHOWN, LayoutOptions, read_layout
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
@click.option("--view", default="", metavar="NAME", help="Use a shared view.")
@click.option(
    "--columns",
    default="",
    metavar="C,…",
    help="Columns, such as hostname,ip,var.rack.",
)
@click.option(
    "--sort", default="", metavar="S", help="Sort order, such as -ip,hostname."
)
@click.option(
    "--fields",
    type=click.Choice([SHOWN, ALL]),
    help="Fields as shown in the list, or all.",
)
@click.option("--excel", is_flag=True, help="Write CSV that opens in Excel.")
@click.option(
    "--port", metavar="PORT", help="Port of Prometheus targets: a number or var.NAME."
)
@click.option(
    "--safe-group-names", is_flag=True, help="For Ansible: write web-tier as web_tier."
)
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
    safe_group_names: bool,
    query: str,
) -> None:
    """Export the hosts matching QUERY to standard output.

    Example: 'env:prod -owner:search web*'. Values that the format cannot hold are left
    out and listed on standard error.
    """
    chosen = FORMATS[format]
    if chosen.is_binary and sys.stdout.isatty():
        fail(f"{chosen.label} cannot be shown here. Write it to a file: > hosts.xlsx")
    options = {"excel": "1"} if excel else {}
    options |= {"port": port} if port is not None else {}
    options |= {"safe_group_names": "1"} if safe_group_names else {}
    wanted = LayoutOptions(view, columns, sort, fields or "", options)
    session, viewer = db.session(), Viewer()
    node, layout = read_layout(session, viewer, chosen, parse(query), wanted)
    # What was loaded up to here stays; looking at it again and again is slow.
    gc.freeze()
    notes: list[str] = []
    write_out(export(session, chosen, node, notes, layout))
    for note in notes:
        click.echo(printable(f"Note: {note}"), err=True)
