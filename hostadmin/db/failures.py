"""What the errors of the drivers mean: locked, full, away, read-only, too slow."""

import enum

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Trouble(enum.Enum):
    """Why the database cannot serve just now; the value is a sentence for people."""

    LOCKED = "Somebody else is writing to the database, and it stayed locked."
    FULL = "The disk of the database is full; the people who run it must make room."
    READ_ONLY = "The database takes no changes just now; reading goes on."
    SLOW = "The database took too long."
    CROWDED = "Too many people want something at once."
    AWAY = "The database does not answer."


# SQLite's primary result codes.
_SQLITE = {
    5: Trouble.LOCKED,
    6: Trouble.LOCKED,
    8: Trouble.READ_ONLY,
    9: Trouble.SLOW,
    10: Trouble.AWAY,
    13: Trouble.FULL,
    14: Trouble.AWAY,
}
# States of SQL, the longest beginning first; PostgreSQL's appendix A.
_POSTGRESQL = {
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "53300": Trouble.CROWDED,
    "57014": Trouble.SLOW,
    "55P03": Trouble.LOCKED,
    "40001": Trouble.LOCKED,
    "40P01": Trouble.LOCKED,
    "08": Trouble.AWAY,
    "28": Trouble.AWAY,
    "3D": Trouble.AWAY,
    "53": Trouble.AWAY,
    "57": Trouble.AWAY,
    "58": Trouble.AWAY,
}
_MARIADB = {
    1021: Trouble.FULL,
    1114: Trouble.FULL,
    1205: Trouble.LOCKED,
    1213: Trouble.LOCKED,
    1290: Trouble.READ_ONLY,
    1792: Trouble.READ_ONLY,
    1836: Trouble.READ_ONLY,
    1969: Trouble.SLOW,
    3024: Trouble.SLOW,
    1040: Trouble.CROWDED,
    1203: Trouble.CROWDED,
    1226: Trouble.CROWDED,
    # A node of a cluster without quorum; a server that goes down; one that refuses us.
    **dict.fromkeys((1047, 1053, 1077, 1927), Trouble.AWAY),
    **dict.fromkeys((1042, 1043, 1045, 1049, 1129, 1130), Trouble.AWAY),
}
# Errors of MariaDB's client, whose numbers have a range of their own.
_MARIADB_CLIENT = range(2000, 2100)
# MariaDB passes on what the system said when it could not write a file.
_NO_SPACE = ("Errcode: 28", "error 28", "No space left")


# What SQLite says of a statement that is beyond its limits; it has no code for each.
_TOO_MUCH = ("Expression tree is too large", "parser stack overflow", "too many ")
_STACK_OVERRUN = 1436
_PROGRAM_LIMIT = "54"
TOO_MUCH = "That is too much for the database in one query; ask for less at once."


def is_too_much(error: SQLAlchemyError) -> bool:
    """Whether the database could serve, but not so large a statement."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    if orig is None:
        return False
    if getattr(orig, "sqlite_errorcode", None) is not None:
        return str(orig).startswith(_TOO_MUCH)
    state = getattr(orig, "sqlstate", None) or ""
    return state.startswith(_PROGRAM_LIMIT) or orig.args[:1] == (_STACK_OVERRUN,)


def trouble(error: SQLAlchemyError) -> Trouble | None:
    """Return why the database could not serve; None if the error is one of ours."""
    if isinstance(error, PoolTimeout):
        return Trouble.CROWDED
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    found = _by_code(error.orig)
    if found is None and (error.connection_invalidated or _has_no_code(error)):
        return Trouble.AWAY
    return found


def _by_code(orig: BaseException) -> Trouble | None:
    sqlite_code = getattr(orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return _SQLITE.get(sqlite_code & 0xFF)
    number = next(iter(orig.args), None)
    if isinstance(number, int):
        if any(text in str(orig) for text in _NO_SPACE):
            return Trouble.FULL
        return Trouble.AWAY if number in _MARIADB_CLIENT else _MARIADB.get(number)
    state = getattr(orig, "sqlstate", None) or ""
    return next(
        (found for code, found in _POSTGRESQL.items() if state.startswith(code)), None
    )


def _has_no_code(error: DBAPIError) -> bool:
    """Whether the driver itself failed, before a server could name a reason."""
    orig = error.orig
    return (
        isinstance(error, OperationalError)
        and getattr(orig, "sqlite_errorcode", None) is None
        and not isinstance(next(iter(getattr(orig, "args", ())), None), int)
        and not getattr(orig, "sqlstate", None)
    )
