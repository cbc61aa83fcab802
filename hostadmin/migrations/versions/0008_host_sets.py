"""Sets of hosts that a query can name."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle

revision = "0008"
down_revision = "0007"
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


def upgrade() -> None:
    op.create_table(
        "host_sets",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_sets")),
        **OPTIONS,
    )
    op.create_table(
        "host_set_members",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["host_sets.id"],
            name=op.f("fk_host_set_members_set_id_host_sets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("set_id", "host_id", name=op.f("pk_host_set_members")),
        **PAIR_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("host_set_members")
    op.drop_table("host_sets")
