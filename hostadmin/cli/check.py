"""``flask hosts check``: data quality."""

import sys
from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from ..db.session import db
from ..query.ast import EVERYTHING, Node, all_of
from ..query.parser import parse
from ..query.to_text import to_text
from ..stats import data_quality
from ..stats.counts import count_hosts
from ..stats.similar_values import find_similar_values
from .common import (
    QUERY_SETTINGS,
    command,
    printable,
    show_table,
    with_query,
    write_out,
)

Line = tuple[str, int, str]


@click.command("check", context_settings=QUERY_SETTINGS)
@click.option(
    "--days",
    type=click.IntRange(1, data_quality.MOST_DAYS),
    default=data_quality.STALE_DAYS,
    show_default=True,
    help="Days after which a host that was not confirmed is stale.",
)
@with_query
@with_appcontext
@command
def check_command(days: int, query: str) -> None:
    """Check data quality: list each check, its number of hosts and their query.

    Also lists inconsistent values and groups without hosts.
    """
    lines = _lines(parse(query), days)
    if not sys.stdout.isatty():
        write_out("\t".join((name, str(n), text)) + "\n" for name, n, text in lines)
        return
    rows = [(name, f"{number:,}", text) for name, number, text in lines]
    show_table(("check", "hosts", "query"), rows, numbers=1)


def _lines(node: Node, days: int) -> Iterator[Line]:
    session = db.session()
    for check in data_quality.host_checks(days):
        both = all_of(node, check.condition)
        yield check.name, count_hosts(session, both), to_text(both)
    for found in find_similar_values(session, node):
        both = all_of(node, found.condition)
        yield f"look-alike-{found.field.name}", found.hosts, printable(to_text(both))
    if node == EVERYTHING:
        names = [name for _, name in data_quality.groups_without_hosts(session)]
        yield "groups-without-hosts", len(names), printable(", ".join(names))
