"""What engines have in common that are reached over a network."""

import time
from types import MappingProxyType
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import has_request_context
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.sql.elements import ColumnElement

from . import waits
from .base import Clause, Engine
from .trouble import error_codes

# Who waits for it: commands wait as long as the server likes.
COMMAND, READ, WRITE = "command", "read", "write"


class Server(Engine):
    """A server that is waited for a bounded time, and may be replaced by another."""

    snapshot_options = MappingProxyType({"isolation_level": "REPEATABLE READ"})
    # A server that shuts down or lost its rights to write must be left for the one
    # that took over.
    gone_codes: ClassVar[frozenset[object]] = frozenset()

    def configure(self, engine: sa.Engine) -> None:
        self._limit_ping(engine.dialect)
        event.listen(engine, "checkout", self._limit_waiting)
        event.listen(engine, "handle_error", self._see_that_it_is_gone)

    def bound_answers(self, connection: Any, seconds: float | None) -> None:
        """Let a driver's connection break if an answer takes so long; None for never.

        The server cannot be asked to keep that: it may be what does not run any more.
        """
        raise NotImplementedError

    def _limit_ping(self, dialect: Any) -> None:
        """Bound the question with which the next use of a connection begins."""
        ping = dialect.do_ping

        def bounded(connection: Any) -> bool:
            self.bound_answers(connection, waits.left(waits.PING_SECONDS))
            with waits.counting_silence():
                return bool(ping(connection))

        dialect.do_ping = bounded

    def is_ascii(self, text: ColumnElement[str]) -> Clause:
        whole: Clause = sa.func.octet_length(text) == sa.func.char_length(text)
        return whole

    def limits_text(self, connection: Any, limits: tuple[float, int] | None) -> str:
        """Return the statement that sets the limits of a driver's connection.

        In seconds for a statement, 0 for any, and for a lock; None takes them away.
        """
        raise NotImplementedError

    def _limit_waiting(self, connection: Any, record: Any, _proxy: object) -> None:
        """Let a page wait for a bounded time only, whatever its statement waits for.

        What writes is bounded by the locks it waits for: changing 100,000 hosts is
        long in all, but in many statements that are short.
        """
        wanted = COMMAND
        if has_request_context():
            wanted = WRITE if waits.will_write.get() else READ
        limits = {
            READ: (waits.READ_SECONDS, waits.LOCK_SECONDS),
            WRITE: (0, waits.LOCK_SECONDS),
        }.get(wanted)
        if record.info.get("limits", COMMAND) != wanted:
            self._set_limits(connection, limits)
            record.info["limits"] = wanted
        # The server, if it works, ends a statement by itself before.
        most = waits.left(max(limits) + waits.MARGIN_SECONDS) if limits else None
        self.bound_answers(connection, most)
        record.info["since"] = time.monotonic()

    def _set_limits(self, connection: Any, limits: tuple[float, int] | None) -> None:
        try:
            with waits.counting_silence():
                cursor = connection.cursor()
                cursor.execute(self.limits_text(connection, limits))
                cursor.close()
                # PostgreSQL would forget them with the transaction that set them.
                connection.commit()
        except Exception as error:
            # Errors are not yet those of SQLAlchemy here; this one gets another try.
            raise DisconnectionError(str(error)) from error

    def _see_that_it_is_gone(self, context: ExceptionContext) -> None:
        if self.gone_codes & set(error_codes(context.original_exception)):
            context.is_disconnect = True
        if context.is_disconnect and context.connection is not None:
            since = context.connection.info.get("since", time.monotonic())
            waits.note_silence(time.monotonic() - since)
