"""The whole schema of the first release."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from hostadmin.migrations.tables import (
    BIG_ID,
    BYTES,
    JSON,
    LONG_TEXT,
    NUMBER,
    TEXT,
    TIME,
    create,
    create_numbered,
    drop,
    index,
    key_text,
    one_of,
    optional,
    refuse_to_lose_rows,
    required,
)

# Not "0001": databases of the time before the first release have revisions so named.
revision = "first_release"
down_revision = None
branch_labels = None
depends_on = None

# In the order of their making.
TABLES = (
    *("hosts", "host_addresses", "host_aliases"),
    *("host_groups", "host_group_children", "host_group_members"),
    *("vocabulary", "inventory", "host_sets", "host_set_members", "host_counts"),
    *("change_sets", "change_entries", "change_counts", "change_fields"),
    *("inventory_changes", "former_names", "undos", "accounts", "setup_link"),
    *("account_sessions", "api_tokens", "kept_answers"),
    *("login_attempts", "account_addresses", "saved_views", "default_views"),
    "guards",
    *("jobs", "file_imports", "file_import_pieces", "import_mappings"),
)
# What has an index over every three letters, on SQLite and PostgreSQL.
NAMES = (("hosts", "hostname_key"), ("host_aliases", "name_key"))


def upgrade() -> None:
    create_hosts()
    create_groups()
    create_vocabulary_and_inventory()
    create_host_sets()
    create_host_counts()
    create_history()
    create_accounts()
    create_keys()
    create_throttle()
    create_saved_views()
    create_guards()
    create_jobs_and_imports()
    index_letters()


def downgrade() -> None:
    here = op.get_context()
    if not (here.as_sql or here.opts.get("lose_data")):
        refuse_to_lose_rows(op.get_bind())
    if op.get_context().dialect.name == "sqlite":
        # The triggers go with the tables of names, these do not.
        for table, _ in NAMES:
            op.execute(f"DROP TABLE IF EXISTS {table}_trigrams")
    for table in reversed(TABLES):
        drop(table)


# ---- hosts and groups


def create_hosts() -> None:
    shared = ("environment", "os", "location", "role", "owner")
    orders = tuple(f"{column}_sort" for column in shared)
    statuses = ("active", "staged", "maintenance", "offline", "retired")
    create_numbered(
        "hosts",
        *required(TEXT, "hostname"),
        *required(key_text(255), "hostname_key"),
        *required(key_text(383), "hostname_sort"),
        *optional(sa.String(45), "ip_addr"),
        *optional(key_text(33), "ip_key"),
        *optional(NUMBER, "port"),
        *required(one_of("status", *statuses), "status"),
        *optional(key_text(255), *shared),
        *optional(key_text(511), *orders),
        *required(JSON, "vars"),
        *optional(LONG_TEXT, "notes"),
        *required(TIME, "created_at", "updated_at"),
        *optional(TIME, "confirmed_at"),
        *required(NUMBER, "version"),
        unique=("hostname_key",),
        not_empty=("hostname", "ip_addr", *shared),
        checks={"port_in_range": "port BETWEEN 1 AND 65535"},
    )
    times = ("created_at", "updated_at", "confirmed_at")
    for column in ("hostname_sort", "ip_key", "port", "status", *orders, *times):
        index("hosts", column, "id")
    for column in shared:
        index("hosts", column, "hostname_sort", "id", name=f"{column}_name")
    # Elsewhere it would be longer than an index may be, and is not needed.
    if op.get_context().dialect.name == "sqlite":
        counted = ("environment", "status", "os", "location", "role", "owner", "port")
        index("hosts", *counted, "created_at", name="counted")
    create_numbered(
        "host_addresses",
        *required(NUMBER, "host_id"),
        *required(sa.String(45), "ip_addr"),
        *required(key_text(33), "ip_key"),
        unique=("host_id", "ip_key"),
        references={"host_id": "hosts"},
    )
    index("host_addresses", "ip_key")
    create_numbered(
        "host_aliases",
        *required(NUMBER, "host_id"),
        *required(TEXT, "name"),
        *required(key_text(255), "name_key"),
        unique=("host_id", "name"),
        references={"host_id": "hosts"},
    )
    index("host_aliases", "name_key")


def create_groups() -> None:
    create_numbered(
        "host_groups",
        *required(key_text(255), "name"),
        *optional(TEXT, "description"),
        *required(JSON, "vars"),
        *required(TIME, "created_at", "updated_at"),
        *required(NUMBER, "version"),
        unique=("name",),
        not_empty=("description", "name"),
    )
    create(
        "host_group_children",
        *required(NUMBER, "parent_id", "child_id"),
        key=("parent_id", "child_id"),
        references={"child_id": "host_groups", "parent_id": "host_groups"},
        checks={"not_its_own_child": "parent_id <> child_id"},
    )
    index("host_group_children", "child_id")
    create(
        "host_group_members",
        *required(NUMBER, "host_id", "group_id"),
        key=("host_id", "group_id"),
        references={"group_id": "host_groups", "host_id": "hosts"},
    )
    index("host_group_members", "group_id", "host_id")


def create_vocabulary_and_inventory() -> None:
    create_numbered(
        "vocabulary",
        *required(key_text(16), "field"),
        *required(key_text(255), "folded", "spelling"),
        unique=("field", "folded"),
    )
    create(
        "inventory",
        *required(NUMBER, "id"),
        *required(JSON, "vars"),
        *required(TIME, "created_at", "updated_at"),
        *required(NUMBER, "version"),
        checks={"only_one": "id = 1"},
    )


def create_host_sets() -> None:
    create_numbered(
        "host_sets",
        *required(NUMBER, "owner_id", "size"),
        *required(TIME, "created_at"),
    )
    create(
        "host_set_members",
        *required(NUMBER, "set_id", "host_id"),
        key=("set_id", "host_id"),
        references={"set_id": "host_sets"},
    )


def create_host_counts() -> None:
    create_numbered(
        "host_counts",
        *required(key_text(40), "fields"),
        *optional(key_text(255), "first", "second"),
        *required(NUMBER, "hosts"),
        id_type=BIG_ID,
    )
    index("host_counts", "fields", "first")
    index("host_counts", "fields", "second")


# ---- the history


def create_history() -> None:
    create_numbered(
        "change_sets",
        *required(TIME, "at"),
        *required(TEXT, "actor"),
        *required(key_text(16), "source"),
        *optional(TEXT, "message"),
        *optional(sa.String(45), "address"),
        *required(NUMBER, "confirmed_count"),
        id_type=BIG_ID,
    )
    index("change_sets", "at", "id")
    index("change_sets", "actor", "at", "id")
    index("change_sets", "source", "at", "id")
    change_set: dict[str, Any] = {
        "references": {"change_set_id": "change_sets"},
        "ondelete": None,
    }
    create_numbered(
        "change_entries",
        *required(BIG_ID, "change_set_id"),
        *required(key_text(16), "subject"),
        *required(NUMBER, "subject_id"),
        *required(TEXT, "subject_name"),
        *required(key_text(16), "action"),
        *required(JSON, "changes"),
        id_type=BIG_ID,
        **change_set,
    )
    index(
        "change_entries",
        *("change_set_id", "id", "subject", "subject_id"),
        name="change_set_id_id",
    )
    index("change_entries", "subject", "subject_id", "id", name="subject_id")
    create(
        "change_counts",
        *required(BIG_ID, "change_set_id"),
        *required(key_text(16), "subject", "action"),
        *required(NUMBER, "entries"),
        key=("change_set_id", "subject", "action"),
        **change_set,
    )
    create(
        "change_fields",
        *required(key_text(32), "field"),
        *required(TIME, "at"),
        *required(BIG_ID, "change_set_id"),
        key=("field", "at", "change_set_id"),
        **change_set,
    )
    create(
        "inventory_changes",
        *required(TIME, "at"),
        *required(BIG_ID, "change_set_id"),
        key=("at", "change_set_id"),
        **change_set,
    )
    create_numbered(
        "former_names",
        *required(key_text(255), "name_key"),
        *required(key_text(16), "subject"),
        *required(NUMBER, "subject_id"),
        id_type=BIG_ID,
    )
    index("former_names", "name_key", "subject", "subject_id", name="name_key")
    create(
        "undos",
        *required(BIG_ID, "undo_id", "undone_id"),
        *optional(BIG_ID, "entry_id"),
        key=("undo_id",),
        references={"undo_id": "change_sets", "undone_id": "change_sets"},
        ondelete=None,
    )
    index("undos", "undone_id")


# ---- accounts and what is theirs


def role() -> sa.Enum:
    return one_of("role", "viewer", "editor", "admin")


def create_accounts() -> None:
    create_numbered(
        "accounts",
        *required(key_text(64), "username", "username_key"),
        *required(key_text(255), "password_hash"),
        *required(role(), "role"),
        *required(sa.Boolean(), "active"),
        *optional(key_text(16), "theme"),
        *required(TIME, "created_at", "updated_at"),
        *optional(TIME, "last_login_at"),
        unique=("username_key",),
    )
    create(
        "setup_link",
        *required(NUMBER, "id"),
        *required(key_text(64), "key_hash"),
        *required(TIME, "created_at"),
        checks={"only_one": "id = 1"},
    )


def create_keys() -> None:
    create_numbered(
        "account_sessions",
        *required(key_text(64), "key_hash"),
        *required(NUMBER, "account_id"),
        *required(TIME, "created_at", "seen_at"),
        *optional(sa.String(45), "address"),
        *optional(TEXT, "agent"),
        unique=("key_hash",),
        references={"account_id": "accounts"},
    )
    index("account_sessions", "account_id")
    create_numbered(
        "api_tokens",
        *required(sa.String(64), "name"),
        *required(key_text(64), "key_hash"),
        *optional(NUMBER, "account_id"),
        *required(role(), "role"),
        *required(sa.Boolean(), "read_only"),
        *optional(TIME, "expires_at"),
        *required(TIME, "created_at", "updated_at"),
        *optional(TIME, "last_used_at"),
        unique=("key_hash",),
        references={"account_id": "accounts"},
    )
    index("api_tokens", "account_id")
    create_numbered(
        "kept_answers",
        *required(NUMBER, "token_id"),
        *required(key_text(255), "request_key"),
        *required(key_text(64), "request_hash"),
        *required(NUMBER, "status"),
        *optional(TEXT, "location", "tag"),
        *required(LONG_TEXT, "body"),
        *required(TIME, "created_at"),
        unique=("token_id", "request_key"),
        references={"token_id": "api_tokens"},
    )
    index("kept_answers", "token_id", "created_at")


def create_throttle() -> None:
    create_numbered(
        "login_attempts",
        *required(TIME, "at"),
        *required(key_text(64), "name_hash"),
        *required(key_text(45), "address"),
    )
    index("login_attempts", "at")
    index("login_attempts", "name_hash", "at")
    index("login_attempts", "address", "at")
    create(
        "account_addresses",
        *required(NUMBER, "account_id"),
        *required(key_text(45), "address"),
        *required(TIME, "seen_at"),
        key=("account_id", "address"),
        references={"account_id": "accounts"},
    )


def create_saved_views() -> None:
    create_numbered(
        "saved_views",
        *required(NUMBER, "owner_id"),
        *required(TEXT, "name"),
        *required(key_text(255), "name_key"),
        *required(key_text(16), "page"),
        *optional(sa.Text(), "query"),
        *required(JSON, "options"),
        *required(sa.Boolean(), "shared"),
        *required(TIME, "created_at", "updated_at"),
        *required(NUMBER, "version"),
        unique=("owner_id", "name_key"),
        not_empty=("name",),
    )
    create(
        "default_views",
        *required(NUMBER, "owner_id"),
        *optional(NUMBER, "view_id"),
        key=("owner_id",),
        references={"view_id": "saved_views"},
    )
    index("default_views", "view_id")


def create_guards() -> None:
    create(
        "guards",
        *required(key_text(32), "name"),
        *required(sa.BigInteger(), "turn"),
        key=("name",),
    )


# ---- long work, and files on their way in


def create_jobs_and_imports() -> None:
    create_numbered(
        "jobs",
        *required(key_text(16), "kind"),
        *required(NUMBER, "subject_id"),
        *required(key_text(16), "state"),
        *optional(NUMBER, "turn"),
        *optional(key_text(64), "worker"),
        *required(key_text(16), "phase"),
        *required(NUMBER, "done"),
        *optional(NUMBER, "total"),
        *optional(sa.Text(), "error"),
        *required(sa.Boolean(), "is_cancelled"),
        *required(TIME, "created_at"),
        *optional(TIME, "phase_at", "beat_at", "ended_at"),
        unique=("turn",),
    )
    index("jobs", "state", "id")
    create_numbered(
        "file_imports",
        *required(key_text(64), "owner"),
        *required(TEXT, "actor"),
        *optional(sa.String(45), "address"),
        *required(TEXT, "name"),
        *required(BIG_ID, "size"),
        *required(key_text(16), "step"),
        *required(JSON, "options", "found"),
        *optional(sa.Text(), "problem"),
        *required(NUMBER, "plan_number"),
        *optional(NUMBER, "job_id"),
        *optional(BIG_ID, "change_set_id"),
        *required(TIME, "created_at"),
    )
    index("file_imports", "created_at")
    create(
        "file_import_pieces",
        *required(NUMBER, "import_id"),
        *required(key_text(8), "kind"),
        *required(NUMBER, "number"),
        *required(BYTES, "content"),
        key=("import_id", "kind", "number"),
        references={"import_id": "file_imports"},
    )
    create_numbered(
        "import_mappings",
        *optional(TEXT, "name"),
        *optional(key_text(255), "name_key"),
        *required(key_text(64), "headings"),
        *required(JSON, "columns", "meanings"),
        *required(TEXT, "actor"),
        *required(TIME, "updated_at"),
        unique=("name_key",),
    )
    index("import_mappings", "headings")


# ---- the index over letters of names


def index_letters() -> None:
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}.get(
        op.get_context().dialect.name
    )
    if statements is None:
        return
    for table, column in NAMES:
        if op.get_context().as_sql:
            for statement in statements(table, column):
                op.execute(statement)
            continue
        try:
            with op.get_bind().begin_nested():
                for statement in statements(table, column):
                    op.get_bind().exec_driver_sql(statement)
        except DBAPIError:
            # No right to install it, or a SQLite without FTS5: the query reads all
            # names instead.
            continue


def _sqlite(table: str, column: str) -> list[str]:
    name = f"{table}_trigrams"
    add = f"INSERT INTO {name}(rowid, {column}) VALUES (new.id, new.{column});"  # noqa: S608
    remove = (
        f"INSERT INTO {name}({name}, rowid, {column}) "  # noqa: S608
        f"VALUES ('delete', old.id, old.{column});"
    )
    new = "CREATE TRIGGER IF NOT EXISTS"
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5({column}, "
        f"content='{table}', content_rowid='id', tokenize='trigram case_sensitive 1', "
        "detail='none', columnsize=0)",
        f"{new} {name}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"{new} {name}_delete AFTER DELETE ON {table} BEGIN {remove} END",
        f"{new} {name}_update AFTER UPDATE OF {column} ON {table} "
        f"WHEN old.{column} <> new.{column} BEGIN {remove} {add} END",
    ]


def _postgresql(table: str, column: str) -> list[str]:
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        f"CREATE INDEX IF NOT EXISTS ix_{table}_{column}_trigrams ON {table} "
        f"USING gin ({column} gin_trgm_ops)",
    ]
