"""Who deletes many types their number first, so that no second click or key does it."""

ASKED_ABOVE = 50


def asks_number(deleted: int) -> bool:
    return deleted > ASKED_ABOVE


def is_number(typed: str, number: int) -> bool:
    """Whether somebody typed this number, with or without commas."""
    return typed.replace(",", "").strip() == str(number)
