"""JSON as it is in a column, read so that no cell can stop a whole file."""

import json
import math
import re
from typing import Any

from ..validation.json_values import MAX_DEPTH

# What most hosts have: an object of short values, as we write it, without an escape.
# To see that takes a third of the time of reading and writing it anew.
_STRING = r'"[^"\\\x00-\x1f]*"'
_VALUE = rf"(?:{_STRING}|-?(?:0|[1-9]\d{{0,14}})|true|false|null)"
_SIMPLE = re.compile(rf"\{{(?:{_STRING}: {_VALUE}(?:, (?=\")|(?=\}})))*\}}")


class JsonCells:
    """Reads cells, and counts what no way in would have taken.

    ``unread`` is how many objects could not be read, or numbers that JSON cannot hold:
    they are left out, or null.
    """

    def __init__(self) -> None:
        self.unread = 0
        decoder = json.JSONDecoder(
            parse_constant=self._no_number, parse_float=self._float
        )
        # Reads from a place on; to look for blanks around it takes as long again.
        self._scan = decoder.raw_decode
        self._decode = decoder.decode

    def object(self, text: str | None) -> dict[str, Any]:
        """Return the object in a cell; an empty one where there is none."""
        if text is None or text == "{}":
            return {}
        try:
            found, end = self._scan(text)
            if end < len(text):
                found = self._decode(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and not (
            text.count("{") + text.count("[") > MAX_DEPTH and _is_deep(found)
        ):
            return found
        self.unread += 1
        return {}

    def text(self, text: str | None) -> str:
        """Return the object in a cell as text that is JSON for sure."""
        if text is not None and _SIMPLE.fullmatch(text):
            return text
        return json.dumps(self.object(text), ensure_ascii=False)

    def _float(self, text: str) -> float | None:
        value = float(text)
        if math.isfinite(value):
            return value
        self.unread += 1
        return None

    def _no_number(self, _text: str) -> None:
        self.unread += 1


def _is_deep(value: Any) -> bool:
    """Whether more lies inside each other than may: writers would run out of stack."""
    inside = [value]
    for _ in range(MAX_DEPTH + 1):
        inside = [
            item
            for outer in inside
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
    return bool(inside)
