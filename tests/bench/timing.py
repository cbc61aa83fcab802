"""CPU time that runs on other days, and beside other work, can be compared by.

Of each call the least of several counts, and it is scaled by a loop that is timed
beside it. Only what Python brings is used here: other programs are measured by it, too.
"""

import time
from collections.abc import Callable

ROUNDS = 15
# What the loop takes on the machine whose figures the documentation has, in ms.
LOOP = 4.5
# One that takes so long is not asked so often.
LONG = 0.5


def loop_ms() -> float:
    """Return what a loop in Python takes here and now."""

    def once() -> float:
        start = time.process_time()
        total = 0
        for number in range(200_000):
            total += number % 7
        return time.process_time() - start

    return min(once() for _ in range(5)) * 1e3


def cpu_ms(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least CPU time of a call, scaled."""
    for _ in range(2):
        call()
    taken: list[float] = []
    while len(taken) < rounds:
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
        if min(taken) > LONG and len(taken) > 1:
            break
    return min(taken) * 1e3 * LOOP / loop_ms()
