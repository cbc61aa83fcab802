"""A connection of psycopg that does not wait for ever for a server that went silent."""

import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg.errors import ConnectionTimeout, _WaitTimeout

from . import waits

# For each of the hosts; what psycopg itself takes is 2 s at least.
_seconds_a_host: ContextVar[float] = ContextVar("seconds_a_host")


class BoundedConnection(psycopg.Connection[Any]):
    """Closes itself if an answer takes longer than ``answer_seconds``.

    The limit that the server keeps is of no use once the server is stopped, or gone
    without a word.
    """

    answer_seconds: float | None = waits.CONNECT_SECONDS

    @classmethod
    def _connect_gen(cls, *args: Any, **options: Any) -> Generator[Any, Any, Any]:
        """Do what waits for the connection, but not for longer than that."""
        steps = super()._connect_gen(*args, **options)
        end = time.monotonic() + _seconds_a_host.get()
        try:
            wanted = next(steps)
            while time.monotonic() < end:
                # Asked for ten times a second, whether or not there was an answer.
                wanted = steps.send((yield wanted))
        except StopIteration as ended:
            return ended.value
        steps.close()
        raise ConnectionTimeout("connection timeout expired")

    def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.answer_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise


def connect(
    _dialect: object, _record: object, args: Any, parameters: dict[str, Any]
) -> BoundedConnection:
    """Connect as SQLAlchemy would have."""
    hosts = str(parameters.get("host", "")).count(",") + 1
    most = waits.left(float(parameters.get("connect_timeout", waits.CONNECT_SECONDS)))
    token = _seconds_a_host.set(most / hosts)
    try:
        with waits.counting_silence():
            return BoundedConnection.connect(*args, **parameters)
    finally:
        _seconds_a_host.reset(token)
