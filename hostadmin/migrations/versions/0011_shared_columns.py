"""Sort hosts that share a value by name."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = depends_on = None

SHARED_COLUMNS = ("environment", "os", "location", "role", "owner")


def upgrade() -> None:
    for column in SHARED_COLUMNS:
        op.create_index(
            f"ix_hosts_{column}_name", "hosts", [column, "hostname_sort", "id"]
        )


def downgrade() -> None:
    for column in SHARED_COLUMNS:
        op.drop_index(f"ix_hosts_{column}_name", table_name="hosts")
