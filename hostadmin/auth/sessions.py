"""Sessions that end on the server: a copied cookie dies with its row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from ..clock import utcnow
from ..db.session import db
from ..models import Account, AccountSession
from ..validation.values import MAX_TEXT
from .identity import NOTED_EVERY, Found, Identity
from .keys import MAX_KEY, hash_of, new_key


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts without a request, and in all."""

    idle: timedelta
    absolute: timedelta


def begin_session(account: Account, address: str | None, agent: str | None) -> str:
    """Start a session for the person who just showed the password; return its key."""
    key = new_key()
    db.session.add(
        AccountSession(
            key_hash=hash_of(key),
            account_id=account.id,
            address=(address or "")[:45] or None,
            agent=_shown_agent(agent),
        )
    )
    return key


def find_session(key: object, lifetime: Lifetime) -> Found | None:
    """Return who has this session, if it is alive. Reads one row, and no object."""
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
        return None
    row = db.session.execute(
        sa.select(
            AccountSession.id,
            AccountSession.created_at,
            AccountSession.seen_at,
            Account.id.label("account_id"),
            Account.username,
            Account.role,
            Account.active,
            Account.theme,
        )
        .join(Account, Account.id == AccountSession.account_id)
        .where(AccountSession.key_hash == hash_of(key))
    ).one_or_none()
    now = utcnow()
    if row is None or not row.active or not _is_alive(row, lifetime, now):
        return None
    identity = Identity(
        name=row.username,
        role=row.role,
        account_id=row.account_id,
        session_id=row.id,
        theme=row.theme,
    )
    return Found(identity, is_due=now - row.seen_at >= NOTED_EVERY)


def list_sessions(account_id: int, lifetime: Lifetime) -> list[AccountSession]:
    """Return the sessions of an account that are alive, the last used first."""
    rows = db.session.scalars(
        sa.select(AccountSession)
        .where(AccountSession.account_id == account_id)
        .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
    )
    return [row for row in rows if _is_alive(row, lifetime, utcnow())]


def end_session(id_: int, account_id: int) -> bool:
    """End one session of an account; False if it had ended."""
    ended = db.session.execute(
        sa.delete(AccountSession).where(
            AccountSession.id == id_, AccountSession.account_id == account_id
        )
    )
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def forget_ended(lifetime: Lifetime) -> None:
    """Delete the rows of sessions that ran out of time."""
    now = utcnow()
    db.session.execute(
        sa.delete(AccountSession).where(
            sa.or_(
                AccountSession.seen_at < now - lifetime.idle,
                AccountSession.created_at < now - lifetime.absolute,
            )
        )
    )


def _is_alive(row: object, lifetime: Lifetime, now: datetime) -> bool:
    seen: datetime = row.seen_at  # type: ignore[attr-defined]
    created: datetime = row.created_at  # type: ignore[attr-defined]
    return now - seen < lifetime.idle and now - created < lifetime.absolute


def _shown_agent(agent: str | None) -> str | None:
    text = "".join(c if c.isprintable() else " " for c in agent or "")
    return text[:MAX_TEXT] or None
