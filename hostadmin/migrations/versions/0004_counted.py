"""An index on SQLite that holds what hosts are mostly counted by."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "ix_hosts_counted"
COLUMNS = [
    *("environment", "status", "os", "location", "role", "owner", "port"),
    "created_at",
]


def upgrade() -> None:
    # Elsewhere it would be longer than an index may be, and is not needed.
    if op.get_context().dialect.name == "sqlite":
        op.create_index(NAME, "hosts", COLUMNS)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(NAME, "hosts")
