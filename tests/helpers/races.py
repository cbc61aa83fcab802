"""Writers that start at the same moment."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from hostadmin import history
from hostadmin.history import ActorContext


def run_at_once(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Run each function in a thread and transaction of its own.

    Returns what each returned or raised.
    """
    barrier = threading.Barrier(len(works))
    outcomes: list[Any] = [None] * len(works)

    def one(number: int, work: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                outcomes[number] = history.write(ActorContext("ann", "web"), work)
            except Exception as error:
                outcomes[number] = error

    threads = [
        threading.Thread(target=one, args=(number, work))
        for number, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
