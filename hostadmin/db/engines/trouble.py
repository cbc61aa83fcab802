"""Why a database cannot serve just now, or not until somebody sets it right."""

import enum
from typing import Any


class Trouble(enum.Enum):
    """The value is a sentence for people."""

    LOCKED = "The database is busy: another change has locked it."
    FULL = "The disk of the database is full. Ask its administrators to free space."
    READ_ONLY = "The database is read-only at the moment; pages can still be read."
    SLOW = "The database took too long."
    CROWDED = "The server is busy: too many requests at once."
    AWAY = "The database does not answer."


class Refusal(enum.Enum):
    """The value is for strangers, too: it names nothing."""

    LOG_IN = "the database refuses the user name or the password"
    DATABASE = "the database does not exist"
    RIGHTS = "the database denies access to the user"
    NOBODY = "the database does not answer"
    ENCODING = "the database is not UTF-8"
    FILE = "the database file cannot be opened"
    NO_DATABASE = "the database file is not an SQLite database"
    OTHER = "the database refuses the connection"


def error_codes(original: Any) -> tuple[Any, ...]:
    """Return the state of SQL and the number of a driver's error, where it has one.

    PyMySQL may have a state, too, but one that says less than its number.
    """
    return (
        getattr(original, "sqlstate", None),
        *getattr(original, "args", ())[:1],
    )
