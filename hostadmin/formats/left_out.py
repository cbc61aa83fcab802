"""What a file cannot hold, kept in mind as a number and a few names."""

from collections import defaultdict
from collections.abc import Iterator

from .document import SHOWN, more_than, some


class LeftOut:
    """Counts what was left out, by reason; of a million names it holds a few."""

    def __init__(self) -> None:
        self._count: dict[str, int] = defaultdict(int)
        self._names: dict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, name: str) -> None:
        self._count[reason] += 1
        if len(self._names[reason]) < SHOWN:
            self._names[reason].append(name)

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each reason."""
        for reason, count in self._count.items():
            names = self._names[reason]
            yield f"{reason}: {some(names)}{more_than(count - len(names))}."
