"""The number of hosts that a form has to have before many are deleted."""

from flask import request

from ..bulk_edit import asks_number, is_number
from ..errors import InvalidValue


class WrongNumber(InvalidValue):
    """The number that was typed is not that of the hosts to be deleted."""


def check_number(deleted: int) -> None:
    """Raise ``WrongNumber`` unless the form has the number, where one is asked for."""
    if asks_number(deleted) and not is_number(request.form.get("number", ""), deleted):
        raise WrongNumber(f"Type {deleted:,} to delete {deleted:,} hosts.")
