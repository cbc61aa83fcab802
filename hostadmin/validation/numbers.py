"""Whole numbers that are written as plain digits: ids, ports, sizes."""

MAX_ID = 2**31 - 1
MAX_BIG_ID = 2**63 - 1
MAX_PORT = 2**16 - 1


def whole_number(text: str | None, low: int, high: int) -> int | None:
    """Return the number if the text is one between these, else None."""
    text = text or ""
    # A length first: to read a very long number takes long.
    if text.isascii() and text.isdigit() and len(text) <= len(str(high)):
        number = int(text)
        return number if low <= number <= high else None
    return None
