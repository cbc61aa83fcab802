"""An answer on its way from a thread to the connection of a client."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .connections import Connection
from .request import ClientGone

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Send = Callable[[Any], Awaitable[None]]

# What is not longer is made whole first, and its thread waits for no client.
WHOLE = 4 * 1024 * 1024
PIECE = 64 * 1024
# A client that takes nothing for so long is gone.
SEND_SECONDS = 30
# In all, it takes so many bytes a second or more: an export holds a thread meanwhile,
# and a moment of the database.
SEND_SPEED = 32 * 1024
# A whole answer may be taken at leisure: no thread waits.
WHOLE_SECONDS = 300


class Response:
    """Gives what a thread makes to the event loop, and waits for the client."""

    def __init__(self, connection: Connection, send: Send) -> None:
        self.connection = connection
        self.send = send
        self.loop = asyncio.get_running_loop()
        # Done as soon as nothing more is to be sent; uvicorn learns what went wrong.
        self.ended = self.loop.create_future()
        self.sent = 0
        self.waited = 0.0

    def make(self, app: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        """Call the application, and send what it answers; a job for a thread."""
        try:
            self._make(app, environ)
        except ClientGone:
            self._soon(self._end, None)
        except BaseException as error:
            self._soon(self._end, error)

    def _make(self, app: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        started: list[dict[str, Any]] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            started[:] = [_start(status, headers)]

        body = app(environ, start)
        try:
            length = _length(started[0]) if started else None
            if length is None or length > WHOLE:
                pieces = body if length is None else _large_pieces(body)
                self._stream(started, pieces)
                return
            data = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        whole = {"type": "http.response.body", "body": data, "more_body": False}
        self._soon(self._send_whole, [*started, whole])

    def _stream(self, started: list[dict[str, Any]], pieces: Iterable[bytes]) -> None:
        waiting: list[dict[str, Any]] = []
        for piece in pieces:
            # Not before: the application may start its answer with the first piece.
            waiting += started
            started = []
            waiting.append(
                {"type": "http.response.body", "body": piece, "more_body": True}
            )
            self._wait_for_client(waiting)
            waiting = []
        end = {"type": "http.response.body", "body": b"", "more_body": False}
        self._wait_for_client([*started, end])
        self._soon(self._end, None)

    def _wait_for_client(self, messages: list[dict[str, Any]]) -> None:
        if self.connection.is_lost:
            raise ClientGone
        begun = time.monotonic()
        left = SEND_SECONDS + self.sent / SEND_SPEED - self.waited
        sending = self._send(messages, max(0.0, min(SEND_SECONDS, left)))
        asyncio.run_coroutine_threadsafe(sending, self.loop).result()
        self.waited += time.monotonic() - begun
        self.sent += sum(len(message.get("body", b"")) for message in messages)

    async def _send(self, messages: list[dict[str, Any]], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                for message in messages:
                    await self.send(message)
        except TimeoutError:
            self.connection.abort()
            raise ClientGone from None

    def _send_whole(self, messages: list[dict[str, Any]]) -> None:
        async def send() -> None:
            try:
                await self._send(messages, WHOLE_SECONDS)
            except ClientGone:
                pass
            except Exception as error:
                self._end(error)
            self._end(None)

        self.sending = self.loop.create_task(send())

    def _end(self, error: BaseException | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _soon(self, function: Callable[[Any], None], argument: Any) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(function, argument)


def _start(status: str, headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": int(status[:3]),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ],
    }


def _length(start: dict[str, Any]) -> int | None:
    return next(
        (int(value) for name, value in start["headers"] if name == b"content-length"),
        None,
    )


def _large_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces: each one costs a change of threads."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
