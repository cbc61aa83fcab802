"""Who deletes many types their number first, so that no second click does it."""

from flask import request

from ..bulk_edit import ASKED_ABOVE
from ..errors import InvalidValue


class WrongNumber(InvalidValue):
    """The number that was typed is not that of the hosts to be deleted."""


def asks_number(deleted: int) -> bool:
    return deleted > ASKED_ABOVE


def check_number(deleted: int) -> None:
    """Raise ``WrongNumber`` unless the form has the number, where one is asked for."""
    typed = request.form.get("number", "").replace(",", "").strip()
    if asks_number(deleted) and typed != str(deleted):
        raise WrongNumber(f"Type {deleted:,} to delete {deleted:,} hosts.")
