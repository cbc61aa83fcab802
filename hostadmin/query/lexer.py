"""The letters of a query: blanks, words, values, signs. Knows no field."""

import re
from typing import NoReturn

from ..errors import QueryError

# Signs such as $ are part of a word unless they begin an operator.
_SIGN = r"[!^$](?!=)"
_NAME = re.compile(rf"(?:[^\s\"'(),:=<>~!^$-]|{_SIGN})(?:[^\s\"(),:=<>~!^$]|{_SIGN})*")
_CHUNK = re.compile(rf"(?:[^\s\"'(),=<>~!^$]|{_SIGN})(?:[^\s\"(),=<>~!^$]|{_SIGN})*")
_OPERATOR = re.compile(r":(?:\s*(?:>=|<=|>|<))?|!=|\^=|\$=|<=|>=|==|=|<|>|~")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\\"'])")
_KEYWORD = re.compile(r"(and|or|not)(?=[\s()\"',]|$)", re.IGNORECASE)
_BLANKS = re.compile(r"\s*")
# Signs of other languages, and what they are here.
_FOREIGN = {"||": "or", "|": "or", "&&": "and", "&": "and", "!": "-"}
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "empty", "none"})


class Scanner:
    """A place in a text, and what is there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        # What was read last, for errors at the end of the text.
        self.last = ""

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self, end: int) -> str:
        self.last = self.text[self.position : end]
        self.position = end
        return self.last

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.position)

    def blanks_end(self, start: int) -> int:
        found = _BLANKS.match(self.text, start)
        return found.end() if found else start

    def skip_blanks(self) -> None:
        self.position = self.blanks_end(self.position)

    def keyword(self) -> str:
        """Return "and", "or" or "not" if one of these is here."""
        found = self.match(_KEYWORD)
        return found[1].lower() if found else ""

    def take_keyword(self, word: str) -> bool:
        self.skip_blanks()
        if self.keyword() != word:
            return False
        self.take(self.position + len(word))
        return True

    def take_sign(self, sign: str) -> bool:
        self.skip_blanks()
        if self.peek() != sign:
            return False
        self.take(self.position + 1)
        return True

    def name(self) -> str:
        """Return what could be the name of a field here: no sign is in it."""
        found = self.match(_NAME)
        return found[0] if found else ""

    def chunk(self) -> str:
        """Return what could be a value or an address here; colons may be in it."""
        found = self.match(_CHUNK)
        return found[0] if found else ""

    def operator(self) -> re.Match[str] | None:
        """Return the sign that follows; blanks may be before all but a colon."""
        found = self.match(_OPERATOR)
        if found is None:
            found = _OPERATOR.match(self.text, self.blanks_end(self.position))
            return None if found is None or found[0].startswith(":") else found
        return found

    def at_quotation(self) -> bool:
        return self.peek() in ('"', "'")

    def quotation(self) -> str:
        """Read a text in quotation marks, in which a backslash keeps a mark."""
        found = self.match(_QUOTED)
        if found is None:
            self.fail(
                "This quotation mark is not closed.",
                self.position,
                self.position + 1,
                expected=(f"another {self.peek()}",),
                fixed=self.text + self.peek(),
            )
        self.take(found.end())
        return _ESCAPED.sub(r"\1", found[1] if found[1] is not None else found[2])

    def close(self, start: int, message: str) -> None:
        if not self.take_sign(")"):
            self.fail(
                message,
                start,
                start + 1,
                expected=("“)”",),
                fixed=f"{self.text})" if self.at_end() else None,
            )

    def fail(
        self,
        message: str,
        start: int,
        end: int,
        hint: str = "",
        *,
        expected: tuple[str, ...] = (),
        fixed: str | None = None,
    ) -> NoReturn:
        raise QueryError(message, hint).at(self.text, start, end, expected, fixed)


def bare_value(value: str) -> bool:
    """Whether a value can be in a query without quotation marks."""
    found = _CHUNK.fullmatch(value)
    return found is not None and value.isprintable() and _is_free(value)


def bare_name(value: str) -> bool:
    """Whether a word or field can be in a query without quotation marks."""
    if _NAME.fullmatch(value) is None or foreign_sign(value):
        return False
    return value.isprintable() and _is_free(value)


def foreign_sign(word: str) -> tuple[str, str] | None:
    """Return the sign of another language that the word is or begins with, and ours.

    As words these would find nothing, or less than was asked for.
    """
    sign = "!" if word.startswith("!") else word
    return (sign, _FOREIGN[sign]) if sign in _FOREIGN else None


def _is_free(value: str) -> bool:
    return value.casefold() not in KEYWORDS and value != "*"


def quoted_text(value: str) -> str:
    """Return the value in quotation marks, as ``Scanner.quotation`` reads it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
