"""The link with which the first account is made; it is void as soon as there is one."""

import sqlalchemy as sa

from ..db.session import db, write_transaction
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
    key = new_key()
    with write_transaction():
        if have_accounts():
            return None
        db.session.execute(sa.delete(SetupLink))
        db.session.add(SetupLink(id=ONLY_ID, key_hash=hash_of(key)))
    return key


def is_valid(key: str, *, lock: bool = False) -> bool:
    """Whether a link has this key; ``lock`` keeps two from using it at once."""
    statement = sa.select(SetupLink.key_hash)
    if lock:
        statement = statement.with_for_update()
    return db.session.scalar(statement) == hash_of(key) and not have_accounts()
