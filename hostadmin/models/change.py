"""The history: who changed what. Rows are added and never changed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..database import TABLE_OPTIONS, Base, UTCDateTime, key_text
from ..values import MAX_TEXT

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class ChangeSet(Base):
    """One act of one actor: an edit, a bulk edit, an import."""

    __tablename__ = "change_sets"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(BIG_ID, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    actor: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    # web, api, command or import
    source: Mapped[str] = mapped_column(key_text(16))
    message: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))
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
        sa.Index("ix_change_entries_subject_id", "subject", "subject_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BIG_ID, sa.Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(
        sa.ForeignKey("change_sets.id"), index=True
    )
    # host, group or inventory
    subject: Mapped[str] = mapped_column(key_text(16))
    subject_id: Mapped[int]
    subject_name: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    # created, changed or deleted
    action: Mapped[str] = mapped_column(key_text(16))
    # field name → [from, to]
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)

    change_set: Mapped[ChangeSet] = orm.relationship(back_populates="entries")
