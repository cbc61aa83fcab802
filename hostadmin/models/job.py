"""Long work: what is done for somebody after their request was answered."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import TABLE_OPTIONS, TRANSIENT, Base, UTCDateTime, key_text


class Job(Base):
    """One piece of long work. Only the one that has the turn runs, in any process."""

    __tablename__ = "jobs"
    __table_args__ = (
        # Any number of rows without a turn are no doubles.
        sa.UniqueConstraint("turn"),
        sa.Index("ix_jobs_state_id", "state", "id"),
        TABLE_OPTIONS | TRANSIENT,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    # What is done, and to which row of a table that the kind knows.
    kind: Mapped[str] = mapped_column(key_text(16))
    subject_id: Mapped[int]
    # queued, running, done, failed, cancelled or lost
    state: Mapped[str] = mapped_column(key_text(16))
    # 1 for the job that runs.
    turn: Mapped[int | None]
    # The process that runs it.
    worker: Mapped[str | None] = mapped_column(key_text(64))
    # What it is at, how many rows of how many are done, and since when.
    phase: Mapped[str] = mapped_column(key_text(16), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
    # Whether somebody asked for its end.
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    phase_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When its process was last known to live.
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
