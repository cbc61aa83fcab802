"""The time that a page with many numbers may spend on counting."""

from collections.abc import Callable
from typing import TypeVar

from ..database import db
from ..inventory.timelimit import TooSlow, time_limit

# For one number or table; and for a page, so that many slow ones end some day.
SECONDS = 3.0
PAGE_SECONDS = 12.0

Result = TypeVar("Result")


class Budget:
    """The time that a page may spend on counting."""

    def __init__(self) -> None:
        self.left = PAGE_SECONDS

    def read(self, work: Callable[[], Result]) -> Result | str:
        """Return what the work finds, or words that say where it was stopped."""
        seconds = min(SECONDS, self.left)
        if seconds < 0.1:
            return "Not counted: the other tables took too long."
        try:
            with time_limit(db.session(), seconds):
                return work()
        except TooSlow:
            self.left -= seconds
            return f"Stopped after {seconds:.0f} s. Narrow the query to see it."
