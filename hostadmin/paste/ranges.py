"""Names that stand for several: ``web[1-3,7]``, ``10.0.0.1-5``, ``web-1/web-2``."""

import ipaddress
import itertools
import re
from collections.abc import Iterator

# A longer range stays as it is written: not found, and shown as such.
MOST = 256

_RANGE = re.compile(
    r"[\[{](?:(\d{1,9})(?:-|:|\.\.)(\d{1,9})|([a-z])(?:-|:|\.\.)([a-z]))[\]}]",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(
    r"((?:\d{1,3}\.){3})(\d{1,3})[-–](?:((?:\d{1,3}\.){3}))?(\d{1,3})",
    re.ASCII,
)
# A word with lists in it, as Slurm, ClusterShell and shells write them.
_ITEM = r"\w{1,9}(?:-\w{1,9})?"
_LIST = re.compile(rf"[\[{{]({_ITEM}(?:,{_ITEM})+)[\]}}]")
_WITH_LISTS = re.compile(r"(?:[^\s,;|\[\]{}]|[\[{][^\s\[\]{}]*[\]}])+")
_SPACED = re.compile(
    r"((?:\d{1,3}\.){3}\d{1,3})\s+(?:[-–—]|to|bis|through)\s+"
    r"((?:\d{1,3}\.){3}\d{1,3})(?![\w.])",
    re.ASCII | re.IGNORECASE,
)
_MASK = re.compile(r"\d{1,3}|255(?:\.\d{1,3}){3}", re.ASCII)


def without_lists(line: str) -> str:
    """Return a line with ``web1 web[3-5]`` for ``web[1,3-5]``, and ranges as one word.

    Commas and blanks would part them.
    """
    if "[" in line or "{" in line:
        line = _WITH_LISTS.sub(lambda found: _each_listed(found[0]), line)
    return _SPACED.sub(r"\1-\2", line) if "." in line else line


def _each_listed(word: str) -> str:
    parts = _LIST.split(word)
    # Alone in brackets it is a list of names, whose commas part them anyway.
    if len(parts) == 1 or not any(parts[::2]):
        return word
    choices = [
        [f"[{item}]" if "-" in item else item for item in part.split(",")]
        if place % 2
        else [part]
        for place, part in enumerate(parts)
    ]
    number = 1
    for several in choices:
        number *= len(several)
        if number > MOST:
            return word
    return " ".join(map("".join, itertools.product(*choices)))


def has_range(word: str) -> bool:
    """Whether a range is beside something else: [1:2] alone is none."""
    found = _RANGE.search(word)
    return found is not None and found[0] != word


def single_words(word: str) -> Iterator[str]:
    """Yield the words that a word stands for, itself if that is one."""
    for part in _between_slashes(word):
        yield from _expanded(part) or [part]


def _between_slashes(word: str) -> list[str]:
    # Of a URL, or of a file on a host, only the host is asked for.
    if "/" not in word or "@" in word or ":/" in word:
        return [word]
    first, *others = word.split("/")
    if "." in first or ":" in first:
        others = [part for part in others if not _MASK.fullmatch(part)]
    return [first, *others]


def _expanded(word: str) -> list[str]:
    """Return all that a range stands for; nothing where there is none, or too much."""
    if found := _ADDRESSES.fullmatch(word):
        return _addresses(found)
    if not has_range(word):
        return []
    words = [word]
    while found := _RANGE.search(words[0]):
        middles = _middles(found)
        if not middles or len(words) * len(middles) > MOST:
            return []
        words = [_RANGE.sub(each, one, 1) for one in words for each in middles]
    return words


def _middles(found: re.Match[str]) -> list[str]:
    if found[1]:
        low, high, width = int(found[1]), int(found[2]), len(found[1])
        # web[01-10] are web01 to web10; the first one tells how many digits.
        pad = width if found[1].startswith("0") else 0
        return [f"{n:0{pad}}" for n in range(low, min(high, low + MOST) + 1)]
    return [chr(code) for code in range(ord(found[3]), ord(found[4]) + 1)]


def _addresses(found: re.Match[str]) -> list[str]:
    try:
        first = ipaddress.IPv4Address(f"{found[1]}{found[2]}")
        last = ipaddress.IPv4Address(f"{found[3] or found[1]}{found[4]}")
    except ValueError:
        return []
    if not 0 <= int(last) - int(first) < MOST:
        return []
    return [str(first + step) for step in range(int(last) - int(first) + 1)]
