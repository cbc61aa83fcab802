"""Measures other programs in environments of their own, thrown away afterwards."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from ..helpers.paths import ROOT

PEERS = {
    "starlette-admin": ("starlette-admin==1.0.3", "sqlalchemy", "greenlet"),
    "SQLAdmin": ("sqladmin==0.32.0", "greenlet"),
    "Django admin": ("Django==5.2.19",),
}


def make_environment(folder: Path, peer: str) -> Path:
    """Return the Python of a new environment that has the program."""
    place = folder / peer.replace(" ", "-")
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    packages = [*PEERS[peer], "python-multipart", "itsdangerous"]
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *packages],
        check=True,
        stdout=sys.stderr,
    )
    return python


def measure(python: Path, peer: str, file: Path) -> dict[str, float]:
    """Return page → CPU ms of a program on this file of SQLite."""
    run = subprocess.run(
        [python, "-m", "tests.bench.peer_apps", peer, str(file)],
        # Not here: it would take our templates for its own.
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found
