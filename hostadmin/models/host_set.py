"""Sets of hosts: what was picked by hand, or from a list, and is no condition."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import TABLE_OPTIONS, UNNUMBERED_TABLE_OPTIONS, Base, UTCDateTime
from .saved_view import NOBODY

host_set_members = sa.Table(
    "host_set_members",
    Base.metadata,
    sa.Column(
        "set_id",
        sa.ForeignKey("host_sets.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # No foreign key: a host that is deleted and brought back is in the set again,
    # and to delete many hosts does not have to look here.
    sa.Column("host_id", sa.Integer, primary_key=True, autoincrement=False),
    **UNNUMBERED_TABLE_OPTIONS,
)


class HostSet(Base):
    """A number that a query names: ``set:12``. Its hosts never change."""

    __tablename__ = "host_sets"
    __table_args__ = (TABLE_OPTIONS,)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    # Whose it is: what an account keeps is bounded. The number of hosts in it.
    owner_id: Mapped[int] = mapped_column(default=NOBODY)
    size: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
