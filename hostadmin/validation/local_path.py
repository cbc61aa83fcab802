"""Addresses that users send along: only paths of this server are ever followed."""

import re
from urllib.parse import unquote, urlsplit

# Browsers drop some of these from an address, and read a backslash as a slash.
STRANGE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2000-\u200f\u2028-\u202f\ufeff]")
STRANGE_DECODED = re.compile(r"[\x00-\x1f\x7f\\]|//")
MAX_LENGTH = 8192


def own_path(text: str | None) -> str | None:
    """Return the text if it is a path of this server, with its query; else None.

    ``//evil.example`` and all its spellings are addresses of others.
    """
    if not text or len(text) > MAX_LENGTH or not text.startswith("/"):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or STRANGE.search(text):
        return None
    # Of three slashes, parsing leaves one; the browser does not.
    path = re.split("[?#]", text, maxsplit=1)[0]
    if STRANGE_DECODED.search(unquote(path)):
        return None
    return text
