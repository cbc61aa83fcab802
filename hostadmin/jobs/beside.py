"""How far a job is, in a small file beside SQLite's.

While one process writes, SQLite takes no word from any other, not even that a job is
half done or shall end. All its processes are on one machine, so they can look there.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..db.engines import engine_of


class Beside:
    """The file of one database; without one, nothing is written and nothing known."""

    def __init__(self, engine: sa.Engine) -> None:
        file = engine_of(engine).file_of(engine.url)
        self._progress = file and file.with_name(f"{file.name}-job")
        self._end = file and file.with_name(f"{file.name}-job-end")

    def note(self, job_id: int, values: Mapping[str, Any]) -> None:
        at = values["phase_at"].isoformat()
        _write(self._progress, json.dumps({**values, "phase_at": at, "id": job_id}))

    def noted(self, job_id: int) -> dict[str, Any] | None:
        """Return what the process that runs this job said last."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            found: dict[str, Any] = json.loads(_read(self._progress))
            if found.pop("id") == job_id:
                found["phase_at"] = datetime.fromisoformat(found["phase_at"])
                return found
        return None

    def ask_to_end(self, job_id: int) -> bool:
        """Ask the process that runs this job to end it; return whether it may hear."""
        if self.noted(job_id) is None:
            return False
        return _write(self._end, str(job_id))

    def shall_end(self, job_id: int) -> bool:
        return _read(self._end) == str(job_id)

    def forget(self) -> None:
        for path in (self._progress, self._end):
            if path is not None:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def _write(path: Path | None, text: str) -> bool:
    if path is None:
        return False
    # Nobody ever reads half of it.
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_text(text)
        new.replace(path)
    except OSError:
        return False
    return True


def _read(path: Path | None) -> str:
    try:
        return path.read_text() if path is not None else ""
    except OSError:
        return ""
