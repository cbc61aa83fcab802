"""The link with which the first account is made; it is void as soon as there is one."""

import sqlalchemy as sa

from ..db.guards import FIRST_ACCOUNT, take_turn
from ..db.session import db, write_small
from ..models import SetupLink
from ..models.account import ONLY_ID
from .accounts import have_accounts
from .keys import hash_of, new_key


def new_link() -> str | None:
    """Return the key of a new link, which makes the one before void.

    None if there are accounts: then they are the way in. Commits, since it belongs to
    no change of the inventory.
    """
    if have_accounts():
        return None
    # Several servers may start at once.
    return write_small(_new_link)


def _new_link() -> str | None:
    take_turn(db.session(), FIRST_ACCOUNT)
    if have_accounts():
        return None
    key = new_key()
    db.session.execute(sa.delete(SetupLink))
    db.session.add(SetupLink(id=ONLY_ID, key_hash=hash_of(key)))
    return key


def is_valid(key: str, *, lock: bool = False) -> bool:
    """Whether a link has this key; ``lock`` keeps two from using it at once."""
    if lock:
        take_turn(db.session(), FIRST_ACCOUNT)
    known = db.session.scalar(sa.select(SetupLink.key_hash))
    return known == hash_of(key) and not have_accounts()
