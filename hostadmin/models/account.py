"""Who may come in: accounts, their sessions, tokens for tools, and what slows guesses.

Of passwords and keys only hashes are kept.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import (
    TABLE_OPTIONS,
    TRANSIENT,
    UNNUMBERED_TABLE_OPTIONS,
    Base,
    UTCDateTime,
    key_text,
)
from ..validation import accounts as account_rules
from ..validation.accounts import MAX_TOKEN_NAME, MAX_USERNAME, Role
from ..validation.values import MAX_TEXT

# SHA-256 in hexadecimal digits.
HASH_LENGTH = 64
ADDRESS_LENGTH = 45
ONLY_ID = 1


def _role() -> sa.Enum:
    return sa.Enum(
        Role,
        name="role",
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda cls: [role.value for role in cls],
    )


class Account(Base):
    """A person who can log in."""

    __tablename__ = "accounts"
    __table_args__ = (TABLE_OPTIONS,)
    __recorded__ = ("username", "role", "active")
    __subject__ = "account"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(key_text(MAX_USERNAME), active_history=True)
    username_key: Mapped[str] = mapped_column(key_text(MAX_USERNAME), unique=True)
    password_hash: Mapped[str] = mapped_column(key_text(MAX_TEXT))
    role: Mapped[Role] = mapped_column(_role(), active_history=True)
    active: Mapped[bool] = mapped_column(default=True, active_history=True)
    # light or dark; None follows the system.
    theme: Mapped[str | None] = mapped_column(key_text(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_login_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @orm.validates("username")
    def _clean(self, _field: str, value: object) -> str:
        cleaned = account_rules.clean_username(value)
        self.username_key = account_rules.username_key(cleaned)
        return cleaned

    def __str__(self) -> str:
        return self.username


class AccountSession(Base):
    """One log-in in one browser. It ends when the row goes."""

    __tablename__ = "account_sessions"
    __table_args__ = (TABLE_OPTIONS | TRANSIENT,)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    key_hash: Mapped[str] = mapped_column(key_text(HASH_LENGTH), unique=True)
    account_id: Mapped[int] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # To a minute: a page that is read must not write each time.
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    address: Mapped[str | None] = mapped_column(sa.String(ADDRESS_LENGTH))
    agent: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))


class ApiToken(Base):
    """What a tool shows instead of a password."""

    __tablename__ = "api_tokens"
    __table_args__ = (TABLE_OPTIONS,)
    __recorded__ = ("name", "role", "read_only")
    __subject__ = "token"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_TOKEN_NAME), active_history=True)
    key_hash: Mapped[str] = mapped_column(key_text(HASH_LENGTH), unique=True)
    # None: made on the server's own shell, and nobody's.
    account_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role] = mapped_column(_role(), active_history=True)
    read_only: Mapped[bool] = mapped_column(default=False, active_history=True)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # To a minute, like that of sessions.
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    account: Mapped[Account | None] = orm.relationship()

    @orm.validates("name")
    def _clean(self, _field: str, value: object) -> str:
        return account_rules.clean_token_name(value)

    def __str__(self) -> str:
        return self.name


class LoginAttempt(Base):
    """A wrong log-in, kept for as long as it slows down the next ones."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        sa.Index("ix_login_attempts_name_hash_at", "name_hash", "at"),
        sa.Index("ix_login_attempts_address_at", "address", "at"),
        TABLE_OPTIONS | TRANSIENT,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    # Some people type their password into the field of the name.
    name_hash: Mapped[str] = mapped_column(key_text(HASH_LENGTH))
    address: Mapped[str] = mapped_column(key_text(ADDRESS_LENGTH))


class AccountAddress(Base):
    """Where an account has logged in from; strangers elsewhere cannot lock it out."""

    __tablename__ = "account_addresses"
    __table_args__ = (UNNUMBERED_TABLE_OPTIONS,)

    account_id: Mapped[int] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(key_text(ADDRESS_LENGTH), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


class SetupLink(Base):
    """The link for the person who makes the first account; at most one."""

    __tablename__ = "setup_link"
    __table_args__ = (
        sa.CheckConstraint(f"id = {ONLY_ID}", name="only_one"),
        UNNUMBERED_TABLE_OPTIONS | TRANSIENT,
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_hash: Mapped[str] = mapped_column(key_text(HASH_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
