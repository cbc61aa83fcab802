"""What was noticed in many cells, shown once for each kind."""

from collections.abc import Iterator

from ...validation.values import quoted
from ..document import SHOWN

_KINDS = {
    "placeholder": (
        "Cells that hold a placeholder were read as empty: {where}. "
        "--keep-placeholders keeps them."
    ),
    "separator": (
        "Lists were also split at characters other than commas: {where}. To keep such "
        'a name whole, write a JSON list such as ["web;db"].'
    ),
    "port": (
        "Ports after addresses were ignored: {where}. To import ports, use a column "
        "such as ssh_port."
    ),
    "heading": (
        "Rows with only a name were read as headings, not as hosts: {where}. "
        "--bare-names reads them as hosts."
    ),
    "comment": "Rows that start with # were left out as comments: {where}.",
}


class Remarks:
    """Collects places; ``notes`` makes one sentence of each kind."""

    def __init__(self) -> None:
        self.line = 0
        self._counts = dict.fromkeys(_KINDS, 0)
        self._places: dict[str, list[str]] = {kind: [] for kind in _KINDS}

    def add(self, kind: str, text: str) -> None:
        """Note something about the line that is being read."""
        self._counts[kind] += 1
        if len(self._places[kind]) < SHOWN:
            self._places[kind].append(f"line {self.line} {quoted(text)}")

    def count(self, kind: str) -> int:
        return self._counts[kind]

    def notes(self) -> Iterator[str]:
        for kind, sentence in _KINDS.items():
            places, count = self._places[kind], self._counts[kind]
            if places:
                more = count - len(places)
                where = ", ".join(places) + (f" and {more:,} more" if more else "")
                yield sentence.format(where=where)
