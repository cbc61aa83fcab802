"""Connections, and how long they may take to say what they want."""

import asyncio
import socket
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

# From connecting to the end of the headers.
HEAD_SECONDS = 10
# From an answer to the end of the next headers; this long, browsers keep connections.
KEEP_SECONDS = 60
# So many may say nothing at a time. The one that has been silent for longest goes
# first, so that one who opens many and sends little is only in his own way.
MAX_SILENT = 1000


class Connection(H11Protocol):
    """A connection that must send its headers in time.

    The application finds it in the state of its scope, and tells when it has them.
    """

    # In the order in which they began to be silent.
    silent: ClassVar[dict["Connection", asyncio.TimerHandle]] = {}

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        state = {**app_state, "connection": self}
        super().__init__(config, server_state, state, _loop)
        self.is_lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Else a body may wait until the client confirms the headers, and clients take
        # 40 ms for that. asyncio does it only where the listener names its protocol.
        accepted = transport.get_extra_info("socket")
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wait_for_head(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.head_has_come()
        super().connection_lost(exc)

    def wait_for_head(self, seconds: float = KEEP_SECONDS) -> None:
        self.head_has_come()
        if self.is_lost:
            return
        if len(self.silent) >= MAX_SILENT:
            next(iter(self.silent)).abort()
        self.silent[self] = self.loop.call_later(seconds, self.abort)

    def head_has_come(self) -> None:
        timer = self.silent.pop(self, None)
        if timer is not None:
            timer.cancel()

    def abort(self) -> None:
        """End it at once, whatever is still to be sent."""
        self.head_has_come()
        self.transport.abort()
