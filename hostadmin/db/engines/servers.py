"""What engines have in common that are reached over a network."""

from types import MappingProxyType
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import has_request_context
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from . import waits
from .base import Engine

# Who waits for it: commands wait as long as the server likes.
COMMAND, READ, WRITE = "command", "read", "write"


class Server(Engine):
    """A server that is waited for a bounded time, and may be replaced by another."""

    snapshot_options = MappingProxyType({"isolation_level": "REPEATABLE READ"})
    # A server that shuts down or lost its rights to write must be left for the one
    # that took over.
    gone_codes: ClassVar[frozenset[object]] = frozenset()

    def configure(self, engine: sa.Engine) -> None:
        event.listen(engine, "checkout", self._limit_waiting)
        event.listen(engine, "handle_error", self._see_that_it_is_gone)

    def limits_text(self, connection: Any, limits: tuple[float, int] | None) -> str:
        """Return the statement that sets the limits of a driver's connection.

        In seconds for a statement, 0 for any, and for a lock; None takes them away.
        """
        raise NotImplementedError

    def _limit_waiting(self, connection: Any, record: Any, _proxy: object) -> None:
        """Let a page wait for a bounded time only, whatever its statement waits for.

        What writes is bounded by the locks it waits for: changing 100,000 hosts is
        long.
        """
        wanted = COMMAND
        if has_request_context():
            wanted = WRITE if waits.will_write.get() else READ
        if record.info.get("limits", COMMAND) == wanted:
            return
        limits = {
            READ: (waits.READ_SECONDS, waits.LOCK_SECONDS),
            WRITE: (0, waits.LOCK_SECONDS),
        }
        try:
            cursor = connection.cursor()
            cursor.execute(self.limits_text(connection, limits.get(wanted)))
            cursor.close()
            # PostgreSQL would forget them with the transaction that they were set in.
            connection.commit()
        except Exception as error:
            # Errors are not yet those of SQLAlchemy here; this one gets another try.
            raise DisconnectionError(str(error)) from error
        record.info["limits"] = wanted

    def _see_that_it_is_gone(self, context: ExceptionContext) -> None:
        if self.gone_codes & set(error_codes(context.original_exception)):
            context.is_disconnect = True


def error_codes(original: Any) -> tuple[Any, ...]:
    """Return the state of SQL and the number of a driver's error, where it has one.

    PyMySQL may have a state, too, but one that says less than its number.
    """
    return (
        getattr(original, "sqlstate", None),
        *getattr(original, "args", ())[:1],
    )
