"""A made-up inventory with two years of history, to try everything on."""

import secrets

import sqlalchemy as sa

from ..auth import accounts, passwords
from ..db.session import db
from ..history import writing
from ..models import Host
from ..validation.accounts import Role
from .hosts import make_hosts
from .past import live_through

COUNT = 2_000
DEMO_NAME = "demo"

__all__ = ["COUNT", "DEMO_NAME", "fill_if_empty", "let_in", "make_hosts"]


def fill_if_empty(count: int = COUNT) -> bool:
    """Fill an empty inventory with so many hosts; return whether that was done."""
    if db.session.scalar(sa.select(Host.id).limit(1)) is not None:
        return False
    db.session.rollback()
    live_through(DEMO_NAME, count)
    return True


def let_in() -> str:
    """Return a new password of the demo's only account; nobody else knows it."""
    password = secrets.token_urlsafe(9)
    hashed = passwords.hash_password(password)
    with writing(DEMO_NAME):
        account = accounts.find_account(DEMO_NAME)
        if account is None:
            accounts.add_account(DEMO_NAME, hashed, Role.ADMIN)
        else:
            accounts.set_password(account.id, hashed, keep_tokens=True)
    return password
