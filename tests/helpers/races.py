"""Writers that start at the same moment."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from hostadmin import history
from hostadmin.history import ActorContext


def run_at_once(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Run each function in a thread and transaction of its own.

    Returns what each returned or raised.
    """
    return run_on_each([app] * len(works), *works)


def run_on_each(apps: Sequence[Flask], *works: Callable[[], Any]) -> list[Any]:
    """Do the same, each function in an app of its own."""
    barrier = threading.Barrier(len(works))
    outcomes: list[Any] = [None] * len(works)

    def one(number: int, app: Flask, work: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                outcomes[number] = history.write(ActorContext("ann", "web"), work)
            except Exception as error:
                outcomes[number] = error

    threads = [
        threading.Thread(target=one, args=(number, app, work))
        for number, (app, work) in enumerate(zip(apps, works, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
