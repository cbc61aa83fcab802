"""The time that a page with many numbers may spend on counting."""

import time
from collections.abc import Callable
from typing import TypeVar

from ...db.session import db
from ...db.time_limit import TooSlow, time_limit
from ...limits import limits

# For one number or table.
SECONDS = 3.0
LEAST_SECONDS = 0.1

Result = TypeVar("Result")


class Budget:
    """Starts to run when it is made."""

    def __init__(self) -> None:
        self._end = time.monotonic() + limits.count_page_seconds

    def read(self, work: Callable[[], Result]) -> Result | str:
        """Return what the work finds, or words that say where it was stopped."""
        seconds = min(SECONDS, self._end - time.monotonic())
        if seconds < LEAST_SECONDS:
            return "Not counted: the other tables took too long."
        try:
            with time_limit(db.session(), seconds):
                return work()
        except TooSlow:
            return f"Stopped after {seconds:.0f} s. Narrow the query to see it."
