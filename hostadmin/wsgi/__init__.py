"""The server: uvicorn in front of the app, in one process or several."""

import logging
import os
import resource
import signal
import socket
import sys
import tempfile
from typing import Any

import uvicorn
from flask import Flask
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ..config import Settings
from ..web.clients import Clients
from .bridge import BodyLimit, Bridge
from .connections import KEEP_SECONDS, Connection

log = logging.getLogger(__name__)

# Request line and headers; the longest address that the app takes, and cookies.
MAX_HEADERS = 96 * 1024
# Service managers send SIGKILL after 30 seconds at the earliest; threads that are still
# busy by then end with the process.
FINISH_SECONDS = 20
# Of a process that answers no ping, or ends while it is asked, which looks the same. A
# large text can hold its threads for some seconds.
HUNG_SECONDS = 20
# Sockets are files, too; the usual limit of 1,024 is for programs that use select().
MOST_FILES = 16_384
SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A page gives Python away with each question to the database, and has it back after the
# others' turns: with five milliseconds each, the usual, an export made pages crawl.
SWITCH_SECONDS = 0.001
OPTIONS: dict[str, Any] = {
    "http": Connection,
    "ws": "none",
    "loop": "asyncio",
    "lifespan": "off",
    "interface": "asgi3",
    # All that is logged goes where our own lines go; of requests we write them.
    "log_config": None,
    "access_log": False,
    # The app itself knows whom to trust, networks too.
    "proxy_headers": False,
    "server_header": False,
    "h11_max_incomplete_event_size": MAX_HEADERS,
    "timeout_keep_alive": KEEP_SECONDS,
    "timeout_graceful_shutdown": FINISH_SECONDS,
    "timeout_worker_healthcheck": HUNG_SECONDS,
}


def make_bridge(app: Flask, threads: int) -> Bridge:
    """Return what uvicorn calls."""
    limit: BodyLimit = app.extensions["hostadmin_body_limit"]
    sys.setswitchinterval(SWITCH_SECONDS)
    settings: Settings = app.extensions["hostadmin"]
    clients: Clients = app.extensions["hostadmin_clients"]
    return Bridge(app, limit, clients.of, threads, settings.url_prefix)


def serve(app: Flask, listener: socket.socket, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what was begun, and return."""
    _prepare()
    bridge = make_bridge(app, threads)
    try:
        _server_of(bridge).run([listener])
    except SystemExit:
        log.info("stopped")
    end_at_once(bridge)


def end_at_once(bridge: Bridge) -> None:
    """End the process if threads are busy, without tidying up.

    That would wait for what they hold, such as a connection in a long statement.
    """
    if bridge.is_busy:
        logging.shutdown()
        os._exit(0)


def make_server(app: Flask, threads: int) -> uvicorn.Server:
    """Return a server for this process; its ``should_exit`` ends it."""
    return _server_of(make_bridge(app, threads))


def _server_of(bridge: Bridge) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(bridge, **OPTIONS))


def serve_in_processes(make: str, listener: socket.socket, processes: int) -> bool:
    """Serve like ``serve`` in processes that each call ``make`` ("module:function").

    A process that dies is replaced; SIGHUP replaces all, one after the other. Returns
    False when one could not start.
    """
    _prepare()
    config = uvicorn.Config(make, factory=True, workers=processes, **OPTIONS)
    with tempfile.TemporaryDirectory(prefix="hostadmin-metrics-") as folder:
        # Read by each process when it imports prometheus_client.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        supervisor = Multiprocess(config, [listener])
        supervisor.run()
    log.info("stopped")
    return all(p.exitcode != STARTUP_FAILURE for p in supervisor.processes)


def _prepare() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    for number in SIGNALS:
        # uvicorn sends itself the signal once more after everything is finished.
        signal.signal(number, _leave)


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)
