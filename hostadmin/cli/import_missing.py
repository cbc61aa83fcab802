"""What ``flask hosts import`` does with hosts that the file does not list."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from ..formatting import counted
from ..imports.importer import Plan
from ..imports.missing import ACTIONS, DELETE, REPORT
from ..query.ast import EVERYTHING, Node
from ..query.parser import parse
from .common import ask_first, printable

Command = TypeVar("Command", bound=Callable[..., Any])
_PAGE = 1_000

_OPTIONS = (
    click.option(
        "--missing",
        type=click.Choice(ACTIONS),
        default=REPORT,
        show_default=True,
        help="What to do with hosts that the file does not list.",
    ),
    click.option(
        "--within",
        metavar="QUERY",
        help="Only hosts matching QUERY can be missing: those that the file covers.",
    ),
    click.option("--yes", is_flag=True, help="Skip the prompt of --missing."),
)


def missing_options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_within(query: str | None) -> Node:
    """Return the query. Raises ``QueryError``."""
    return parse(query) if query is not None else EVERYTHING


def confirm(plan: Plan, yes: bool, begin: Callable[[], None]) -> None:
    """Ask before hosts are retired or deleted; elsewhere than on a terminal, refuse."""
    if plan.missing_action == REPORT or not plan.missing or yes:
        return
    begin()
    for line in missing_lines(plan):
        click.echo(printable(line), err=True)
    number = plan.missing
    what = f"{plan.missing_action.capitalize()} {counted(number, 'host')}?"
    typed = number if plan.missing_action == DELETE else None
    ask_first(what, "Nothing was written.", typed)


def missing_lines(plan: Plan) -> Iterator[str]:
    """Yield a line for each host that would be retired or deleted, or is reported."""
    last = 0
    while page := plan.staging.missing_page("", last, _PAGE):
        last = page[-1].id
        yield from (f"{_VERBS[plan.missing_action]}: {host.name}" for host in page)


_VERBS = {REPORT: "missing", "retire": "retire", "delete": "delete"}


def summary(plan: Plan, dry_run: bool) -> str:
    """Return how many hosts are retired or deleted; nothing if none is."""
    if plan.missing_action == REPORT or not plan.missing:
        return ""
    would = "would be " if dry_run else ""
    return f", {plan.missing:,} {would}{_VERBS[plan.missing_action]}d"
