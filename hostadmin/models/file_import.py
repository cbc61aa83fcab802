"""Files that people upload, and what was found and decided about each."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import (
    BIG_ID,
    BYTES,
    TABLE_OPTIONS,
    TRANSIENT,
    UNNUMBERED_TABLE_OPTIONS,
    Base,
    ExactJSON,
    UTCDateTime,
    key_text,
)
from ..validation.values import MAX_TEXT


class FileImport(Base):
    """An uploaded file on its way into the inventory. Gone after a day."""

    __tablename__ = "file_imports"
    __table_args__ = (
        sa.Index("ix_file_imports_created_at", "created_at"),
        TABLE_OPTIONS | TRANSIENT,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    # "account 5" or "token 7"; and who the history names, and from where.
    owner: Mapped[str] = mapped_column(key_text(64))
    actor: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    address: Mapped[str | None] = mapped_column(sa.String(45))
    name: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    size: Mapped[int] = mapped_column(BIG_ID, default=0)
    # upload, file, columns, plan or done
    step: Mapped[str] = mapped_column(key_text(16))
    # What somebody chose, and what was found in the file.
    options: Mapped[dict[str, Any]] = mapped_column(ExactJSON, default=dict)
    found: Mapped[dict[str, Any]] = mapped_column(ExactJSON, default=dict)
    # Why the file cannot be read, in words.
    problem: Mapped[str | None] = mapped_column(sa.Text)
    # Counts the plans that were made.
    plan_number: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[int | None]
    change_set_id: Mapped[int | None] = mapped_column(BIG_ID)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


# The file, and the plan that was made of it, where every process can read them.
file_import_pieces = sa.Table(
    "file_import_pieces",
    Base.metadata,
    sa.Column(
        "import_id",
        sa.ForeignKey("file_imports.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # file or plan
    sa.Column("kind", key_text(8), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", BYTES, nullable=False),
    **UNNUMBERED_TABLE_OPTIONS,
    **TRANSIENT,
)


class ImportMapping(Base):
    """What the columns of a table were read as, for files with the same headings."""

    __tablename__ = "import_mappings"
    __table_args__ = (
        # Any number of rows without a name are no doubles.
        sa.UniqueConstraint("name_key"),
        sa.Index("ix_import_mappings_headings", "headings"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    # None for what was kept without being asked for.
    name: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))
    name_key: Mapped[str | None] = mapped_column(key_text(MAX_TEXT))
    # A hash of the headings, in their order.
    headings: Mapped[str] = mapped_column(key_text(64))
    # Field → headings, and field → text → what it means.
    columns: Mapped[dict[str, list[str]]] = mapped_column(ExactJSON)
    meanings: Mapped[dict[str, dict[str, str]]] = mapped_column(ExactJSON)
    actor: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
