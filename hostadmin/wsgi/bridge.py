"""Gives requests to threads that call the app, and says when they came.

The event loop reads headers and bodies and writes answers, so that a slow client costs
no thread. Threads are kept apart by what they answer: however busy the pages are,
people log in, and whoever watches the server hears from it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .connections import Connection
from .request import ClientGone, Receive, announced_length, environment, read_body
from .response import Response, Send
from .threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# When all of the request was there, on the clock of time.monotonic.
ARRIVED = "hostadmin.arrived"
# Beginnings of paths, and how many threads answer nothing else.
OWN_THREADS = (
    (("/healthz", "/static/"), 2),
    # /readyz asks the database; so its threads can be held by a server that is away.
    (("/login", "/logout", "/setup/"), 2),
    (("/readyz",), 1),
)
# More are told to come again: they would have given up before their turn.
MAX_QUEUE = 500
RETRY_AFTER = 5
# The least that a body must get through, in seconds and in bytes a second.
BODY_SECONDS = 30
BODY_SPEED = 32 * 1024
# Bodies of more than this are taken from so many at a time, and only from whom the app
# says: they go to the disk.
SMALL_BODY = 64 * 1024
LARGE_AT_ONCE = 16

# How much of a body the app takes, which may ask the database who sends it.
BodyLimit = Callable[["WSGIEnvironment"], int]


class Bridge:
    """An ASGI application that calls one of WSGI."""

    def __init__(
        self, app: "WSGIApplication", body_limit: BodyLimit, threads: int
    ) -> None:
        self.app = app
        self.body_limit = body_limit
        self.threads = Threads(threads)
        self.own_threads = [(paths, Threads(n)) for paths, n in OWN_THREADS]
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        connection: Connection = scope["state"]["connection"]
        connection.head_has_come()
        try:
            await self._answer(environment(scope), connection, receive, send)
        except ClientGone:
            connection.abort()
        finally:
            connection.wait_for_head()

    async def _answer(
        self,
        environ: "WSGIEnvironment",
        connection: Connection,
        receive: Receive,
        send: Send,
    ) -> None:
        threads = self._threads_for(environ["PATH_INFO"])
        if threads.waiting >= MAX_QUEUE:
            await _refuse(send, 503, "Too many ask at this moment; try again.")
            return
        try:
            await self._read_body(environ, threads, receive)
        except TimeoutError:
            await _refuse(send, 408, "The request was too slow. Nothing was saved.")
            return
        environ[ARRIVED] = time.monotonic()
        response = Response(connection, send)
        threads.submit(lambda: response.make(self.app, environ))
        try:
            await response.ended
        finally:
            environ["wsgi.input"].close()

    def _threads_for(self, path: str) -> Threads:
        for paths, threads in self.own_threads:
            if path.startswith(paths):
                return threads
        return self.threads

    async def _read_body(
        self, environ: "WSGIEnvironment", threads: Threads, receive: Receive
    ) -> None:
        length = announced_length(environ)
        if not length:
            return
        if length <= SMALL_BODY:
            async with asyncio.timeout(BODY_SECONDS):
                environ["wsgi.input"] = await read_body(environ, receive, SMALL_BODY)
            return
        limit = await self._ask_for_limit(environ, threads)
        async with self.large, asyncio.timeout(BODY_SECONDS + limit / BODY_SPEED):
            environ["wsgi.input"] = await read_body(environ, receive, limit)

    async def _ask_for_limit(self, environ: "WSGIEnvironment", threads: Threads) -> int:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()

        def ask() -> None:
            try:
                limit = self.body_limit(environ)
            except Exception:
                # The app will say what is wrong when it is asked for the answer.
                limit = SMALL_BODY
            loop.call_soon_threadsafe(_settle, answer, limit)

        threads.submit(ask)
        return await answer


def _settle(answer: "asyncio.Future[int]", limit: int) -> None:
    if not answer.done():
        answer.set_result(limit)


async def _refuse(send: Send, status: int, text: str) -> None:
    """Answer without the app, which has no thread for this."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"connection", b"close"),
        (b"retry-after", str(RETRY_AFTER).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
