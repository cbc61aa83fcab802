"""How many hosts have each value, kept so that no page has to count them.

Rows are differences: every write adds its own, and nobody waits for anybody. The number
of hosts is the sum over the rows of a value; from time to time many rows become one.
"""

import itertools

import sqlalchemy as sa

from ..db.session import BIG_ID, TABLE_OPTIONS, Base, key_text
from ..validation.values import MAX_TEXT
from .host import COUNTED_COLUMNS

# In place of columns: those that ``first`` names have too many values to be kept. Any
# number of such rows says so; what other rows say of these columns is worth nothing.
NOT_KEPT = "not kept"

# Each column alone, and each with each other; of two, in this order.
KEPT_COUNTS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in COUNTED_COLUMNS),
    *itertools.combinations(COUNTED_COLUMNS, 2),
)

host_counts = sa.Table(
    "host_counts",
    Base.metadata,
    sa.Column("id", BIG_ID, sa.Identity(), primary_key=True),
    # One of KEPT_COUNTS, with a comma between; or NOT_KEPT.
    sa.Column("fields", key_text(40), nullable=False),
    # NULL is not set. Of a single column, the second is always NULL.
    sa.Column("first", key_text(MAX_TEXT)),
    sa.Column("second", key_text(MAX_TEXT)),
    # More or less; an integer of the size of a table.
    sa.Column("hosts", sa.Integer, nullable=False),
    sa.Index("ix_host_counts_fields_first", "fields", "first"),
    sa.Index("ix_host_counts_fields_second", "fields", "second"),
    **TABLE_OPTIONS,
)
