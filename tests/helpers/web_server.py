"""The server of the product, in a thread of the tests."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

from flask import Flask

from hostadmin.wsgi import make_server

HALF = b"GET /hosts/ HTTP/1.1\r\nHost: localhost\r\nX-More:"


@contextlib.contextmanager
def served(app: Flask, threads: int = 4) -> Iterator[int]:
    """Serve an app on a port of its own, which is returned, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    port: int = listener.getsockname()[1]
    server = make_server(app, threads)
    server.config.timeout_graceful_shutdown = 2
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(10)


def ask(port, path, method="GET", body=None, headers=None, timeout=10):
    """Return status and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextlib.contextmanager
def half_requests(
    port: int, count: int, text: bytes = HALF
) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(count):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sock.sendall(text)
            sockets.append(sock)
        yield sockets
