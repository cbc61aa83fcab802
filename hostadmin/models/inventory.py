"""What is said of all hosts at once."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import UNNUMBERED_TABLE_OPTIONS, Base, ExactJSON, UTCDateTime
from ..validation.rules import GROUP_RULES

ONLY_ID = 1


class Inventory(Base):
    """The one row with the variables of every host: Ansible's group ``all``.

    It is there from the first time that something is said.
    """

    __tablename__ = "inventory"
    __table_args__ = (
        sa.CheckConstraint(f"id = {ONLY_ID}", name="only_one"),
        UNNUMBERED_TABLE_OPTIONS,
    )
    __recorded__ = ("vars",)
    __subject__ = "inventory"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    vars: Mapped[dict[str, Any]] = mapped_column(
        ExactJSON, default=dict, active_history=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way

    @orm.validates("vars")
    def _clean(self, field: str, value: object) -> object:
        return GROUP_RULES[field](value)

    def __str__(self) -> str:
        return "all"
