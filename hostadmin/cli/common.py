"""What every command shares: who acts, which database, and errors as one line."""

import functools
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn, ParamSpec, TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ..bulk_edit import asks_number, is_number
from ..config import Settings
from ..db import schema
from ..db.failures import trouble
from ..db.session import db
from ..errors import HostadminError, QueryError
from ..exports.exporter import encoded
from ..inventory.hints import find_hints
from ..query.ast import Node
from ..query.parser import placed
from ..validation.values import MAX_TEXT

Args = ParamSpec("Args")
Result = TypeVar("Result")

NO_ROOM = (
    "Cannot write a temporary file. Is the disk full? TMPDIR sets another directory."
)
QUERY = "query"
# So much of a query is around the place of an error.
AROUND = 40
_UNCHANGED = "Nothing was changed."


def command(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Check the schema, name the database on a terminal, and tell errors in a line.

    Bad input ends with exit code 1, wrong usage with 2.
    """

    @functools.wraps(function)
    def checked(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        schema.check(db.engine)
        return function(*args, **kwargs)

    return any_schema_command(checked)


def any_schema_command(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Do the same for a command that works whatever the schema is."""

    @functools.wraps(function)
    def run(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        try:
            if sys.stderr.isatty():
                settings: Settings = current_app.extensions["hostadmin"]
                click.echo(f"Database: {printable(settings.database_name)}", err=True)
            return function(*args, **kwargs)
        except QueryError as error:
            fail(str(placed(error, str(kwargs.get(QUERY, "")))), _marked(error))
        except HostadminError as error:
            fail(str(error))
        except SQLAlchemyError as error:
            if reason := trouble(error):
                fail(f"{reason.value} Nothing was saved.")
            fail(f"The database refused the statement ({type(error).__name__}).")
        except sqlite3.Error:
            # Of the database of hosts, SQLAlchemy wraps such errors.
            fail(NO_ROOM)
        except BrokenPipeError:
            # Somebody downstream has read enough, such as head.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except OSError as error:
            where = f"{error.filename}: " if isinstance(error.filename, str) else ""
            fail(f"{where}{error.strerror or 'Reading or writing failed'}.")

    # A command that is added to a group would be without, unless ``flask`` runs it.
    return with_appcontext(run)


def fail(message: str, more: Iterable[str] = ()) -> NoReturn:
    """End with exit code 1 and a line on stderr, or several."""
    for line in (f"Error: {message}", *more):
        click.echo(printable(line), err=True)
    raise SystemExit(1)


def _marked(error: QueryError) -> Iterator[str]:
    """Yield the query with the place of the error marked, and what would be right."""
    if error.text is None:
        return
    begin = max(0, error.start - AROUND)
    shown = [printable(part) for part in _cut(error.text, begin, error)]
    yield f"  {''.join(shown)}"
    yield f"  {' ' * cell_len(shown[0])}{'^' * max(1, cell_len(shown[1]))}"
    if error.fixed is not None and len(error.fixed) <= MAX_TEXT:
        yield f"Try: {error.fixed}"


def _cut(text: str, begin: int, error: QueryError) -> tuple[str, str, str]:
    """Return what is before, at and after the place, of a long text only some."""
    marked = text[error.start : error.end][:AROUND]
    return text[begin : error.start], marked, text[error.end : error.end + AROUND]


def is_terminal() -> bool:
    return sys.stdin.isatty()


def ask_first(question: str, nothing: str, number: int | None = None) -> None:
    """Ask on a terminal; a number has to be typed to agree. Else end, and say so.

    ``nothing`` says that nothing was done.
    """
    if not is_terminal():
        fail(f"{nothing} Use --yes to skip the prompt.")
    question = printable(question)
    if number is None:
        sure = click.confirm(question)
    else:
        typed = click.prompt(f"{question} Type {number} to confirm", default="")
        sure = is_number(typed, number)
    if not sure:
        fail(nothing)


def ask_before_deletion(summary: str, deleted: int) -> None:
    """Ask, and for the number of hosts where many are deleted; else end."""
    if asks_number(deleted):
        ask_first(summary, _UNCHANGED, deleted)
    else:
        ask_first(f"{summary} Continue?", _UNCHANGED)


def printable(text: str) -> str:
    """Return the text on one line that any terminal takes."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def actor() -> str:
    """Return the name of the person at the terminal."""
    try:
        import pwd

        name = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        name = os.environ.get("USERNAME") or "unknown"
    return printable(name)[:MAX_TEXT]


def with_query(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Let a command take a query; one that begins with a dash is no option."""
    return click.argument(QUERY, default="")(function)


def show_hints(session: Session, node: Node) -> None:
    """Say on stderr which queries were probably meant by one that finds nothing."""
    for hint in find_hints(session, node):
        click.echo(printable(f"Hint: {hint.sentence}"), err=True)


# For commands with a query: -env:prod is an argument.
QUERY_SETTINGS = {"ignore_unknown_options": True}


def write_out(lines: Iterable[str | bytes]) -> None:
    """Write lines to the standard output as UTF-8, many at once."""
    stream = sys.stdout.buffer
    for chunk in encoded(lines):
        stream.write(chunk)
    stream.flush()


def show_table(
    titles: Iterable[str], rows: Iterable[Sequence[str]], *, numbers: int | None = None
) -> None:
    """Show a table on a terminal; ``numbers`` is the column of numbers, if one is."""
    table = Table(*titles, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[:2]:
        column.no_wrap = True
    if numbers is not None:
        table.columns[numbers].justify = "right"
    for row in rows:
        table.add_row(*row)
    # A name such as [red] is a name, not a colour.
    Console(markup=False, highlight=False, emoji=False).print(table)
