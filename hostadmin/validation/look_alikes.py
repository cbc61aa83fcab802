"""Names of hosts that look the same, or are the same to DNS, and are not equal."""

import re
import unicodedata

from .values import fold_name

# What is drawn like a Latin letter, or like a dash; other letters mislead nobody.
_CONFUSED = str.maketrans(
    "аеорсухѕіјһԁԛԝոսαονρυικ‐‑‒–—―−﹣",
    "aeopcyxsijhdqwnuaovpuik--------",
)
_QUOTES = "\"'`´‘’“”„«»<>"
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
PUNYCODE = "xn--"
# What is in a name that looks like another one, besides letters beyond ASCII.
ODD_SIGNS = (PUNYCODE, "/", '"', "'", "`", "<")


def skeleton(name: str) -> str:
    """Return what is left of a name for the eye: the same for all that look alike."""
    text = fold_name(name).strip(_QUOTES)
    text = _SCHEME.sub("", text).rstrip("/").strip(_QUOTES)
    text = ".".join(map(_decoded, text.split(".")))
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_CONFUSED)
    return unicodedata.normalize("NFC", plain)


def _decoded(label: str) -> str:
    """Return what a label of DNS stands for in letters, or the label itself."""
    if not label.startswith(PUNYCODE):
        return label
    try:
        return label.removeprefix(PUNYCODE).encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label
