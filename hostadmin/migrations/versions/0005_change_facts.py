"""What lists show of changes and find them by, taken from the entries there are."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

revision = "0005"
down_revision = "0004"
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
INDEXES = {
    "ix_change_sets_at_id": ["at", "id"],
    "ix_change_sets_actor_at_id": ["actor", "at", "id"],
    "ix_change_sets_source_at_id": ["source", "at", "id"],
}
NAME_FIELDS = {"host": "hostname", "group": "name"}
SETS, ENTRIES = 500, 2_000
# Blanks that are no space but count as one.
TO_SPACE = dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B)], " ")


def key_text(length: int) -> sa.String:
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


def upgrade() -> None:
    _create_tables()
    for name, columns in INDEXES.items():
        op.create_index(name, "change_sets", columns, unique=False)
    op.drop_index(op.f("ix_change_sets_at"), "change_sets")
    if not op.get_context().as_sql:
        _fill(op.get_bind())


def _create_tables() -> None:
    op.create_table(
        "change_counts",
        sa.Column("change_set_id", BIG_ID, nullable=False),
        sa.Column("subject", key_text(16), nullable=False),
        sa.Column("action", key_text(16), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_sets.id"],
            name=op.f("fk_change_counts_change_set_id_change_sets"),
        ),
        sa.PrimaryKeyConstraint(
            "change_set_id", "subject", "action", name=op.f("pk_change_counts")
        ),
        **PAIR_OPTIONS,
    )
    op.create_table(
        "change_fields",
        sa.Column("field", key_text(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("change_set_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_sets.id"],
            name=op.f("fk_change_fields_change_set_id_change_sets"),
        ),
        sa.PrimaryKeyConstraint(
            "field", "at", "change_set_id", name=op.f("pk_change_fields")
        ),
        **PAIR_OPTIONS,
    )
    op.create_table(
        "former_names",
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("name_key", key_text(255), nullable=False),
        sa.Column("subject", key_text(16), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_names")),
        **OPTIONS,
    )
    op.create_index(
        "ix_former_names_name_key",
        "former_names",
        ["name_key", "subject", "subject_id"],
        unique=False,
    )


def _fill(connection: sa.Connection) -> None:
    """Read every entry once, in the order of change sets, and keep little of it."""
    sets = sa.table("change_sets", sa.column("id"), sa.column("at", TIME))
    last = 0
    while rows := connection.execute(
        sa.select(sets.c.id, sets.c.at)
        .where(sets.c.id > last)
        .order_by(sets.c.id)
        .limit(SETS)
    ).all():
        times = {row.id: row.at for row in rows}
        _fill_some(connection, times)
        last = max(times)


def _fill_some(connection: sa.Connection, times: dict[int, Any]) -> None:
    counts: Counter[tuple[int, str, str]] = Counter()
    fields: set[tuple[str, int]] = set()
    names: list[dict[str, Any]] = []
    for entry in _entries(connection, min(times), max(times)):
        counts[entry.change_set_id, entry.subject, entry.action] += 1
        changes = entry.changes
        if isinstance(changes, str):
            changes = json.loads(changes)
        fields |= {(field, entry.change_set_id) for field in changes}
        name = changes.get(NAME_FIELDS.get(entry.subject, ""), [None])[0]
        if entry.action == "deleted":
            name = entry.subject_name
        if name is not None:
            key = _key(name) if entry.subject == "host" else name
            names.append({"k": key, "s": entry.subject, "i": entry.subject_id})
    _insert(
        connection,
        "INSERT INTO change_counts (change_set_id, subject, action, entries) "
        "VALUES (:c, :s, :a, :n)",
        [{"c": c, "s": s, "a": a, "n": n} for (c, s, a), n in counts.items()],
    )
    _insert(
        connection,
        sa.insert(
            sa.table(
                "change_fields",
                sa.column("field"),
                sa.column("at", TIME),
                sa.column("change_set_id"),
            )
        ),
        [
            {"field": field, "at": times[id_], "change_set_id": id_}
            for field, id_ in sorted(fields)
            if field != "created_at"
        ],
    )
    _insert(
        connection,
        "INSERT INTO former_names (name_key, subject, subject_id) VALUES (:k, :s, :i)",
        names,
    )


def _insert(connection: sa.Connection, what: Any, rows: list[dict[str, Any]]) -> None:
    statement = sa.text(what) if isinstance(what, str) else what
    for start in range(0, len(rows), ENTRIES):
        connection.execute(statement, rows[start : start + ENTRIES])


def _entries(connection: sa.Connection, first: int, last: int) -> Iterator[Any]:
    names = ("id", "change_set_id", "subject", "subject_id", "subject_name", "action")
    table = sa.table(
        "change_entries", *map(sa.column, names), sa.column("changes", sa.JSON())
    )
    place = (first, 0)
    while rows := connection.execute(
        sa.select(table)
        .where(
            table.c.change_set_id.between(place[0], last),
            sa.or_(table.c.change_set_id > place[0], table.c.id > place[1]),
        )
        .order_by(table.c.change_set_id, table.c.id)
        .limit(ENTRIES)
    ).all():
        yield from rows
        place = (rows[-1].change_set_id, rows[-1].id)


def _key(name: str) -> str:
    text = unicodedata.normalize("NFC", name.translate(TO_SPACE))
    return unicodedata.normalize("NFC", text.casefold()).rstrip(". ")


def downgrade() -> None:
    op.create_index(op.f("ix_change_sets_at"), "change_sets", ["at"], unique=False)
    for name in INDEXES:
        op.drop_index(name, "change_sets")
    op.drop_table("former_names")
    op.drop_table("change_fields")
    op.drop_table("change_counts")
