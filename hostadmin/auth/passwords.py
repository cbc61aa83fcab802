"""Passwords: which are good enough, and hashes that are slow to guess."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ..errors import Busy, InvalidValue

MAX_PASSWORD = 1024
# As many guesses as an attacker makes in two months at ten a minute.
TOO_FEW_GUESSES = 10**6
# zxcvbn takes long for long texts; what is good by its first part is good.
LOOKED_AT = 72

# Each check takes 64 MiB: two at a time, the others wait.
AT_ONCE = 2
WAIT_SECONDS = 10.0

_slots = threading.BoundedSemaphore(AT_ONCE)
# argon2id with the library's parameters, which follow RFC 9106.
_hasher = PasswordHasher()
_nobodys_hash: str | None = None


def use(hasher: PasswordHasher) -> None:
    """Use other parameters: cheap ones for tests."""
    global _hasher, _nobodys_hash
    _hasher, _nobodys_hash = hasher, None


def check_new_password(password: str, username: str, least: int) -> None:
    """Raise ``InvalidValue`` for what is easily guessed; nothing is trimmed."""
    if len(password) < least:
        raise InvalidValue(f"Use at least {least} characters.")
    if len(password) > MAX_PASSWORD:
        raise InvalidValue(f"Use at most {MAX_PASSWORD:,} characters.")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidValue("The password is not valid UTF-8 text.") from None
    # Its lists take some megabytes, for something that is rarely done.
    from zxcvbn import zxcvbn

    found = zxcvbn(password[:LOOKED_AT], user_inputs=[username])
    if found["guesses"] < TOO_FEW_GUESSES:
        raise InvalidValue(
            "This password is too easy to guess. Use several unrelated words."
        )


def hash_password(password: str) -> str:
    with _slot():
        return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether the password fits; without a hash it takes as long, and does not."""
    known = password_hash is not None and len(password) <= MAX_PASSWORD
    with _slot():
        try:
            _hasher.verify(
                password_hash if known and password_hash else _hash_of_nobody(),
                password[:MAX_PASSWORD].encode("utf-8", "surrogatepass"),
            )
        except (Argon2Error, InvalidHashError):
            return False
    return known


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def prepare() -> None:
    """Make what the first check would otherwise be slower by."""
    _hash_of_nobody()


def _hash_of_nobody() -> str:
    global _nobodys_hash
    if _nobodys_hash is None:
        _nobodys_hash = _hasher.hash("nobody's password")
    return _nobodys_hash


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Busy("Too many people are logging in. Try again in a moment.")
    try:
        yield
    finally:
        _slots.release()
