"""Statements that may not take longer than their answer is worth."""

import contextlib
import time
from collections.abc import Iterator

from sqlalchemy import event, orm
from sqlalchemy.exc import DBAPIError

from .engines import engine_of, error_codes


class TooSlow(Exception):
    """The statement was stopped; the transaction was rolled back."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"stopped after {seconds:g} s")


@contextlib.contextmanager
def time_limit(session: orm.Session, seconds: float) -> Iterator[None]:
    """Stop what the block reads after so many seconds. Raises ``TooSlow``.

    Only for blocks that write nothing.
    """
    connection = session.connection()
    engine = engine_of(connection)
    try:
        with engine.time_limit(connection, seconds):
            yield
    except DBAPIError as error:
        if not engine.stopped_codes & set(error_codes(error.orig)):
            raise
        session.rollback()
        raise TooSlow(seconds) from None


class Stopwatch:
    """The time that statements of one connection take, without what surrounds them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def _begin(self, *_: object) -> None:
        self._start = time.monotonic()

    def _end(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._start

    @contextlib.contextmanager
    def running(self, session: orm.Session) -> Iterator[None]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", self._begin)
        event.listen(connection, "after_cursor_execute", self._end)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", self._begin)
            event.remove(connection, "after_cursor_execute", self._end)
