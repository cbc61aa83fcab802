"""MAC addresses, which every system writes in another way."""

import re

_DIGITS = re.compile(r"[0-9a-f]{12}", re.IGNORECASE)
_NOTATION = re.compile(
    r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"
    r"|[0-9a-f]{6}-[0-9a-f]{6}",
    re.IGNORECASE,
)


def is_mac(text: str) -> bool:
    """Whether the text can be nothing but a MAC address."""
    return _NOTATION.fullmatch(text) is not None


def spellings(text: str) -> tuple[str, ...]:
    """Return all that the address may be written as; nothing for another text.

    Twelve digits alone may as well be a serial number, which is no other text.
    """
    is_bare = _DIGITS.fullmatch(text) is not None and not text.isdecimal()
    if not is_bare and not is_mac(text):
        return ()
    digits = re.sub(r"[:.-]", "", text).lower()
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    fours = [digits[at : at + 4] for at in range(0, 12, 4)]
    sixes = [digits[:6], digits[6:]]
    small = [":".join(pairs), "-".join(pairs), ".".join(fours), "-".join(sixes), digits]
    return tuple(dict.fromkeys([*small, *(one.upper() for one in small)]))
