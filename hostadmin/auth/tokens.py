"""Tokens: how tools come in. Shown once; what is kept is a hash."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..db.guards import TOKENS, take_turn
from ..db.session import db
from ..errors import FieldError, InvalidInput, InvalidValue, NotFound
from ..limits import limits
from ..models import Account, ApiToken
from ..places import COMMAND
from ..validation.accounts import Role, clean_role, clean_token_name
from ..validation.values import quoted
from .identity import NOTED_EVERY, Found, Identity
from .keys import MAX_KEY, hash_of, new_key

# What is found in a file or log by this beginning is known for what it is.
PREFIX = "hostadmin_"
MAX_DAYS = 3650


def add_token(
    name: object,
    role: Role | str,
    *,
    owner: Account | None = None,
    days: int | None = None,
    read_only: bool = False,
) -> tuple[ApiToken, str]:
    """Add a token and return it with its key, which nobody can see again.

    A token of an account never may more than the account itself, and an account has
    only so many. Raises ``InvalidInput``.
    """
    errors = []
    cleaned = ""
    try:
        cleaned = clean_token_name(name)
    except InvalidValue as error:
        errors.append(FieldError("name", str(error)))
    if days is not None and not 1 <= days <= MAX_DAYS:
        errors.append(
            FieldError("expires", f"Enter 1–{MAX_DAYS:,} days, or leave this empty.")
        )
    wanted = clean_role(role)
    if owner is not None:
        errors += _check_owner(owner, wanted)
    if errors:
        raise InvalidInput(errors)
    key, now = PREFIX + new_key(), utcnow()
    token = ApiToken(
        name=cleaned,
        key_hash=hash_of(key),
        account_id=owner.id if owner else None,
        role=wanted,
        read_only=read_only,
        created_at=now,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    db.session.add(token)
    db.session.flush()
    return token, key


def _check_owner(owner: Account, role: Role) -> Iterator[FieldError]:
    if not owner.role.covers(role):
        yield FieldError("role", "A token cannot have a higher role than yours.")
    take_turn(db.session(), TOKENS)
    count = sa.select(sa.func.count()).where(ApiToken.account_id == owner.id)
    if (db.session.scalar(count) or 0) >= limits.account_tokens:
        words = f"You already have {limits.account_tokens} tokens. Revoke one first."
        yield FieldError("name", words)


def find_token(key: str) -> Found | None:
    """Return what the token of this key may do now; None if it may not come in."""
    if not 0 < len(key) <= MAX_KEY:
        return None
    row = db.session.execute(
        sa.select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.role,
            ApiToken.read_only,
            ApiToken.expires_at,
            ApiToken.last_used_at,
            ApiToken.account_id,
            Account.username,
            Account.role.label("account_role"),
            Account.active,
        )
        .outerjoin(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.key_hash == hash_of(key))
    ).one_or_none()
    now = utcnow()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    role = row.role
    if row.account_id is not None:
        if not row.active:
            return None
        role = role if row.account_role.covers(role) else row.account_role
    identity = Identity(
        name=row.username or f"token {row.name}",
        role=role,
        account_id=row.account_id,
        token_id=row.id,
        read_only=row.read_only,
    )
    last = row.last_used_at
    return Found(identity, is_due=last is None or now - last >= NOTED_EVERY)


def list_tokens(account_id: int | None = None) -> Sequence[ApiToken]:
    """Return the tokens of an account, or all, by name."""
    statement = sa.select(ApiToken).options(orm.joinedload(ApiToken.account))
    if account_id is not None:
        statement = statement.where(ApiToken.account_id == account_id)
    return db.session.scalars(statement.order_by(ApiToken.name, ApiToken.id)).all()


def named_token(text: str) -> ApiToken:
    """Return the token with this id or, if only one has it, this name."""
    found = [t for t in list_tokens() if text in (str(t.id), t.name)]
    if not found:
        raise NotFound(
            f"Token {quoted(text)} does not exist. To see all: {COMMAND} tokens list"
        )
    if len(found) > 1:
        ids = ", ".join(str(token.id) for token in found)
        raise InvalidInput(
            [FieldError("name", f"Several tokens have this name. Use an ID: {ids}.")]
        )
    return found[0]


def revoke(id_: int, account_id: int | None = None) -> ApiToken:
    """Delete a token, of this account if one is named. Raises ``NotFound``."""
    token = db.session.get(ApiToken, id_)
    if token is None or (account_id is not None and token.account_id != account_id):
        raise NotFound(f"Token {id_} does not exist.")
    db.session.delete(token)
    db.session.flush()
    return token
