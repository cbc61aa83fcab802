"""Who asks: a person with a session, or a tool with a token."""

from dataclasses import dataclass

from ..validation.accounts import Role


@dataclass(frozen=True)
class Identity:
    """What a request is done as.

    ``account_id`` is None for a token that was made on the server's shell. Only people
    have a session.
    """

    name: str
    role: Role
    account_id: int | None = None
    session_id: int | None = None
    token_id: int | None = None
    read_only: bool = False
    theme: str | None = None
