"""Hosts and groups."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out here, not imported: a later change of the models must not change what
# this revision makes.
TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(oracle.TIMESTAMP(), "oracle")
)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
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
        "host_groups",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", key_text(255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("vars", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "description <> ''", name=op.f("ck_host_groups_description_not_empty")
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_host_groups_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_host_groups_name")),
        **OPTIONS,
    )
    op.create_table(
        "hosts",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("hostname_key", key_text(255), nullable=False),
        sa.Column("hostname_sort", key_text(383), nullable=False),
        sa.Column("ip_addr", sa.String(length=45), nullable=True),
        sa.Column("ip_key", key_text(33), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "staged",
                "maintenance",
                "offline",
                "retired",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("environment", key_text(255), nullable=True),
        sa.Column("os", key_text(255), nullable=True),
        sa.Column("location", key_text(255), nullable=True),
        sa.Column("role", key_text(255), nullable=True),
        sa.Column("owner", key_text(255), nullable=True),
        sa.Column("vars", sa.JSON(), nullable=False),
        sa.Column("notes", LONG_TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "environment <> ''", name=op.f("ck_hosts_environment_not_empty")
        ),
        sa.CheckConstraint("hostname <> ''", name=op.f("ck_hosts_hostname_not_empty")),
        sa.CheckConstraint("ip_addr <> ''", name=op.f("ck_hosts_ip_addr_not_empty")),
        sa.CheckConstraint("location <> ''", name=op.f("ck_hosts_location_not_empty")),
        sa.CheckConstraint("os <> ''", name=op.f("ck_hosts_os_not_empty")),
        sa.CheckConstraint("owner <> ''", name=op.f("ck_hosts_owner_not_empty")),
        sa.CheckConstraint("role <> ''", name=op.f("ck_hosts_role_not_empty")),
        sa.CheckConstraint(
            "port BETWEEN 1 AND 65535", name=op.f("ck_hosts_port_in_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosts")),
        sa.UniqueConstraint("hostname_key", name=op.f("uq_hosts_hostname_key")),
        **OPTIONS,
    )
    op.create_index(
        "ix_hosts_confirmed_at_id", "hosts", ["confirmed_at", "id"], unique=False
    )
    op.create_index(
        "ix_hosts_created_at_id", "hosts", ["created_at", "id"], unique=False
    )
    op.create_index(
        "ix_hosts_environment_id", "hosts", ["environment", "id"], unique=False
    )
    op.create_index(
        "ix_hosts_hostname_sort_id", "hosts", ["hostname_sort", "id"], unique=False
    )
    op.create_index("ix_hosts_ip_key_id", "hosts", ["ip_key", "id"], unique=False)
    op.create_index("ix_hosts_location_id", "hosts", ["location", "id"], unique=False)
    op.create_index("ix_hosts_os_id", "hosts", ["os", "id"], unique=False)
    op.create_index("ix_hosts_owner_id", "hosts", ["owner", "id"], unique=False)
    op.create_index("ix_hosts_port_id", "hosts", ["port", "id"], unique=False)
    op.create_index("ix_hosts_role_id", "hosts", ["role", "id"], unique=False)
    op.create_index("ix_hosts_status_id", "hosts", ["status", "id"], unique=False)
    op.create_index(
        "ix_hosts_updated_at_id", "hosts", ["updated_at", "id"], unique=False
    )
    op.create_table(
        "host_addresses",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("ip_addr", sa.String(length=45), nullable=False),
        sa.Column("ip_key", key_text(33), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"],
            ["hosts.id"],
            name=op.f("fk_host_addresses_host_id_hosts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_addresses")),
        sa.UniqueConstraint(
            "host_id", "ip_key", name=op.f("uq_host_addresses_host_id_ip_key")
        ),
        **OPTIONS,
    )
    op.create_index(
        "ix_host_addresses_ip_key", "host_addresses", ["ip_key"], unique=False
    )
    op.create_table(
        "host_aliases",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", key_text(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_id"],
            ["hosts.id"],
            name=op.f("fk_host_aliases_host_id_hosts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_aliases")),
        sa.UniqueConstraint(
            "host_id", "name", name=op.f("uq_host_aliases_host_id_name")
        ),
        **OPTIONS,
    )
    op.create_index(
        "ix_host_aliases_name_key", "host_aliases", ["name_key"], unique=False
    )
    op.create_table(
        "host_group_children",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "parent_id <> child_id",
            name=op.f("ck_host_group_children_not_its_own_child"),
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["host_groups.id"],
            name=op.f("fk_host_group_children_child_id_host_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["host_groups.id"],
            name=op.f("fk_host_group_children_parent_id_host_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "parent_id", "child_id", name=op.f("pk_host_group_children")
        ),
        **PAIR_OPTIONS,
    )
    op.create_index(
        "ix_host_group_children_child_id",
        "host_group_children",
        ["child_id"],
        unique=False,
    )
    op.create_table(
        "host_group_members",
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["host_groups.id"],
            name=op.f("fk_host_group_members_group_id_host_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["host_id"],
            ["hosts.id"],
            name=op.f("fk_host_group_members_host_id_hosts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "host_id", "group_id", name=op.f("pk_host_group_members")
        ),
        **PAIR_OPTIONS,
    )
    op.create_index(
        "ix_host_group_members_group_id_host_id",
        "host_group_members",
        ["group_id", "host_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("host_group_members")
    op.drop_table("host_group_children")
    op.drop_table("host_aliases")
    op.drop_table("host_addresses")
    op.drop_table("hosts")
    op.drop_table("host_groups")
