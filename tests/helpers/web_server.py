"""The server of the product, in a thread of the tests."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from flask import Flask

from hostadmin.wsgi import make_server


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
