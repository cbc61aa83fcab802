"""New names and passwords as forms send them: checked, and only then hashed."""

from flask import current_app, request

from ..auth import accounts, passwords
from ..config import Settings
from ..errors import FieldError, InvalidInput, InvalidValue

# More is no name, and not looked at.
MAX_NAME = 255
PASSWORD, AGAIN = "password", "again"


def least_length() -> int:
    settings: Settings = current_app.extensions["hostadmin"]
    return settings.password_length


def sent_username() -> str:
    return request.form.get("username", "")[:MAX_NAME]


def checked_account() -> tuple[str, str]:
    """Return name and hash of an account that can be made.

    Raises ``InvalidInput`` with all that is wrong.
    """
    errors: list[FieldError] = []
    name, password_hash = sent_username(), ""
    try:
        name = accounts.check_new_name(name)
    except InvalidInput as error:
        errors += error.errors
    try:
        password_hash = checked_password(name)
    except InvalidInput as error:
        errors += error.errors
    if errors:
        raise InvalidInput(errors)
    return name, password_hash


def checked_password(username: str) -> str:
    """Return the hash of a new password that is in two fields of the form."""
    password = request.form.get(PASSWORD, "")
    try:
        passwords.check_new_password(password, username, least_length())
    except InvalidValue as error:
        raise InvalidInput([FieldError(PASSWORD, str(error))]) from None
    if request.form.get(AGAIN, "") != password:
        raise InvalidInput([FieldError(AGAIN, "The passwords do not match.")])
    return passwords.hash_password(password)


def keeps_tokens() -> bool:
    """Whether somebody took the tick away that ends the tokens of the account."""
    return request.form.get("end_tokens") != "1"


def messages(error: InvalidInput) -> dict[str, str]:
    """Return the field's name → what is wrong with it."""
    return {item.field: item.message for item in error.errors}
