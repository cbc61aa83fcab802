"""What revisions write tables with.

A revision must make for ever what it made at first. So nothing here is taken from the
models, and once a released revision uses it, nothing here changes.

What is there already is left alone, and what is gone is not dropped again: on MariaDB,
each statement counts by itself, so that a revision that was interrupted begins anew
somewhere in its middle.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, oracle, postgresql

TIME = (
    sa.DateTime()
    .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    .with_variant(oracle.TIMESTAMP(), "oracle")
)
NUMBER = sa.Integer()
TEXT = sa.String(255)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
JSON = sa.JSON().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
BYTES = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNNUMBERED: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
    )
}
OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True, **UNNUMBERED}


def key_text(length: int) -> sa.String:
    return sa.String(length).with_variant(
        postgresql.VARCHAR(length, collation="C"), "postgresql"
    )


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values, name=name, native_enum=False, create_constraint=True, length=16
    )


def required(type_: Any, *names: str) -> list[sa.Column[Any]]:
    # What numbers itself has an identity, see below.
    return [
        sa.Column(name, type_, nullable=False, autoincrement=False) for name in names
    ]


def optional(type_: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=True) for name in names]


def create_numbered(
    table: str, *columns: Any, id_type: Any = NUMBER, **more: Any
) -> None:
    id_column = sa.Column("id", id_type, sa.Identity(always=False), nullable=False)
    create(table, id_column, *columns, options=OPTIONS, **more)


def create(
    table: str,
    *columns: sa.Column[Any],
    key: tuple[str, ...] = ("id",),
    unique: tuple[str, ...] = (),
    references: dict[str, str] | None = None,
    ondelete: str | None = "CASCADE",
    not_empty: tuple[str, ...] = (),
    checks: dict[str, str] | None = None,
    options: dict[str, Any] = UNNUMBERED,
) -> None:
    if _has_table(table):
        return
    rules = {f"{column}_not_empty": f"{column} <> ''" for column in not_empty}
    rules |= checks or {}
    op.create_table(
        table,
        *columns,
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
            for name, rule in rules.items()
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{other}.id"],
                name=op.f(f"fk_{table}_{column}_{other}"),
                ondelete=ondelete,
            )
            for column, other in (references or {}).items()
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        *_unique(table, unique),
        **options,
    )


def _unique(table: str, columns: tuple[str, ...]) -> list[sa.UniqueConstraint]:
    name = "_".join(("uq", table, *columns))
    return [sa.UniqueConstraint(*columns, name=op.f(name))] if columns else []


def index(table: str, *columns: str, name: str = "") -> None:
    name = f"ix_{table}_{name or '_'.join(columns)}"
    if not _has_index(table, name):
        op.create_index(op.f(name), table, [*columns])


def drop(table: str) -> None:
    if op.get_context().as_sql or _has_table(table):
        op.drop_table(table)


def drop_index(table: str, name: str) -> None:
    if op.get_context().as_sql or _has_index(table, name):
        op.drop_index(name, table)


def _has_table(table: str) -> bool:
    return not op.get_context().as_sql and sa.inspect(op.get_bind()).has_table(table)


def _has_index(table: str, name: str) -> bool:
    if op.get_context().as_sql:
        return False
    return any(
        index["name"] == name for index in sa.inspect(op.get_bind()).get_indexes(table)
    )


# What nobody can make again from a file: people, their tokens and views, history.
KEPT = {
    "hosts": "hosts",
    "host_groups": "groups",
    "change_sets": "changes",
    "accounts": "accounts",
    "api_tokens": "tokens",
    "saved_views": "views",
}


def refuse_to_lose_rows(connection: sa.Connection) -> None:
    """Refuse a downgrade to nothing while there is something to lose."""
    inspector = sa.inspect(connection)
    found = [
        noun
        for table, noun in KEPT.items()
        if inspector.has_table(table)
        and connection.scalar(sa.text(f"SELECT 1 FROM {table} LIMIT 1"))  # noqa: S608
    ]
    if found:
        raise RuntimeError(
            f"The database holds {', '.join(found)}; a downgrade to nothing would lose "
            "them. Back it up, then add --yes-lose-data."
        )
