"""Whether all servers of a database sign with one key, as cookies of people must be."""

import hashlib
import hmac

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..db.guards import guards, take_turn
from ..db.session import db, write_transaction

NAME = "secret key"
OTHER_KEY = (
    "The last server of this database used another HOSTADMIN_SECRET_KEY. If you "
    "changed the key, everyone has to log in again. If another server still uses the "
    "other key, people are logged out again and again: set the same key on all servers."
)


def is_another(key: str) -> bool:
    """Note which key signs from now on; return whether it was another before.

    A database that takes no changes is asked again at the next start.
    """
    mark = _mark(key)
    own = guards.c.name == NAME
    try:
        with write_transaction():
            before = db.session.scalar(sa.select(guards.c.turn).where(own))
            if before == mark:
                return False
            take_turn(db.session(), NAME)
            db.session.execute(sa.update(guards).where(own).values(turn=mark))
    except SQLAlchemyError:
        return False
    return before is not None


def _mark(key: str) -> int:
    """Return a number that tells keys apart, and tells nothing of them."""
    digest = hmac.digest(key.encode(), b"hostadmin: which key", hashlib.sha256)
    return int.from_bytes(digest[:7])
