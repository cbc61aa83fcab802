"""``flask hosts show NAME``: all about one host."""

import sys
from collections.abc import Iterator

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ..db.session import db
from ..inventory.groups import EffectiveVariable, effective_variables
from ..inventory.hosts import find_hosts
from ..models import Host
from ..stats.axes import NOT_SET
from ..validation.json_values import json_text
from ..validation.values import did_you_mean, quoted
from .common import QUERY_SETTINGS, command, fail, printable, write_out
from .hosts import LIST_FIELDS

TIMES = ("created_at", "updated_at", "confirmed_at")
# A line is a line, whatever the notes hold.
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
# So many names are looked through for one that was meant.
NAMES = 10_000


@click.command("show", context_settings=QUERY_SETTINGS)
@click.argument("name")
@command
def show(name: str) -> None:
    """Show the host with this name, alias or address.

    In scripts, a line for each field, tab-separated, also for aliases and further
    addresses. Variables are JSON.
    """
    host = _find(name)
    if _on_terminal():
        _show_tables(host)
    else:
        write_out(_lines(host))


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _find(name: str) -> Host:
    found = find_hosts(name)
    if not found:
        fail(f"Host {quoted(name)} does not exist. {_meant(name)}".strip())
    if len(found) > 1:
        names = ", ".join(quoted(host.hostname) for host in found[:10])
        more = f" and {len(found) - 10:,} more" if len(found) > 10 else ""
        fail(f"{quoted(name)} matches {len(found):,} hosts: {names}{more}.")
    return found[0]


def _meant(name: str) -> str:
    names = db.session.query(Host.hostname).order_by(Host.hostname_sort).limit(NAMES)
    return did_you_mean(name, (row[0] for row in names))


def _fields(host: Host) -> Iterator[tuple[str, list[str]]]:
    """Yield each field with its values; what is not set has none."""
    for name in LIST_FIELDS:
        value = host.status.value if name == "status" else getattr(host, name)
        yield name, [] if value is None else [str(value)]
    yield "groups", [group.name for group in host.groups]
    yield "aliases", [alias.name for alias in host.aliases]
    yield "addresses", [address.ip_addr for address in host.addresses]
    for name in TIMES:
        then = getattr(host, name)
        yield name, [then.isoformat(timespec="seconds")] if then else []
    yield "notes", [host.notes] if host.notes else []


def _lines(host: Host) -> Iterator[str]:
    for name, found in _fields(host):
        if name == "groups":
            found = [",".join(found)]
        cells = [name, *(text.translate(_ESCAPES) for text in found or [""])]
        yield "\t".join(cells) + "\n"
    yield f"vars\t{json_text(host.vars)}\n"


def _show_tables(host: Host) -> None:
    # A name such as [red] is a name, not a colour.
    console = Console(markup=False, highlight=False, emoji=False)
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    for name, found in _fields(host):
        table.add_row(name, "\n".join(found) or NOT_SET)
    console.print(table)
    variables = effective_variables(host)
    if variables:
        table = Table("variable", "value", "from", box=SIMPLE, pad_edge=False)
        for variable in variables:
            table.add_row(
                variable.name, _value(variable), variable.origin or "the host"
            )
        console.print(table)


def _value(variable: EffectiveVariable) -> str:
    value = variable.value
    return printable(value) if isinstance(value, str) else json_text(value)
