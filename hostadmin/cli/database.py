"""``flask database …``: look after the database, move it, keep it in a file."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from .. import backups
from ..backups import Copied
from ..config import parse_uri
from ..db import reach, schema
from ..db.engines import engine_of
from ..db.failures import trouble
from ..db.foreign_keys import find_orphans
from ..db.session import db, engine_options
from ..errors import ConfigError, Conflict, InvalidValue
from ..history.completeness import find_gaps
from ..inventory.check_counts import CountCheck, WrongCount, check_counts, repair_counts
from ..places import COMMAND
from .common import any_schema_command, command, fail, printable

database = AppGroup("database", help="Check, copy, back up and upgrade the database.")

# Of a copy: reading and writing take turns.
ONE = 1
# Wrong numbers that are shown; one fault makes many of them wrong.
SHOWN = 10
NOT_SET = "(not set)"
REPAIR = f"{COMMAND} database check --repair"
BROKEN_OFF = (
    "The target is incomplete and cannot be used. Run the same command again to start "
    "over. Nothing else was changed."
)


@database.command("check")
@click.option("--repair", is_flag=True, help="Replace wrong stored counts.")
@any_schema_command
def check(repair: bool) -> None:
    """Check that the database can be used and that its data is consistent.

    Prints a line for each check; the exit code is 1 if one fails. Reads all tables. The
    server can keep running.
    """
    failed = False
    for name, faults in _checks(repair):
        failed = failed or bool(faults)
        for text in faults or ["ok"]:
            click.echo(f"{name}\t{printable(text)}")
    if failed:
        raise SystemExit(1)


def _checks(repair: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each check and what it found; without a schema, no further."""
    unreachable = reach.fault(db.engine)
    yield "connection", [unreachable.text] if unreachable else []
    if unreachable:
        return
    yield "server", _server_faults()
    wrong = schema.fault(db.engine)
    yield "schema", [wrong.text] if wrong else []
    if wrong:
        return
    with db.engine.connect() as connection:
        yield "foreign keys", list(find_orphans(connection))
    yield "history", list(find_gaps(db.session()))
    yield "stored counts", _count_faults(repair)


def _count_faults(repair: bool) -> list[str]:
    found = check_counts(db.engine)
    if repair and (found.wrong or found.few_again):
        repair_counts(db.engine)
        if found.wrong:
            text = f"Wrong stored counts replaced: {len(found.wrong):,}."
            click.echo(text, err=True)
        found = check_counts(db.engine)
    faults = [_wrong_text(number) for number in found.wrong[:SHOWN]]
    if len(found.wrong) > SHOWN:
        faults.append(f"{len(found.wrong) - SHOWN:,} more")
    if found.wrong:
        click.echo(f"To replace them: {REPAIR}", err=True)
    _show_not_kept(found)
    return faults


def _show_not_kept(found: CountCheck) -> None:
    if found.not_kept:
        names = _by(found.not_kept)
        click.echo(f"Counts by {names} are not stored: too many values", err=True)
    if found.few_again:
        names = _by(found.few_again)
        text = f"To store counts by {names} again: {REPAIR}"
        click.echo(text, err=True)


def _by(each: Sequence[str]) -> str:
    return "; ".join(names.replace(",", " and ") for names in each)


def _wrong_text(wrong: WrongCount) -> str:
    values = ", ".join(f"{n}={v or NOT_SET}" for n, v in wrong.values.items())
    return f"{values}: {wrong.kept:,} stored, {wrong.counted:,} counted"


def _server_faults() -> list[str]:
    engine = engine_of(db.engine)
    with db.engine.connect() as connection:
        there = connection.dialect.server_version_info or ()
    if there[: len(engine.oldest)] >= engine.oldest:
        return []
    version, least = (".".join(map(str, v)) for v in (there, engine.oldest))
    return [f"{engine.name} {version} is too old; {least} or later is needed"]


