"""An index that gives the entries of one change in their order."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "change_entries"
NEW, OLD = "ix_change_entries_change_set_id_id", "ix_change_entries_change_set_id"


def upgrade() -> None:
    # In this order: MariaDB wants an index for the foreign key at any time.
    op.create_index(NEW, TABLE, ["change_set_id", "id"], unique=False)
    op.drop_index(OLD, TABLE)


def downgrade() -> None:
    op.create_index(OLD, TABLE, ["change_set_id"], unique=False)
    op.drop_index(NEW, TABLE)
