"""One spelling per value of the short text fields."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db.session import TABLE_OPTIONS, Base, key_text
from ..validation.values import MAX_TEXT


class VocabularyEntry(Base):
    """How a value of one field is written: "Prod" as "prod", if that was first."""

    __tablename__ = "vocabulary"
    __table_args__ = (sa.UniqueConstraint("field", "folded"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    field: Mapped[str] = mapped_column(key_text(16))
    # Folding may lengthen a text: one character becomes three at most.
    folded: Mapped[str] = mapped_column(key_text(MAX_TEXT))
    spelling: Mapped[str] = mapped_column(key_text(MAX_TEXT))
