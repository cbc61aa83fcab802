"""The one place that asks what time it is."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

# Those of several servers may differ by so much; more is no clock, but a fault.
CLOCKS_DIFFER = timedelta(hours=1)

_PRETENDED: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def utcnow() -> datetime:
    return _PRETENDED.get() or datetime.now(UTC)


@contextlib.contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Let the block believe that it is another time: for made-up data."""
    token = _PRETENDED.set(moment)
    try:
        yield
    finally:
        _PRETENDED.reset(token)
