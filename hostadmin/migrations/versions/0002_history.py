"""Who changed what, and one spelling per value."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Written out here, not imported: a later change of the models must not change what
# this revision makes.
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(oracle.TIMESTAMP(), "oracle")
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
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


def key_text(length: int) -> sa.String:
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


def upgrade() -> None:
    op.create_table(
        "vocabulary",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("field", key_text(16), nullable=False),
        sa.Column("folded", key_text(255), nullable=False),
        sa.Column("spelling", key_text(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabulary")),
        sa.UniqueConstraint("field", "folded", name=op.f("uq_vocabulary_field_folded")),
        **OPTIONS,
    )
    op.create_table(
        "change_sets",
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("source", key_text(16), nullable=False),
        sa.Column("message", sa.String(length=255), nullable=True),
        sa.Column("confirmed_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_sets")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_change_sets_at"), "change_sets", ["at"], unique=False)
    op.create_table(
        "change_entries",
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", BIG_ID, nullable=False),
        sa.Column("subject", key_text(16), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("subject_name", sa.String(length=255), nullable=False),
        sa.Column("action", key_text(16), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_sets.id"],
            name=op.f("fk_change_entries_change_set_id_change_sets"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_entries")),
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_change_entries_change_set_id"),
        "change_entries",
        ["change_set_id"],
        unique=False,
    )
    op.create_index(
        "ix_change_entries_subject_id",
        "change_entries",
        ["subject", "subject_id", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("change_entries")
    op.drop_table("change_sets")
    op.drop_table("vocabulary")
