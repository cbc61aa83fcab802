"""What can go wrong, in words; entry points make pages and exit codes of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class HostadminError(Exception):
    """Base of all errors whose text may be shown as it is."""


class InvalidValue(HostadminError):
    """One value breaks a rule; the text says which rule and what would be right."""


# A message that the name of its field begins: "is required."
_NEEDS_FIELD = re.compile(r"(?:are|belong|cannot|has|have|is|must|needs)\b")
# A message that begins with a plain word, and not with a name such as var.rack.
_PLAIN_WORD = re.compile(r"[a-z]+ ")


def after_field(message: str) -> str:
    """Return the message as it follows the name of its field."""
    return f" {message}" if _NEEDS_FIELD.match(message) else f": {message}"


def with_field(field: str, message: str) -> str:
    """Return the message as a sentence, with its field where it is none without."""
    if _NEEDS_FIELD.match(message):
        return f"{field} {message}"
    is_plain = _PLAIN_WORD.match(message)
    return f"{message[0].upper()}{message[1:]}" if is_plain else message


@dataclass(frozen=True)
class FieldError:
    field: str
    message: str
    # A word that says nothing where a value has to be: it may be given a meaning.
    word: str = ""


class InvalidInput(HostadminError):
    """One or more fields of an object are wrong; nothing was written."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(
            " ".join(f"{each.field}{after_field(each.message)}" for each in self.errors)
        )


class InvalidRows(HostadminError):
    """Rows of a file are wrong; nothing was written. Each says where it is."""

    def __init__(self, message: str, rows: Iterable[Any]) -> None:
        self.rows = tuple(rows)
        super().__init__(message)


class NotFound(HostadminError):
    """The object asked for is not there (any more)."""


class Deleted(NotFound):
    """The object was there once; ``deletion`` says who deleted it, and when."""

    def __init__(self, message: str, subject: str, id_: int, deletion: Any) -> None:
        self.subject = subject
        self.id = id_
        self.deletion = deletion
        super().__init__(message)


class Conflict(HostadminError):
    """The object was changed by somebody else since it was read."""


class QueryError(HostadminError):
    """A filter, query, sort or cursor that makes no sense. Never answered with rows.

    ``hint`` says what would be right, where that is known. ``value`` is the one at
    fault and ``instead`` what could be in its place. Errors of a query's text also
    say where: characters ``start`` up to, and without, ``end`` of ``text``; what was
    ``expected`` there; and the whole text ``fixed``, if that is known.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        value: str | None = None,
        instead: str | None = None,
    ) -> None:
        self.message = message
        self.hint = hint
        self.value = value
        self.instead = instead
        self.text: str | None = None
        self.start = self.end = 0
        self.expected: tuple[str, ...] = ()
        self.fixed: str | None = None
        super().__init__(f"{message} {hint}".strip())

    def at(
        self,
        text: str,
        start: int,
        end: int,
        expected: tuple[str, ...] = (),
        fixed: str | None = None,
    ) -> "QueryError":
        """Return the error with its place in the text of a query."""
        self.text, self.start, self.end = text, start, end
        self.expected = expected
        self.fixed = fixed
        if fixed is None and self.instead is not None:
            self.fixed = text[:start] + self.instead + text[end:]
        return self


class ConfigError(HostadminError):
    """A setting that cannot be used; the text is one line."""


class Busy(HostadminError):
    """The database is locked or away; the same call may work later."""


class OutcomeUnknown(HostadminError):
    """The database went away while it was saving: saved or not, nobody knows."""


class InvalidFile(HostadminError):
    """A file cannot be read at all; nothing of it was used."""
