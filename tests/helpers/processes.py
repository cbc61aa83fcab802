"""Scripts in processes of their own, which tests stop in the middle."""

import os
import subprocess
import sys

from .paths import ROOT


def start_script(
    script: str,
    uri: str,
    *arguments: str,
    stdin: int | None = None,
    stderr: int = subprocess.PIPE,
) -> "subprocess.Popen[str]":
    """Run Python code with the settings of a server; its output can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOSTADMIN_DATABASE_URI": uri,
            "HOSTADMIN_SECRET_KEY": "x" * 40,
        },
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
