"""Guessing is slowed: so many wrong log-ins a minute for a name, and for an address.

It is kept in the database, so that it holds for all processes. An address from which
the account has logged in before has only its own limit: strangers cannot lock it out.
"""

import ipaddress
import math
from datetime import datetime, timedelta

import sqlalchemy as sa

from ..clock import utcnow
from ..db.session import db
from ..models import AccountAddress, LoginAttempt
from ..validation.accounts import username_key
from .keys import hash_of

LIMIT = 10
WINDOW = timedelta(seconds=60)
KNOWN_FOR = timedelta(days=30)
UNKNOWN_ADDRESS = "unknown"


def address_key(address: str | None) -> str:
    """Return whom an address counts for: one household or server has a whole /64."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return UNKNOWN_ADDRESS
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


def name_hash(username: str) -> str:
    return hash_of(username_key(username))


def seconds_to_wait(
    username: str, address: str, account_id: int | None, before: int | None = None
) -> int:
    """Return how long this address must wait before it tries this name again.

    Only reads, so that a flood of tries is no flood of writes. With ``before``, only
    the tries before that one count.
    """
    now = utcnow()
    earlier = LoginAttempt.id < before if before is not None else sa.true()
    waits = [_wait(sa.and_(LoginAttempt.address == address, earlier), now)]
    if account_id is None or not _is_known(account_id, address, now):
        same_name = LoginAttempt.name_hash == name_hash(username)
        waits.append(_wait(sa.and_(same_name, earlier), now))
    return max(waits)


def add_attempt(username: str, address: str) -> int:
    """Count a try as wrong before its password is looked at; return its id.

    Many at once would otherwise all see that there were none before.
    """
    now = utcnow()
    db.session.execute(
        sa.delete(LoginAttempt).where(LoginAttempt.at < now - 5 * WINDOW)
    )
    attempt = LoginAttempt(at=now, name_hash=name_hash(username), address=address)
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def forgive(attempt_id: int, account_id: int, address: str) -> None:
    """Take a try back that was right, and know the address from now on."""
    now = utcnow()
    db.session.execute(sa.delete(LoginAttempt).where(LoginAttempt.id == attempt_id))
    db.session.execute(
        sa.delete(AccountAddress).where(AccountAddress.seen_at < now - KNOWN_FOR)
    )
    known = db.session.get(AccountAddress, (account_id, address))
    if known is not None:
        known.seen_at = now
    else:
        db.session.add(AccountAddress(account_id=account_id, address=address))


def unlock(username: str | None = None) -> int:
    """Forget the wrong tries for a name, or all of them; return how many there were."""
    statement = sa.delete(LoginAttempt)
    if username is not None:
        statement = statement.where(LoginAttempt.name_hash == name_hash(username))
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _is_known(account_id: int, address: str, now: datetime) -> bool:
    return (
        db.session.scalar(
            sa.select(sa.literal(1)).where(
                AccountAddress.account_id == account_id,
                AccountAddress.address == address,
                AccountAddress.seen_at >= now - KNOWN_FOR,
            )
        )
        is not None
    )


def _wait(whose: sa.ColumnElement[bool], now: datetime) -> int:
    """Return the seconds until fewer than the limit are left in the window."""
    times = db.session.scalars(
        sa.select(LoginAttempt.at)
        .where(whose, LoginAttempt.at > now - WINDOW)
        .order_by(LoginAttempt.at.desc())
        .limit(LIMIT)
    ).all()
    if len(times) < LIMIT:
        return 0
    return max(1, math.ceil((times[-1] + WINDOW - now).total_seconds()))
