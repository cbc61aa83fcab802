"""Whether the database can be reached and holds every text; if not, what is wrong."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from .engines import engine_of
from .engines.trouble import Refusal, Trouble
from .failures import trouble

SETTING = "HOSTADMIN_DATABASE_URI"
TEXTS = {
    Refusal.LOG_IN: "The database server at {where} does not accept the user {user} "
    f"with this password. Correct {SETTING}; in a password, @ is written %40, / is "
    "%2F, : is %3A and % is %25.",
    Refusal.DATABASE: 'The server at {where} has no database "{name}". Correct '
    f"{SETTING}, or create it: {{create}}",
    Refusal.RIGHTS: "The database server at {where} does not allow the user {user} to "
    'use the database "{name}" from this machine. Grant access on the server.',
    Refusal.NOBODY: "No database server answers at {where}. Start it, or correct host "
    f"and port in {SETTING}.",
    Refusal.ENCODING: 'The encoding of the database "{name}" is {encoding}; it must be '
    f"UTF8. Create another one and set {SETTING} to it: {{create}}",
    Refusal.FILE: "The database file {name} cannot be opened. It must be a regular "
    "file, and hostadmin must be able to write to it and to its folder.",
    Refusal.NO_DATABASE: "{name} is not an SQLite database. Correct "
    f"{SETTING}, or restore the file from a backup.",
    Refusal.OTHER: "The database server at {where} refuses the connection. See its "
    "log for the reason.",
}
# What passes by itself, for all who ask for a connection.
PASSING = (Trouble.LOCKED, Trouble.FULL, Trouble.SLOW, Trouble.CROWDED)


@dataclass(frozen=True)
class Fault:
    """What keeps anybody from working with a database."""

    # For strangers: it names nothing.
    status: str
    # For the people who run it: what is wrong and what to do, in one line.
    text: str


def fault(engine: sa.Engine) -> Fault | None:
    """Return why the database cannot be worked with, whatever its schema."""
    try:
        with engine.connect() as connection:
            encoding = engine_of(engine).encoding_of(connection)
    except SQLAlchemyError as error:
        return _fault_of(engine.url, error)
    if encoding:
        # Nobody will work with it, so nothing of it stays open.
        engine.dispose()
        return _fault(engine.url, Refusal.ENCODING, encoding)
    return None


def _fault_of(url: sa.URL, error: SQLAlchemyError) -> Fault:
    why = trouble(error)
    if why in PASSING or not isinstance(error, DBAPIError):
        text = (why or Trouble.AWAY).value
        return Fault(text.rstrip("."), text)
    return _fault(url, engine_of(url).refusal_of(error.orig))


def _fault(url: sa.URL, why: Refusal, encoding: str = "") -> Fault:
    text = TEXTS[why].format(
        where=_where(url),
        user=url.username or "(none)",
        name=url.database,
        encoding=encoding,
        create=engine_of(url).create_hint.format(url.database),
    )
    return Fault(why.value, text)


def _where(url: sa.URL) -> str:
    """Return the host or hosts, and the port, as the URI names them."""
    if url.host is None:
        return ", ".join(url.normalized_query.get("host", ("localhost",)))
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port}" if url.port else host
