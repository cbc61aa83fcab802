"""``flask hosts find``: the hosts that a list of names means."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing

import click

from ..db.session import db
from ..formatting import counted
from ..imports.text_file import open_text
from ..limits import limits
from ..paste import Answer, find_pasted, read_pasted
from .common import command, printable, write_out


@click.command("find")
@click.argument("file", default="-")
@click.option("--names", is_flag=True, help="Print only hostnames.")
@command
def find(file: str, names: bool) -> None:
    """Find hosts by a list of names, aliases or addresses, pasted from anywhere.

    Without FILE, or with -, reads standard input. Prints a line for each name,
    tab-separated: the name, how it was found, the host. A name that matches several
    hosts is "ambiguous" and is printed with each of them.
    """
    answer = find_pasted(db.session(), read_pasted(_text(file)))
    if names:
        write_out(f"{printable(name)}\n" for name in sorted(answer.hosts().values()))
    else:
        write_out(_lines(answer))
    if sys.stderr.isatty():
        click.echo(_summary(answer), err=True)


def _text(file: str) -> str:
    """Read the file, but no more of it than is looked up."""
    with tempfile.TemporaryFile() as spool:
        text = open_text(file, spool)
        parts: list[str] = []
        with closing(text.source):
            for block in text.blocks():
                parts.append(block)
                if sum(map(len, parts)) > limits.pasted_characters:
                    break
    return "".join(parts)


def _lines(answer: Answer) -> Iterator[str]:
    for one in answer.found:
        yield _line(one.given, one.how, one.host.hostname)
    for several in answer.ambiguous:
        names = ",".join(candidate.hostname for candidate in several.candidates)
        yield _line(several.given, "ambiguous", f"{names},…" if several.more else names)
    for name in answer.missing:
        yield _line(name.text, "not found", "")


def _line(*cells: str) -> str:
    return "\t".join(map(printable, cells)) + "\n"


def _summary(answer: Answer) -> str:
    return (
        f"{counted(len(answer.hosts()), 'host')} found, {len(answer.ambiguous):,} "
        f"ambiguous, {len(answer.missing):,} not found."
    )
