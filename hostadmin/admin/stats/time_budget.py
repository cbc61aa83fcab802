"""The time that a page with many numbers may spend on counting.

What many hosts were counted for is kept in memory, as long as the inventory stays the
same: the next who opens the page, and who comes back to it, does not wait again.
"""

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from flask import current_app

from ...clock import utcnow
from ...db.session import db
from ...db.time_limit import TooSlow, time_limit
from ...etags import inventory_tag
from ...inventory.kept_counts import kept_count
from ...limits import limits
from ...query.ast import EVERYTHING, Node

# For one number or table.
SECONDS = 3.0
LEAST_SECONDS = 0.1
# Results that are kept in memory.
MOST_KEPT = 200

Result = TypeVar("Result")


class Counted:
    """What was counted last, by the state of the inventory and what was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Any] = OrderedDict()

    def find(self, key: Hashable) -> Any:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def keep(self, key: Hashable, result: Any) -> None:
        with self._lock:
            self._found[key] = result
            while len(self._found) > MOST_KEPT:
                self._found.popitem(last=False)


class Budget:
    """Starts to run when it is made, for a page about the hosts of a query."""

    def __init__(self, node: Node, remedy: str = "Narrow the query.") -> None:
        self._end = time.monotonic() + limits.count_page_seconds
        self._node, self._remedy = node, remedy

    def read(
        self, work: Callable[[], Result], kept_as: Hashable = None
    ) -> Result | str:
        """Return what the work finds, or words that say where it was stopped.

        With a name, which says all that the work depends on besides the query and the
        inventory, it is not done again before one of these changes.
        """
        key = self._key(kept_as)
        counted: Counted = current_app.extensions.setdefault(
            "hostadmin_counted", Counted()
        )
        if key is not None and (found := counted.find(key)) is not None:
            return found
        seconds = min(SECONDS, self._end - time.monotonic())
        if seconds < LEAST_SECONDS:
            return "Not counted: the other tables took too long."
        try:
            with time_limit(db.session(), seconds):
                result = work()
        except TooSlow:
            return f"Stopped after {seconds:.0f} s. {self._remedy}"
        if key is not None:
            counted.keep(key, result)
        return result

    def _key(self, kept_as: Hashable) -> Hashable:
        """Return what a result is kept under; None where it is not.

        Asked for before the work: what is written meanwhile makes another state.
        """
        if kept_as is None or self._state is None:
            return None
        return self._state, kept_as

    @functools.cached_property
    def _state(self) -> str | None:
        """The state of an inventory whose counting takes its time."""
        hosts = kept_count(db.session(), EVERYTHING)
        if hosts is None or hosts <= limits.overview_hosts:
            return None
        return inventory_tag(db.session(), self._node, utcnow().date())
