"""Threads that answer requests, and never hold up the end of the process."""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Threads:
    """So many threads that take one job after the other from one queue.

    Those of ``concurrent.futures`` are waited for when Python ends, however long a
    statement takes.
    """

    def __init__(self, count: int) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for _ in range(count):
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Queue a job, which may raise nothing."""
        self._jobs.put(job)

    @property
    def waiting(self) -> int:
        return self._jobs.qsize()

    def _work(self) -> None:
        while True:
            self._jobs.get()()
