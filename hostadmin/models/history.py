"""The history: who changed what. Rows are added and never changed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import (
    BIG_ID,
    TABLE_OPTIONS,
    UNNUMBERED_TABLE_OPTIONS,
    Base,
    ExactJSON,
    UTCDateTime,
    key_text,
)
from ..validation.values import MAX_TEXT


class ChangeSet(Base):
    """One act of one actor: an edit, a bulk edit, an import."""

    __tablename__ = "change_sets"
    __table_args__ = (
        # The list of changes, whole or by one of these, is a range of one of them.
        sa.Index("ix_change_sets_at_id", "at", "id"),
        sa.Index("ix_change_sets_actor_at_id", "actor", "at", "id"),
        sa.Index("ix_change_sets_source_at_id", "source", "at", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BIG_ID, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    actor: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    # web, api, command or import
    source: Mapped[str] = mapped_column(key_text(16))
    message: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))
    # Of the network; None for what was done on the server itself.
    address: Mapped[str | None] = mapped_column(sa.String(45))
    # Hosts that were only seen again: no entry each, since nothing changed.
    confirmed_count: Mapped[int] = mapped_column(default=0)

    entries: Mapped[list["ChangeEntry"]] = orm.relationship(
        back_populates="change_set",
        order_by=lambda: ChangeEntry.id,
        passive_deletes="all",
    )


class ChangeEntry(Base):
    """What one change set did to one object, field by field.

    There is no foreign key to the object: the entry outlives it.
    """

    __tablename__ = "change_entries"
    __table_args__ = (
        # In their order, and what they are about without a look at the rows.
        sa.Index(
            "ix_change_entries_change_set_id_id",
            *("change_set_id", "id", "subject", "subject_id"),
        ),
        sa.Index("ix_change_entries_subject_id", "subject", "subject_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BIG_ID, sa.Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(sa.ForeignKey("change_sets.id"))
    # host, group, inventory, account or token
    subject: Mapped[str] = mapped_column(key_text(16))
    subject_id: Mapped[int]
    subject_name: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    # created, changed or deleted; for accounts also what they did
    action: Mapped[str] = mapped_column(key_text(16))
    # field name → [from, to]
    changes: Mapped[dict[str, Any]] = mapped_column(ExactJSON)

    change_set: Mapped[ChangeSet] = orm.relationship(back_populates="entries")


# What lists show of a change set and find it by. It follows from the entries, but a
# page must not read a million of them for one line.
change_counts = sa.Table(
    "change_counts",
    Base.metadata,
    sa.Column("change_set_id", sa.ForeignKey("change_sets.id"), primary_key=True),
    sa.Column("subject", key_text(16), primary_key=True),
    sa.Column("action", key_text(16), primary_key=True),
    sa.Column("entries", sa.Integer, nullable=False),
    **UNNUMBERED_TABLE_OPTIONS,
)

change_fields = sa.Table(
    "change_fields",
    Base.metadata,
    sa.Column("field", key_text(32), primary_key=True),
    # That of the change set, so that one range holds those of a field in their order.
    sa.Column("at", UTCDateTime, primary_key=True),
    sa.Column("change_set_id", sa.ForeignKey("change_sets.id"), primary_key=True),
    **UNNUMBERED_TABLE_OPTIONS,
)


# Which change took back which, where all of it went back. With an entry, only that one.
undos = sa.Table(
    "undos",
    Base.metadata,
    sa.Column("undo_id", sa.ForeignKey("change_sets.id"), primary_key=True),
    sa.Column("undone_id", sa.ForeignKey("change_sets.id"), nullable=False),
    sa.Column("entry_id", BIG_ID),
    sa.Index("ix_undos_undone_id", "undone_id"),
    **UNNUMBERED_TABLE_OPTIONS,
)


# Which change sets touched hosts, groups or variables, in the order in which they were
# committed: written last of all, so that between this time and the moment from which
# others see it lies nothing but the commit.
inventory_changes = sa.Table(
    "inventory_changes",
    Base.metadata,
    sa.Column("at", UTCDateTime, primary_key=True),
    sa.Column("change_set_id", sa.ForeignKey("change_sets.id"), primary_key=True),
    **UNNUMBERED_TABLE_OPTIONS,
)


class FormerName(Base):
    """A name that an object no longer has: it was deleted, or is called otherwise."""

    __tablename__ = "former_names"
    __table_args__ = (
        sa.Index("ix_former_names_name_key", "name_key", "subject", "subject_id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BIG_ID, sa.Identity(), primary_key=True)
    # As it is compared: of hosts without regard to case.
    name_key: Mapped[str] = mapped_column(key_text(MAX_TEXT))
    subject: Mapped[str] = mapped_column(key_text(16))
    subject_id: Mapped[int]
