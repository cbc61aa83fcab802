"""A server in a process of its own, which is measured from outside."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from ..helpers.paths import ROOT
from ..helpers.servers import free_port

KEY = "only for measuring, only for measuring"


def environment(uri: str) -> dict[str, str]:
    """Return what servers and commands on this database are started with."""
    return os.environ | {"HOSTADMIN_DATABASE_URI": uri, "HOSTADMIN_SECRET_KEY": KEY}


@contextlib.contextmanager
def serving(uri: str, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Start a server, and end it after the block; yield its port and process id."""
    port = free_port()
    settings = {
        "HOSTADMIN_BIND": f"127.0.0.1:{port}",
        "HOSTADMIN_WORKERS": str(workers),
    }
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment(uri) | settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        ) as connection:
            try:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.2)
    raise SystemExit("The server does not answer.")
