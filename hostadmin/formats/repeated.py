"""Which of many texts occur more than once, in eight bytes each."""

from array import array
from collections.abc import Iterable
from itertools import pairwise


class Repeated:
    """Gets all texts first, and is asked then.

    It goes by hash: one of a million texts may be taken for a repeated one.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        hashes = array("q", map(hash, texts))
        self._found = {one for one, next_ in pairwise(sorted(hashes)) if one == next_}

    def __contains__(self, text: str) -> bool:
        return hash(text) in self._found

    def __bool__(self) -> bool:
        return bool(self._found)
