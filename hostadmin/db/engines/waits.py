"""How long the database is waited for, and whether what begins may write."""

from contextvars import ContextVar

# For a page, together with its own work, no more than five seconds.
CONNECT_SECONDS = 3
LOCK_SECONDS = 4
READ_SECONDS = 4.5

# Whether the transaction that begins next may write.
will_write: ContextVar[bool] = ContextVar("will_write", default=False)