@database.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@command
def backup(file: Path) -> None:
    """Back up everything to FILE ("-" for standard output).

    The backup holds hosts, history, accounts, views and hashes of tokens as of now. It
    is compressed, has a checksum, and can be restored into any engine. The server can
    keep running.
    """
    if str(file) == "-":
        for data in backups.write_archive(db.engine):
            sys.stdout.buffer.write(data)
        return
    if file.exists():
        fail(f"{file} already exists. Choose another name.")
    with _complete_or_nothing(file) as path:
        with path.open("wb") as opened:
            opened.writelines(backups.write_archive(db.engine))
        contents = backups.check_archive(path)
    click.echo(f"Backed up {contents.rows:,} rows to {file}.", err=True)


@contextlib.contextmanager
def _complete_or_nothing(file: Path) -> Iterator[Path]:
    """Give a file beside, for this user only, that gets its name at the end."""
    number, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(number)
    path = Path(name)
    try:
        yield path
        path.rename(file)
    finally:
        path.unlink(missing_ok=True)


@database.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@any_schema_command
def restore(file: Path) -> None:
    """Restore the backup FILE into the configured database, which must be empty."""
    _refuse_unreachable(db.engine)
    with _filling(), _progress() as progress:
        done = backups.restore(file, db.engine, progress)
    click.echo(f"Restored {_summary(done)}.", err=True)


@database.command("copy")
@click.option(
    "--to",
    "uri",
    required=True,
    help="URI of an empty database (- reads it from stdin).",
)
@command
def copy(uri: str) -> None:
    """Copy everything into another, empty database of any engine.

    Changes made during the copy are not copied: stop the server before you switch.
    """
    target = _target(sys.stdin.readline().strip() if uri == "-" else uri)
    try:
        with _filling(), _progress() as progress:
            done = backups.copy(db.engine, target, progress)
    finally:
        target.dispose()
    click.echo(
        f"Copied {_summary(done)}. To use the copy, set HOSTADMIN_DATABASE_URI to it "
        "(and HOSTADMIN_SECRET_KEY, if it is not set yet), then start hostadmin again.",
        err=True,
    )


def _target(text: str) -> sa.Engine:
    try:
        url = parse_uri(text)
    except ValueError as error:
        raise InvalidValue(str(error).replace(reach.SETTING, "--to")) from None
    if url == db.engine.url:
        raise Conflict("This is the database to copy from. Use another one.")
    if path := engine_of(url).file_of(url):
        # It holds what the first one holds, hashes of passwords included.
        with contextlib.suppress(OSError):
            path.touch(mode=0o600)
    engine = sa.create_engine(url, **engine_options(str(url), ONE))
    engine_of(engine).configure(engine)
    _refuse_unreachable(engine, "--to")
    return engine


def _refuse_unreachable(engine: sa.Engine, given_by: str = reach.SETTING) -> None:
    if wrong := reach.fault(engine):
        raise ConfigError(wrong.text.replace(reach.SETTING, given_by))


@contextlib.contextmanager
def _filling() -> Iterator[None]:
    """Tell of what broke off what has become of the target."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = trouble(error)
        why = reason.value if reason else f"A statement failed: {_first_line(error)}."
        fail(f"{why} {BROKEN_OFF}")


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _summary(done: Copied) -> str:
    moment = f"{done.made:%Y-%m-%d %H:%M:%S} UTC"
    return f"{done.rows:,} rows as of {moment}; verified by SHA-256"


@contextlib.contextmanager
def _progress() -> Iterator[backups.Progress]:
    """Tell how far it is: on a terminal in one line, else a line for each table."""
    last = ""

    def tell(table: str, rows: int) -> None:
        nonlocal last
        if sys.stderr.isatty():
            text = f"{table or 'verifying'}: {rows:,} rows in total"
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
        elif table != last:
            click.echo(f"{table or 'Verifying'} …", err=True)
        last = table

    try:
        yield tell
    finally:
        if sys.stderr.isatty() and last:
            click.echo(err=True)


@database.command("upgrade")
@any_schema_command
def upgrade() -> None:
    """Create the schema, or upgrade that of an older version.

    An SQLite file is copied first. Back up other databases before you upgrade.
    """
    _refuse_unreachable(db.engine)
    before = schema.state(db.engine)
    for line in schema.bring_up_to_date(db.engine):
        click.echo(line, err=True)
    done = "is up to date" if before is schema.State.CURRENT else "is now up to date"
    click.echo(f"The schema {done}.", err=True)
