"""Saved views, and which of them the list opens with."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Written out here, not imported: a later change of the models must not change what
# this revision makes.
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(oracle.TIMESTAMP(), "oracle")
)
PLAIN_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
    )
}
OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True, **PLAIN_OPTIONS}


def key_text(length: int) -> sa.String:
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", key_text(255), nullable=False),
        sa.Column("page", key_text(16), nullable=False),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_views_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint(
            "owner_id", "name_key", name=op.f("uq_saved_views_owner_id_name_key")
        ),
        **OPTIONS,
    )
    op.create_table(
        "default_views",
        sa.Column("owner_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["saved_views.id"],
            name=op.f("fk_default_views_view_id_saved_views"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_default_views")),
        **PLAIN_OPTIONS,
    )
    op.create_index("ix_default_views_view_id", "default_views", ["view_id"])


def downgrade() -> None:
    op.drop_table("default_views")
    op.drop_table("saved_views")
