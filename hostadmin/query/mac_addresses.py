"""MAC addresses, which every system writes in another way."""

import re

_DIGITS = re.compile(r"[0-9a-f]{12}", re.IGNORECASE)
_NOTATION = re.compile(
    r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"
    r"|[0-9a-f]{6}-[0-9a-f]{6}",
    re.IGNORECASE,
)
# Two pairs may be a time of day; three are what tells the maker of a card.
_BEGINNING = re.compile(
    r"[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){1,3}\1?"
    r"|[0-9a-f]{4}\.[0-9a-f]{2}(?:[0-9a-f]{2}(?:\.[0-9a-f]{0,2})?)?",
    re.IGNORECASE,
)


def is_mac(text: str) -> bool:
    """Whether the text can be nothing but a MAC address."""
    return _NOTATION.fullmatch(text) is not None


def is_mac_beginning(text: str) -> bool:
    """Whether the text may be the first three pairs or more of a MAC address."""
    return _BEGINNING.fullmatch(text) is not None


def beginning_like(text: str, whole: str) -> str:
    """Return the beginning of a MAC address in the notation of a whole one."""
    digits = re.sub(r"[:.-]", "", text)
    sign = re.search(r"[:.-]", whole)
    if sign is None:
        return digits
    size = sign.start()
    return sign[0].join(digits[at : at + size] for at in range(0, len(digits), size))


def spellings(text: str) -> tuple[str, ...]:
    """Return how the address may be written in small letters; nothing for other texts.

    Twelve digits alone may as well be a serial number, which is no other text.
    """
    is_bare = _DIGITS.fullmatch(text) is not None and not text.isdecimal()
    if not is_bare and not is_mac(text):
        return ()
    digits = re.sub(r"[:.-]", "", text).lower()
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    fours = [digits[at : at + 4] for at in range(0, 12, 4)]
    sixes = [digits[:6], digits[6:]]
    return (":".join(pairs), "-".join(pairs), ".".join(fours), "-".join(sixes), digits)
