"""Saved views: a name for a page with its parameters."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import TABLE_OPTIONS, Base, ExactJSON, UTCDateTime, key_text
from ..db.session import UNNUMBERED_TABLE_OPTIONS as PLAIN_OPTIONS
from ..validation import values
from ..validation.values import MAX_TEXT

# The owner of views that belong to nobody, and whose default view is everybody's.
NOBODY = 0


class SavedView(Base):
    """A page of hosts or counts: a query, and what else its address says.

    Not recorded in the history: it says how to look at hosts, not what they are.
    """

    __tablename__ = "saved_views"
    __table_args__ = (
        sa.UniqueConstraint("owner_id", "name_key"),
        sa.CheckConstraint("name <> ''", name="name_not_empty"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    # Not NULL for nobody: of two NULLs, a unique constraint takes each for another.
    owner_id: Mapped[int] = mapped_column(default=NOBODY)
    name: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    name_key: Mapped[str] = mapped_column(key_text(MAX_TEXT))
    # hosts or stats
    page: Mapped[str] = mapped_column(key_text(16))
    query: Mapped[str | None] = mapped_column(sa.Text)
    # What else the address says, in its order: [["sort", "-ip"], ["cols", "ip"]].
    options: Mapped[list[list[str]]] = mapped_column(ExactJSON, default=list)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utcnow, onupdate=utcnow
    )
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way

    @orm.validates("name")
    def _clean(self, _field: str, value: object) -> str:
        name = values.clean_view_name(value)
        self.name_key = values.fold(name)
        return name

    def __str__(self) -> str:
        return self.name


class DefaultView(Base):
    """With which view the list of hosts opens; without one, with all hosts."""

    __tablename__ = "default_views"
    __table_args__ = (PLAIN_OPTIONS,)

    # Whose default it is; ``NOBODY`` for those who chose none.
    owner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # NULL where somebody wants all hosts, whatever the others open with.
    view_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("saved_views.id", ondelete="CASCADE"), index=True
    )
