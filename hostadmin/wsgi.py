"""The WSGI server: threads, limits, and an end that lets requests finish."""

import logging
import signal
import socket
import time
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

log = logging.getLogger(__name__)

# Request line and headers; the longest address that the app takes, and cookies.
MAX_HEADERS = 96 * 1024
MAX_CONNECTIONS = 1000
# More than the app accepts, so that it can answer 413 with a page. Waitress keeps a
# body in a temporary file before anybody is asked who they are: so not much more.
MAX_BODY = 128 * 1024**2
# Who connects and says nothing gives up the place after this time.
IDLE_SECONDS = 60
# Service managers send SIGKILL after 30 seconds at the earliest.
FINISH_SECONDS = 25
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(app: Flask, listener: socket.socket, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what was begun, and return."""
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=threads,
        ident=None,
        max_request_body_size=MAX_BODY,
        max_request_header_size=MAX_HEADERS,
        connection_limit=MAX_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        # select() takes no more than 1,024 connections.
        asyncore_use_poll=True,
        # The app itself knows whom to trust, networks too.
        clear_untrusted_proxy_headers=False,
    )
    stop = Stop(server)
    for number in SIGNALS:
        signal.signal(number, stop)
    while not stop.asked:
        _turn(server, 1)
    log.info("stopping; what was begun is finished")
    _finish(server)
    log.info("stopped")


class Stop:
    """Remembers that a signal came. The second Ctrl-C does not wait for anything."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.asked = False

    def __call__(self, number: int, _frame: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise SystemExit(130)
        self.asked = True
        # Waitress waits for a socket; this is one.
        self.server.pull_trigger()


def _turn(server: Any, seconds: float) -> None:
    """Let Waitress read and write what is ready."""
    wasyncore.loop(timeout=seconds, use_poll=True, map=server._map, count=1)


def _finish(server: Any) -> None:
    """Take no more connections; answer those that have sent something.

    Waitress would stop to write at once, and with it lose answers that were made.
    """
    server.accepting = False
    server.socket.close()
    wasyncore.dispatcher.del_channel(server, server._map)
    end = time.monotonic() + FINISH_SECONDS
    while time.monotonic() < end:
        busy = 0
        for channel in list(server.active_channels.values()):
            if channel.requests or channel.total_outbufs_len or channel.request:
                busy += 1
            else:
                channel.will_close = True
        _turn(server, 0.1)
        if not busy and not server.active_channels:
            break
    else:
        log.warning("requests were cut off", extra={"fields": {"requests": busy}})
    server.task_dispatcher.shutdown(timeout=1)
