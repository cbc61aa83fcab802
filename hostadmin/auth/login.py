"""Logging in and out. Unlike the rest of the core this commits, and more than once: a
try is counted before its password is looked at.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from ..clock import utcnow
from ..db.session import db, write_small
from ..errors import HostadminError, NotFound
from ..history import ActorContext, write
from ..history.sign_ins import (
    FAILED,
    LOGGED_IN,
    LOGGED_OUT,
    forget_sign_ins,
    has_enough_failures,
)
from ..models import Account
from ..validation.accounts import Role
from . import first_account, passwords, throttle
from .accounts import add_account, find_account, record
from .identity import Identity
from .sessions import Lifetime, begin_session, end_session, forget_ended

NOBODY = "unknown user"


class LoginRefused(HostadminError):
    """The name or the password is wrong, or the account is shut: all look the same."""

    def __init__(self) -> None:
        super().__init__("Wrong name or password.")


class TooManyTries(HostadminError):
    """There were too many wrong tries; ``seconds`` says for how long."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many failed logins. Try again in {seconds} s.")


@dataclass(frozen=True)
class Client:
    """Where a request comes from."""

    address: str | None
    agent: str | None


def log_in(
    username: str,
    password: str,
    client: Client,
    lifetime: Lifetime,
    retention: timedelta,
) -> str:
    """Return the key of a new session. Raises ``LoginRefused``, ``TooManyTries``.

    Older log-ins than ``retention`` are forgotten at the same time.
    """
    account = find_account(username)
    account_id = account.id if account else None
    known_hash = account.password_hash if account else None
    actor = account.username if account else NOBODY
    attempt_id = _count(username, client, account_id)
    is_right = passwords.is_right(password, known_hash)
    new_hash = None
    if is_right and known_hash and passwords.is_outdated(known_hash):
        new_hash = passwords.hash_password(password)

    def enter() -> str:
        # What was read above may have changed while the password was checked.
        current = db.session.scalar(
            sa.select(Account).where(Account.id == account_id).with_for_update()
        )
        if not is_right or current is None or current.password_hash != known_hash:
            raise LoginRefused
        if not current.active:
            raise LoginRefused
        throttle.forgive(attempt_id, current.id, throttle.address_key(client.address))
        forget_ended(lifetime)
        current.last_login_at = utcnow()
        current.password_hash = new_hash or current.password_hash
        db.session.flush()
        _forget_old(current, retention)
        record(current, LOGGED_IN)
        return begin_session(current, client.address, client.agent)

    try:
        return write(ActorContext(actor, "web", None, client.address), enter)
    except LoginRefused:
        _record_failure(account_id, client)
        raise


def confirm(identity: Identity, password: str, client: Client) -> None:
    """Make sure that it is still the same person. Slowed down like a log-in.

    Raises ``LoginRefused`` and ``TooManyTries``.
    """
    account = db.session.get(Account, identity.account_id)
    known_hash = account.password_hash if account else None
    attempt_id = _count(identity.name, client, identity.account_id)
    if not passwords.is_right(password, known_hash):
        _record_failure(identity.account_id, client)
        raise LoginRefused
    address = throttle.address_key(client.address)
    owner_id = identity.account_id or 0
    write_small(lambda: throttle.forgive(attempt_id, owner_id, address))


def log_out(identity: Identity, client: Client) -> None:
    """End the session on the server: copies of its cookie are dead, too."""
    id_, account_id = identity.session_id, identity.account_id
    if id_ is None or account_id is None:
        return

    def leave() -> None:
        if end_session(id_, account_id):
            record(db.session.get(Account, account_id), LOGGED_OUT)

    write(ActorContext(identity.name, "web", None, client.address), leave)


def log_in_first(link: str, username: str, password_hash: str, client: Client) -> str:
    """Make the first account, an admin, and log it in. Raises ``NotFound``."""

    def make() -> str:
        if not first_account.is_valid(link, lock=True):
            raise NotFound("This link has just been used.")
        account = add_account(username, password_hash, Role.ADMIN)
        account.last_login_at = utcnow()
        db.session.flush()
        record(account, LOGGED_IN)
        return begin_session(account, client.address, client.agent)

    message = "First account, created with the link from the terminal"
    return write(ActorContext(username, "web", message, client.address), make)


def _count(username: str, client: Client, account_id: int | None) -> int:
    """Count the try; refuse it if there were too many before."""
    address = throttle.address_key(client.address)
    if seconds := throttle.seconds_to_wait(username, address, account_id):
        raise TooManyTries(seconds)
    attempt_id = write_small(lambda: throttle.add_attempt(username, address))
    # Again, since others may have been counted at the same moment.
    if seconds := throttle.seconds_to_wait(username, address, account_id, attempt_id):
        raise TooManyTries(seconds)
    return attempt_id


def _forget_old(account: Account, retention: timedelta) -> None:
    """Forget old log-ins of this account, of unknown names and of who comes no more."""
    before = utcnow() - retention
    last = Account.last_login_at
    absent = sa.select(Account.id).where(sa.or_(last.is_(None), last < before))
    ids = {0, account.id, *db.session.scalars(absent)}
    forget_sign_ins(db.session(), ids, before)


def _record_failure(account_id: int | None, client: Client) -> None:
    def note() -> None:
        # Each is in the log of the server, too.
        if not has_enough_failures(db.session(), account_id or 0):
            account = db.session.get(Account, account_id) if account_id else None
            record(account, FAILED)

    write(ActorContext(NOBODY, "web", None, client.address), note)
