"""Threads that answer requests, and never hold up the end of the process."""

import threading
from collections import Counter, deque
from collections.abc import Callable

Job = Callable[[], None]


class Threads:
    """So many threads that take one job after the other, in turn for each client.

    The client with fewest of them at work comes first, so that one who asks for a lot
    waits behind those who ask for little. Nobody has more than ``each`` at work.

    Those of ``concurrent.futures`` are waited for when Python ends, however long a
    statement takes.
    """

    def __init__(self, count: int, each: int | None = None) -> None:
        self._each = each or count
        self._waiting: dict[str, deque[Job]] = {}
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.waiting = 0
        for _ in range(count):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def submit(self, job: Job, client: str = "") -> None:
        """Queue a job, which may raise nothing."""
        with self._changed:
            self._waiting.setdefault(client, deque()).append(job)
            self.waiting += 1
            self._changed.notify()

    def _work(self) -> None:
        while True:
            client, job = self._next()
            job()
            with self._changed:
                self._running[client] -= 1
                if not self._running[client]:
                    del self._running[client]
                # Of a client that has as many as allowed, the next job may begin now.
                self._changed.notify()

    def _next(self) -> tuple[str, Job]:
        """Wait for a job whose turn it is, and return it with its client."""
        with self._changed:
            while (client := self._whose_turn()) is None:
                self._changed.wait()
            jobs = self._waiting.pop(client)
            job = jobs.popleft()
            if jobs:
                # Behind the others who have as many at work.
                self._waiting[client] = jobs
            self._running[client] += 1
            self.waiting -= 1
            return client, job

    def _whose_turn(self) -> str | None:
        may = (one for one in self._waiting if self._running[one] < self._each)
        return min(may, key=self._running.__getitem__, default=None)
