"""What an account and a token may be called, and which roles there are."""

import enum
import re
import unicodedata

from ..errors import InvalidValue
from .values import clean_text, quoted

MAX_USERNAME = 64
MAX_TOKEN_NAME = 64

# ASCII alone: letters of other scripts look like these, and differ.
# No flag to ignore case: with it, a Turkish dotless i is an i.
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


class Role(enum.Enum):
    """What an account may do; each holds the one before. Values are stored."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Whether anyone who has this role may do all that the other may."""
        return ROLES.index(self) >= ROLES.index(other)


ROLES = tuple(Role)


def clean_role(value: object) -> Role:
    """Return the role of that name. Raises ``InvalidValue``."""
    try:
        return Role(value)
    except ValueError:
        known = ", ".join(role.value for role in ROLES)
        raise InvalidValue(
            f"{quoted(value)} is not a role. Use one of: {known}."
        ) from None


def username_key(name: str) -> str:
    """Return the form under which a typed name finds its account."""
    if len(name) > MAX_USERNAME:
        # No account is called so, and normalizing takes time with its square.
        return name
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_username(text: str) -> bool:
    """Whether an account can have that name; others need not be looked for."""
    return len(text) <= MAX_USERNAME and _USERNAME.fullmatch(text) is not None


def clean_username(value: object) -> str:
    """Return a name to log in with. Raises ``InvalidValue``."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise InvalidValue("Enter a name.")
    if len(text) > MAX_USERNAME:
        raise InvalidValue(f"Use at most {MAX_USERNAME} characters.")
    if not _USERNAME.fullmatch(text):
        raise InvalidValue(
            f"{quoted(text)} is not a valid name. Use letters a–z, digits and . _ - "
            "@ +, starting with a letter or digit."
        )
    return text


def clean_token_name(value: object) -> str:
    """Return what a token is called. Raises ``InvalidValue``."""
    text = clean_text(value)
    if text is None:
        raise InvalidValue("Enter a name that says what the token is for.")
    if len(text) > MAX_TOKEN_NAME:
        raise InvalidValue(f"Use at most {MAX_TOKEN_NAME} characters.")
    return text
