"""One account never holds all threads that it may with what takes long."""

import threading
from collections import Counter
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

from ..config import Settings
from ..permissions import identity

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEAVY = (
    *(
        "export.download",
        "stats.index",
        "stats.table",
        "trend.index",
        "data_quality.index",
    ),
    *("api.count", "api.plan_change", "api.plan_undo", "api.plan_import"),
    "backup.download",
)
RETRY_AFTER = 5
WHOSE = "hostadmin.heavy_of"


class HeavyRequests:
    """Counts those that run in this process, whose threads they would hold."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.running: Counter[str] = Counter()
        self.lock = threading.Lock()

    def begin(self) -> None:
        """Count a heavy request; refuse it if its account has enough of them."""
        who = identity()
        if request.endpoint not in HEAVY or who is None:
            return
        # A token without an account has a name of its own.
        key = str(who.account_id or f"token {who.token_id}")
        with self.lock:
            if self.running[key] >= self.most:
                raise TooManyRequests(
                    f"You already have {self.most} exports or counts running. Wait "
                    "until one finishes, then try again.",
                    retry_after=RETRY_AFTER,
                )
            self.running[key] += 1
        request.environ[WHOSE] = key

    def end(self, environ: "WSGIEnvironment", _status: int, _seconds: float) -> None:
        key = environ.get(WHOSE)
        if key is None:
            return
        with self.lock:
            self.running[key] -= 1
            if not self.running[key]:
                del self.running[key]


def install(app: Flask, settings: Settings) -> None:
    heavy = HeavyRequests(settings.heavy_at_once)
    # After the guard, which says who asks.
    app.before_request(heavy.begin)
    app.extensions["hostadmin_observers"].append(heavy.end)
