"""What every command shares: who acts, which database, and errors as one line."""

import functools
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NoReturn, ParamSpec, TypeVar

import click
from flask import current_app
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from .. import schema
from ..config import Settings
from ..database import db
from ..errors import HostadminError, QueryError
from ..query.filters import PREFIX, parse_filters
from ..query.tree import Node
from ..values import MAX_TEXT, quoted

Args = ParamSpec("Args")
Result = TypeVar("Result")

CANNOT_REACH = "The database is locked or does not answer; nothing was saved."
NO_ROOM = "The temporary file cannot be written; is the disk full? See TMPDIR."
CHUNK = 64 * 1024


def command(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Check the schema, name the database on a terminal, and tell errors in a line.

    Bad input ends with exit code 1, wrong usage with 2.
    """

    @functools.wraps(function)
    def run(*args: Args.args, **kwargs: Args.kwargs) -> Result:
        try:
            if sys.stderr.isatty():
                settings: Settings = current_app.extensions["hostadmin"]
                click.echo(f"Database: {printable(settings.database_name)}", err=True)
            schema.check(db.engine)
            return function(*args, **kwargs)
        except HostadminError as error:
            fail(str(error))
        except OperationalError:
            fail(CANNOT_REACH)
        except SQLAlchemyError as error:
            fail(f"The database refused that ({type(error).__name__}).")
        except sqlite3.Error:
            # Of the database of hosts, SQLAlchemy wraps such errors.
            fail(NO_ROOM)
        except BrokenPipeError:
            # Somebody downstream has read enough, such as head.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except OSError as error:
            fail(f"{error.strerror or 'Reading or writing failed'}.")

    return run


def fail(message: str) -> NoReturn:
    """End with exit code 1 and a line on stderr."""
    click.echo(f"Error: {printable(message)}", err=True)
    raise SystemExit(1)


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


def read_filters(given: Iterable[str]) -> Node:
    """Return what ``env_equals=prod`` and the like say, as the web page reads them."""
    args = []
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.BadParameter(
                f"{quoted(text)} has no value; write FIELD_OPERATION=VALUE, "
                "such as env_equals=prod."
            )
        # The page leaves fields out that nobody filled in; here that would widen.
        if not value.strip():
            raise QueryError(
                f"The filter {quoted(name)} has no value.",
                "For what is not set, write env_empty=1.",
            )
        args.append((PREFIX + name.removeprefix(PREFIX), value))
    return parse_filters(args)


def write_out(lines: Iterable[str]) -> None:
    """Write lines to the standard output as UTF-8, many at once."""
    stream = sys.stdout.buffer
    for chunk in _chunks(lines):
        stream.write(chunk.encode())
    stream.flush()


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size > CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)
