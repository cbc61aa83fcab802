"""HAProxy, run with what is documented."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .apps import unavailable
from .clusters import wait_for
from .paths import ROOT
from .servers import SBIN, free_port

SCALING = (ROOT / "docs" / "scaling.md").read_text()
FRONT = """frontend hosts
    mode http
    bind 127.0.0.1:PORT
    timeout client 60s
    default_backend hostadmin
"""


def documented(page: str, name: str) -> str:
    """Return the part of a page that is for the proxy or backend of a name."""
    blocks = re.findall(r"```haproxy\n(.*?)```", page, re.DOTALL)
    [block] = [block for block in blocks if re.match(rf"\w+ {name}\n", block)]
    return str(block)


@contextlib.contextmanager
def haproxy(configuration: str, changed: dict[str, str], folder: Path) -> Iterator[int]:
    """Run it with other addresses; return the port that stands for ``PORT``."""
    program = shutil.which("haproxy", path=os.pathsep.join((os.defpath, *SBIN)))
    if program is None:
        unavailable("haproxy is not installed: apt install haproxy")
    port = free_port()
    for old, new in {**changed, "PORT": str(port)}.items():
        assert old in configuration, f"{old} is not in it (any more)"
        configuration = configuration.replace(old, new)
    file = folder / "haproxy.cfg"
    file.write_text(configuration)
    with (folder / "haproxy.log").open("w") as log:
        command = [program, "-db", "-f", str(file)]
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def listens() -> bool:
        assert process.poll() is None, (folder / "haproxy.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, 30)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def before_servers(ports: Sequence[int], folder: Path) -> Iterator[int]:
    """Run it before two servers of the product, as documented; return its port."""
    changed = {
        f"10.0.0.1{number}:8000": f"127.0.0.1:{port}"
        for number, port in enumerate(ports, 1)
    } | {"hosts.example": "localhost", "inter 2s": "inter 200ms"}
    with haproxy(FRONT + documented(SCALING, "hostadmin"), changed, folder) as port:
        yield port


def wait_until_down(folder: Path) -> None:
    """Wait until HAProxy, which thinks well of all at first, has missed one."""
    wait_for(lambda: "is DOWN" in (folder / "haproxy.log").read_text(), 30)
