"""Groups of hosts and of groups, as in Ansible."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.session import (
    TABLE_OPTIONS,
    UNNUMBERED_TABLE_OPTIONS,
    Base,
    ExactJSON,
    UTCDateTime,
    key_text,
)
from ..validation.rules import GROUP_RULES

group_members = sa.Table(
    "host_group_members",
    Base.metadata,
    sa.Column(
        "host_id",
        sa.ForeignKey("hosts.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column(
        "group_id",
        sa.ForeignKey("host_groups.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Index("ix_host_group_members_group_id_host_id", "group_id", "host_id"),
    **UNNUMBERED_TABLE_OPTIONS,
)

group_children = sa.Table(
    "host_group_children",
    Base.metadata,
    sa.Column(
        "parent_id",
        sa.ForeignKey("host_groups.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column(
        "child_id",
        sa.ForeignKey("host_groups.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.CheckConstraint("parent_id <> child_id", name="not_its_own_child"),
    sa.Index("ix_host_group_children_child_id", "child_id"),
    **UNNUMBERED_TABLE_OPTIONS,
)


class Group(Base):
    """A named set of hosts; the members of its child groups are in it, too."""

    # GROUPS is a reserved word of MySQL 8.
    __tablename__ = "host_groups"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="name_not_empty"),
        sa.CheckConstraint("description <> ''", name="description_not_empty"),
        TABLE_OPTIONS,
    )
    __recorded__ = ("name", "description", "vars", "children")
    __subject__ = "group"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(key_text(255), unique=True, active_history=True)
    description: Mapped[str | None] = mapped_column(sa.String(255), active_history=True)
    vars: Mapped[dict[str, Any]] = mapped_column(
        ExactJSON, default=dict, active_history=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    version: Mapped[int] = mapped_column(default=1)

    children: Mapped[list["Group"]] = orm.relationship(
        secondary=group_children,
        primaryjoin=lambda: Group.id == group_children.c.parent_id,
        secondaryjoin=lambda: Group.id == group_children.c.child_id,
        back_populates="parents",
        order_by=lambda: Group.name,
    )
    parents: Mapped[list["Group"]] = orm.relationship(
        secondary=group_children,
        primaryjoin=lambda: Group.id == group_children.c.child_id,
        secondaryjoin=lambda: Group.id == group_children.c.parent_id,
        back_populates="children",
        order_by=lambda: Group.name,
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way

    @orm.validates("name", "description", "vars")
    def _clean(self, field: str, value: object) -> object:
        return GROUP_RULES[field](value)

    def __str__(self) -> str:
        return self.name
