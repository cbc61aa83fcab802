"""How far an import is, on a terminal; elsewhere nothing is shown."""

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Counter:
    """Shows how many rows were read, planned and written."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Reading")

    def read(self, rows: int) -> None:
        self._show("Read", rows)

    def planned(self, rows: int) -> None:
        self._show("Planned", rows)

    def written(self, rows: int) -> None:
        self._show("Written", rows)

    def stop(self) -> None:
        self._bar.stop()

    def _show(self, verb: str, rows: int) -> None:
        self._bar.update(self._task, description=f"{verb} {rows:,} rows")


@contextlib.contextmanager
def counting() -> Iterator[Counter]:
    """Show a line that goes away at the end."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        yield Counter(bar)
