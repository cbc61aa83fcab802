"""Gives requests to threads that call the app, and says when they came.

The event loop reads headers and bodies and writes answers, so that a slow client costs
no thread. Threads are kept apart by what they answer: however busy the pages are,
people log in, and monitoring gets its answer.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..web.url_prefix import mount
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
    # Mirrors wait there for what is changed next.
    (("/api/v1/changes",), 4),
)
STOPPED = "The server was stopped. Check whether your change was saved."
# More get an answer to come again: they would have given up before their turn.
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
# Whose request it is, as far as can be known without asking the database.
ClientOf = Callable[["WSGIEnvironment"], str]


def most_of_one(threads: int) -> int:
    """Return how many of the threads one client may hold: two leave some for others."""
    return min(threads, max(2, threads * 3 // 8))


class Bridge:
    """An ASGI application that calls one of WSGI."""

    def __init__(
        self,
        app: "WSGIApplication",
        body_limit: BodyLimit,
        client_of: ClientOf,
        threads: int,
        prefix: str = "",
    ) -> None:
        self.app = app
        self.body_limit = body_limit
        self.client_of = client_of
        self.prefix = prefix
        self.threads = Threads(threads, most_of_one(threads))
        self.own_threads = [(paths, Threads(n)) for paths, n in OWN_THREADS]
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)

    @property
    def is_busy(self) -> bool:
        """Whether a thread still answers somebody."""
        every = (self.threads, *(threads for _, threads in self.own_threads))
        return any(threads.is_busy for threads in every)

    async def __call__(
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        connection: Connection = scope["state"]["connection"]
        connection.head_has_come()
        try:
            environ = environment(scope)
            mount(environ, self.prefix)
            await self._answer(environ, connection, receive, send)
        except ClientGone:
            connection.abort()
        except asyncio.CancelledError:
            # The server ends, and has waited for long enough.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(_refuse(send, 503, STOPPED), 1)
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
            await _refuse(send, 503, "Too many requests at the moment. Try again.")
            return
        try:
            await self._read_body(environ, threads, receive)
        except TimeoutError:
            await _refuse(send, 408, "The request was too slow. Nothing was saved.")
            return
        environ[ARRIVED] = time.monotonic()
        response = Response(connection, send)
        client = self.client_of(environ)
        threads.submit(lambda: response.make(self.app, environ), client)
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
        # Of what is announced, no slow sender gets the time of the largest.
        size = min(length, limit)
        async with self.large, asyncio.timeout(BODY_SECONDS + size / BODY_SPEED):
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

        threads.submit(ask, self.client_of(environ))
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
