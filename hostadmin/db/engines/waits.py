"""How long the database is waited for, and whether what begins may write."""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

from flask import g, has_request_context

# For a page, together with its own work, no more than five seconds.
CONNECT_SECONDS = 3
# For a sign of life of a connection that was used before; a new one is tried then.
PING_SECONDS = 2
LOCK_SECONDS = 4
READ_SECONDS = 4.5
# For the server to end a statement by itself, before the connection is broken.
MARGIN_SECONDS = 0.5
# In all, what a page waits in vain: for a sign of life, a connection, an answer. An
# answer that came costs nothing of it, so that a long page is no fault.
SILENCE_SECONDS = 5.0
# What is left for what has to be tried all the same.
LEAST_SECONDS = 0.2

# Whether the transaction that begins next may write.
will_write: ContextVar[bool] = ContextVar("will_write", default=False)


def left(seconds: float) -> float:
    """Return how long may be waited for an answer: so long, or what a page has left."""
    if not has_request_context():
        return seconds
    rest: float = SILENCE_SECONDS - g.get("waited_in_vain", 0.0)
    return max(LEAST_SECONDS, min(seconds, rest))


def note_silence(seconds: float) -> None:
    """Count what a page waited in vain."""
    if has_request_context():
        g.waited_in_vain = g.get("waited_in_vain", 0.0) + seconds


@contextlib.contextmanager
def counting_silence() -> Iterator[None]:
    """Count the time of a block that fails."""
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        note_silence(time.monotonic() - begun)
        raise
