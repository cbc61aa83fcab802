"""Hosts, their further names and addresses."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import utcnow
from ..db.engines import engine_of
from ..db.session import (
    LONG_TEXT,
    TABLE_OPTIONS,
    Base,
    ExactJSON,
    UTCDateTime,
    key_text,
)
from ..validation import values
from ..validation.addresses import address_key, address_text, ip_key, parse_address
from ..validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS
from ..validation.rules import HOST_RULES
from ..validation.values import DEFAULT_PORT, MAX_TEXT, HostStatus
from .group import Group, group_members

# The natural key gains one character for each run of digits: at most half its length.
SORT_KEY_LENGTH = MAX_TEXT + MAX_TEXT // 2 + 1
IP_KEY_LENGTH = 33

TERM_ORDER = key_text(values.SORT_KEY_LENGTH)

STATUS = sa.Enum(
    HostStatus,
    name="status",
    native_enum=False,
    create_constraint=True,
    length=16,
    values_callable=lambda cls: [status.value for status in cls],
)

# Every column that a list is sorted by: the id makes each order total, and the pair
# lets an index give the next page.
SORTED_COLUMNS = tuple(field.sort for field in HOST_FIELDS if field.sort)
# Names often tell the role, the place or the environment. Then all hosts that share one
# may be at the end of the order by name, which lists begin with; so each value has
# that order of its own.
SHARED_COLUMNS = VOCABULARY_FIELDS

# What hosts are mostly counted by, in the order of one index that holds it all, and
# besides when they were added. Not every engine needs it, nor does it fit everywhere.
COUNTED_COLUMNS = ("environment", "status", "os", "location", "role", "owner", "port")


def _counts_by_index(*_: Any, dialect: sa.Dialect, **__: Any) -> bool:
    return engine_of(dialect).counts_by_index


class Host(Base):
    """One machine, physical or virtual, known by its name."""

    __tablename__ = "hosts"
    __table_args__ = (
        sa.CheckConstraint("hostname <> ''", name="hostname_not_empty"),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name="port_in_range"),
        *(
            sa.CheckConstraint(f"{field} <> ''", name=f"{field}_not_empty")
            for field in (*VOCABULARY_FIELDS, "ip_addr")
        ),
        *(sa.Index(f"ix_hosts_{column}_id", column, "id") for column in SORTED_COLUMNS),
        *(
            sa.Index(f"ix_hosts_{column}_name", column, "hostname_sort", "id")
            for column in SHARED_COLUMNS
        ),
        sa.Index("ix_hosts_counted", *COUNTED_COLUMNS, "created_at").ddl_if(
            callable_=_counts_by_index
        ),
        TABLE_OPTIONS,
    )
    __recorded__ = tuple(HOST_RULES)
    __subject__ = "host"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    hostname: Mapped[str] = mapped_column(sa.String(MAX_TEXT), active_history=True)
    hostname_key: Mapped[str] = mapped_column(key_text(MAX_TEXT), unique=True)
    hostname_sort: Mapped[str] = mapped_column(key_text(SORT_KEY_LENGTH))
    ip_addr: Mapped[str | None] = mapped_column(sa.String(45), active_history=True)
    ip_key: Mapped[str | None] = mapped_column(key_text(IP_KEY_LENGTH))
    port: Mapped[int | None] = mapped_column(active_history=True)
    status: Mapped[HostStatus] = mapped_column(
        STATUS, default=HostStatus.ACTIVE, active_history=True
    )
    environment: Mapped[str | None] = mapped_column(
        key_text(MAX_TEXT), active_history=True
    )
    os: Mapped[str | None] = mapped_column(key_text(MAX_TEXT), active_history=True)
    location: Mapped[str | None] = mapped_column(
        key_text(MAX_TEXT), active_history=True
    )
    role: Mapped[str | None] = mapped_column(key_text(MAX_TEXT), active_history=True)
    owner: Mapped[str | None] = mapped_column(key_text(MAX_TEXT), active_history=True)
    # In what order the values of those come: without regard to case and accents.
    environment_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    os_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    location_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    role_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    owner_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    vars: Mapped[dict[str, Any]] = mapped_column(
        ExactJSON, default=dict, active_history=True
    )
    notes: Mapped[str | None] = mapped_column(LONG_TEXT, active_history=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # Something changed; an unchanged host is not a stale one, hence the second clock.
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # Somebody or something last saw that the host exists.
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=utcnow)
    version: Mapped[int] = mapped_column(default=1)

    aliases: Mapped[list["HostAlias"]] = orm.relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by=lambda: HostAlias.name_key,
    )
    addresses: Mapped[list["HostAddress"]] = orm.relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by=lambda: HostAddress.ip_key,
    )
    groups: Mapped[list[Group]] = orm.relationship(
        secondary=group_members, passive_deletes=True, order_by=Group.name
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way

    def __init__(self, **fields: Any) -> None:
        # Not a column default: an import may leave the port unset, and SQLAlchemy
        # takes None for "not given" where a column has a default.
        fields.setdefault("port", DEFAULT_PORT)
        super().__init__(**fields)

    @orm.validates("hostname", "ip_addr", "port", "status", "vars", "notes")
    def _clean(self, field: str, value: object) -> object:
        cleaned = HOST_RULES[field](value)
        if field == "hostname":
            self.hostname_key = values.name_key(cleaned)
            self.hostname_sort = values.natural_key(self.hostname_key)
        elif field == "ip_addr":
            self.ip_key = ip_key(cleaned)
        return cleaned

    @orm.validates(*VOCABULARY_FIELDS)
    def _clean_text(self, field: str, value: object) -> object:
        cleaned = values.clean_term(value)
        setattr(self, f"{field}_sort", values.term_order(cleaned))
        return cleaned

    def __str__(self) -> str:
        return self.hostname


class HostAlias(Base):
    """Another name of the same host."""

    __tablename__ = "host_aliases"
    __table_args__ = (
        # Not over the key: a name spelled anew is inserted before the old row goes.
        sa.UniqueConstraint("host_id", "name"),
        sa.Index("ix_host_aliases_name_key", "name_key"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    host_id: Mapped[int] = mapped_column(sa.ForeignKey("hosts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(MAX_TEXT))
    name_key: Mapped[str] = mapped_column(key_text(MAX_TEXT))

    @orm.validates("name")
    def _clean(self, _field: str, value: object) -> str:
        cleaned = values.clean_hostname(value)
        self.name_key = values.name_key(cleaned)
        return cleaned

    def __str__(self) -> str:
        return self.name


class HostAddress(Base):
    """A further address of a host."""

    __tablename__ = "host_addresses"
    __table_args__ = (
        sa.UniqueConstraint("host_id", "ip_key"),
        sa.Index("ix_host_addresses_ip_key", "ip_key"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    host_id: Mapped[int] = mapped_column(sa.ForeignKey("hosts.id", ondelete="CASCADE"))
    ip_addr: Mapped[str] = mapped_column(sa.String(45))
    ip_key: Mapped[str] = mapped_column(key_text(IP_KEY_LENGTH))

    @orm.validates("ip_addr")
    def _clean(self, _field: str, value: object) -> str:
        address = parse_address(value)
        self.ip_key = address_key(address)
        return address_text(address)

    def __str__(self) -> str:
        return self.ip_addr
