"""Accounts, sessions, tokens, wrong log-ins; the address in the history."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Written out here, not imported: a later change of the models must not change what
# this revision makes.
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(oracle.TIMESTAMP(), "oracle")
)
PAIR_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
    )
}
OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True, **PAIR_OPTIONS}
TABLES = (
    "setup_link",
    "account_addresses",
    "login_attempts",
    "api_tokens",
    "account_sessions",
    "accounts",
)


def key_text(length: int) -> sa.String:
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


def id_column() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False)


def role_column() -> sa.Column[str]:
    return sa.Column(
        "role",
        sa.Enum(
            "viewer",
            "editor",
            "admin",
            name="role",
            native_enum=False,
            create_constraint=True,
            length=16,
        ),
        nullable=False,
    )


def upgrade() -> None:
    op.add_column(
        "change_sets", sa.Column("address", sa.String(length=45), nullable=True)
    )
    op.create_table(
        "accounts",
        id_column(),
        sa.Column("username", key_text(64), nullable=False),
        sa.Column("username_key", key_text(64), nullable=False),
        sa.Column("password_hash", key_text(255), nullable=False),
        role_column(),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("theme", key_text(16), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_login_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username_key", name=op.f("uq_accounts_username_key")),
        **OPTIONS,
    )
    op.create_table(
        "account_sessions",
        id_column(),
        sa.Column("key_hash", key_text(64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_account_sessions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_sessions")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_account_sessions_key_hash")),
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_account_sessions_account_id"), "account_sessions", ["account_id"]
    )
    op.create_table(
        "api_tokens",
        id_column(),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key_hash", key_text(64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        role_column(),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_api_tokens_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_tokens_key_hash")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_api_tokens_account_id"), "api_tokens", ["account_id"])
    make_attempts()
    op.create_table(
        "setup_link",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_hash", key_text(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_setup_link_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup_link")),
        **PAIR_OPTIONS,
    )


def make_attempts() -> None:
    """Make the tables that slow down guesses."""
    op.create_table(
        "login_attempts",
        id_column(),
        sa.Column("at", TIME, nullable=False),
        sa.Column("name_hash", key_text(64), nullable=False),
        sa.Column("address", key_text(45), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_login_attempts_at"), "login_attempts", ["at"])
    op.create_index(
        "ix_login_attempts_name_hash_at", "login_attempts", ["name_hash", "at"]
    )
    op.create_index("ix_login_attempts_address_at", "login_attempts", ["address", "at"])
    op.create_table(
        "account_addresses",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", key_text(45), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_account_addresses_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "address", name=op.f("pk_account_addresses")
        ),
        **PAIR_OPTIONS,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    # Not in batch mode: that makes the table anew, and the entries point at it.
    op.drop_column("change_sets", "address")
