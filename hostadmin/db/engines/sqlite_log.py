"""The write-ahead log of SQLite, which must begin anew some time.

A checkpoint copies the log into the database. The log begins anew only when nobody
reads from it; where one page begins before the last one ends, that is never, and the
log grows until the disk is full. So, once it is long, somebody waits for that moment:
who reads from then on reads the database alone.
"""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

LONG = 32 * 1024**2
# Exports read one moment for minutes, and keep the log meanwhile. From here on, no
# further one begins.
TOO_LONG = 256 * 1024**2
# Nobody writes while it is waited for; then they may again for a while. The longer it
# is, the longer: in the end, for longer than any page may read.
WAIT_SECONDS = 0.25
MOST_SECONDS = 5.0
EVERY_SECONDS = 5.0


class WriteAheadLog:
    """The log of one database file, in this process."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file = database.with_name(f"{database.name}-wal")
        self._lock = threading.Lock()
        self._next = 0.0

    @property
    def size(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    @property
    def is_too_long(self) -> bool:
        return self.size >= TOO_LONG

    def look(self, *_: Any) -> None:
        """Begin it anew, beside what goes on, if it is long and that was not tried."""
        now = time.monotonic()
        if now < self._next or self.size < LONG or not self._lock.acquire(False):
            return
        self._next = now + EVERY_SECONDS
        threading.Thread(target=self._restart, daemon=True).start()

    def _restart(self) -> None:
        try:
            # Somebody else may do the same, or the file be gone.
            seconds = min(MOST_SECONDS, WAIT_SECONDS * self.size / LONG)
            with contextlib.suppress(sqlite3.Error):
                restart(self._database, seconds)
        finally:
            self._lock.release()


def restart(database: Path, seconds: float) -> None:
    """Copy the log into the database, and empty it if nobody reads from it in time."""
    connection = sqlite3.connect(database, timeout=seconds)
    with contextlib.closing(connection):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
