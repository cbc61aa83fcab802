"""What a call of the API costs, in time of the processor, against the page of the same
hosts and with 1,000 hosts. Part of ``make bench``.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from ..helpers.accounts import log_in
from ..helpers.api import Program

ROUNDS = 100
LIST = "/hosts?limit=100"


def milliseconds(call: Callable[[], Any]) -> float:
    for _ in range(5):
        call()
    start = time.process_time()
    for _ in range(ROUNDS):
        call()
    return (time.process_time() - start) * 1000 / ROUNDS


def calls(app: Flask) -> dict[str, Callable[[], Any]]:
    """Return what is measured: each call answers what it should, or raises."""
    program = Program(app)
    numbers = itertools.count(time.monotonic_ns())
    tag = program.get(LIST).headers["ETag"]
    place = program.get("/changes?since=now").json["next"]

    def create() -> None:
        body = {"hostname": f"bench-{next(numbers)}", "environment": "prod"}
        assert program.post("/hosts", body).status_code == 201

    def unchanged() -> None:
        assert program.get(LIST, If_None_Match=tag).status_code == 304

    return {
        "list of 100": lambda: program.get(LIST),
        "304 of it": unchanged,
        "nothing new in the feed": lambda: program.get(f"/changes?since={place}"),
        # Last: from here on, there is a change.
        "create": create,
    }


def bench_api(big: Flask, small: Flask) -> None:
    page = log_in(big.test_client(), name=f"bench-{time.time_ns()}")
    of_page = milliseconds(lambda: page.get("/hosts/?per_page=100"))
    print(f"\nAPI, ms of CPU: the page of 100 hosts takes {of_page:.1f}")
    few = calls(small)
    for name, call in calls(big).items():
        took, took_few = milliseconds(call), milliseconds(few[name])
        print(
            f"  {name:<26}{took:6.2f}  {took / of_page:5.2f} × the page"
            f"  {took / took_few:5.2f} × 1,000 hosts"
        )
