"""Names that stand for several: ``web[1-3]``, ``10.0.0.1-5``, ``web-1/web-2``."""

import ipaddress
import re
from collections.abc import Iterator

# A longer range stays as it is written: not found, and told so.
MOST = 256

_RANGE = re.compile(
    r"[\[{](?:(\d{1,9})(?:-|:|\.\.)(\d{1,9})|([a-z])(?:-|:|\.\.)([a-z]))[\]}]",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(
    r"((?:\d{1,3}\.){3})(\d{1,3})[-–](?:((?:\d{1,3}\.){3}))?(\d{1,3})",
    re.ASCII,
)
_MASK = re.compile(r"\d{1,3}|255(?:\.\d{1,3}){3}", re.ASCII)


def has_range(word: str) -> bool:
    """Whether a range stands beside something else: [1:2] alone is none."""
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
