"""What was answered to programs that may ask twice."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import (
    LONG_TEXT,
    TABLE_OPTIONS,
    TRANSIENT,
    Base,
    UTCDateTime,
    key_text,
)
from ..validation.values import MAX_TEXT


class KeptAnswer(Base):
    """The answer to a request with an Idempotency-Key, for when it comes again.

    It is written with what the request did, in one transaction.
    """

    __tablename__ = "kept_answers"
    __table_args__ = (
        sa.UniqueConstraint("token_id", "request_key"),
        sa.Index("ix_kept_answers_token_id_created_at", "token_id", "created_at"),
        TABLE_OPTIONS | TRANSIENT,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    token_id: Mapped[int] = mapped_column(
        sa.ForeignKey("api_tokens.id", ondelete="CASCADE")
    )
    request_key: Mapped[str] = mapped_column(key_text(MAX_TEXT))
    # Of method, address and body: the same key with anything else is a mistake.
    request_hash: Mapped[str] = mapped_column(key_text(64))
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))
    tag: Mapped[str | None] = mapped_column(sa.String(MAX_TEXT))
    body: Mapped[str] = mapped_column(LONG_TEXT)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
