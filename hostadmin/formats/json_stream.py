"""JSON in pieces: record by record, with line numbers and within limits."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import InvalidFile, InvalidValue, after_field
from ..validation.values import quoted

# Notes and variables have 64 KiB each, and JSON may write a character as six.
MAX_RECORD = 4 * 1024**2
# A value may take a hundred bytes of memory for two of text.
MAX_VALUES = 5_000_000
_BLOCK = 256 * 1024
_BLANKS = " \t\r\n"
_BLANK = re.compile(rf"[{_BLANKS}]*")


class Decoder:
    """Decodes values, and remembers names that stood twice in one object."""

    def __init__(self) -> None:
        self._doubles: list[str] = []
        self._json = json.JSONDecoder(object_pairs_hook=self._object)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            self._doubles += {name for name in names if names.count(name) > 1}
        return found

    def value_at(self, text: str, position: int) -> tuple[Any, int]:
        """Return a value and where it ends. Raises ``ValueError``."""
        try:
            return self._json.raw_decode(text, position)
        except RecursionError:
            raise InvalidValue("is nested too deeply.") from None

    def doubles(self) -> list[str]:
        """Return what stood twice since this was last asked."""
        found, self._doubles = self._doubles, []
        return found


def whole(name: str, text: str) -> Any:
    """Return the one value of a text. Raises ``InvalidFile``, for double names too."""
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise InvalidFile(f"{name}: has over {MAX_VALUES:,} values; split the file.")
    decoder = Decoder()
    start = len(text) - len(text.lstrip("\ufeff" + _BLANKS))
    try:
        value, end = decoder.value_at(text, start)
    except InvalidValue as error:
        raise InvalidFile(f"{name}: {error}") from None
    except ValueError as error:
        said = after_field(in_words(error))
        raise InvalidFile(f"{name}: line {line_of(error)}{said}") from None
    if text[end:].strip(_BLANKS):
        line = text.count("\n", 0, end) + 1
        raise InvalidFile(f"{name}: line {line} has text after the end of the JSON.")
    if doubles := decoder.doubles():
        raise InvalidFile(f"{name}: {twice(doubles)}")
    return value


def in_words(error: ValueError) -> str:
    """Return what is wrong with a text."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON: {error.msg}, at column {error.colno}."
    return "has a number of thousands of digits."


def line_of(error: ValueError) -> int:
    return error.lineno if isinstance(error, json.JSONDecodeError) else 1


def twice(names: list[str]) -> str:
    return f"the name {quoted(names[0])} appears twice in one object."


class Stream:
    """One JSON value, taken apart from outside to inside."""

    def __init__(self, name: str, pieces: Iterable[str]) -> None:
        self._name = name
        self._pieces = iter(pieces)
        self._text = ""
        self._position = 0
        self._counted = 0
        self._line = 1
        self._ended = False
        self._decoder = Decoder()

    @property
    def line(self) -> int:
        """The line of what comes next, once ``peek`` was asked."""
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def doubles(self) -> list[str]:
        return self._decoder.doubles()

    def refused(self, message: str) -> InvalidFile:
        return InvalidFile(f"{self._name}: line {self.line}{after_field(message)}")

    def peek(self) -> str:
        """Return the next character that is no blank, or nothing at the end."""
        while True:
            blanks = _BLANK.match(self._text, self._position)
            self._position = blanks.end() if blanks else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._fill():
                return ""

    def take(self, char: str) -> None:
        if self.peek() != char:
            raise self.refused(f"is not valid JSON: “{char}” is missing.")
        self._position += 1

    def value(self) -> Any:
        """Return the next value whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.value_at(self._text, self._position)
            except InvalidValue as error:
                raise self.refused(str(error)) from None
            except ValueError as error:
                if self._may_grow() and self._fill():
                    self._decoder.doubles()
                    continue
                raise self._not_json(error) from None
            # A number may go on.
            if end == len(self._text) and not isinstance(value, dict | list | str):
                self._decoder.doubles()
                if self._fill():
                    continue
            self._position = end
            return value

    def names(self) -> Iterator[str]:
        """Yield the names of an object; the caller takes each value in between."""
        self.take("{")
        while self.peek() not in ("}", ""):
            name = self.value()
            if not isinstance(name, str):
                raise self.refused("is not valid JSON: names must be in quotes.")
            self.take(":")
            yield name
            if self.peek() != "}":
                self.take(",")
        self.take("}")

    def items(self) -> Iterator[tuple[int, Any]]:
        """Yield line and value of each item of a list."""
        for line in self.places():
            yield line, self.value()

    def places(self) -> Iterator[int]:
        """Yield the line of each item of a list; the caller takes each in between."""
        self.take("[")
        while self.peek() not in ("]", ""):
            yield self.line
            if self.peek() != "]":
                self.take(",")
        self.take("]")

    def _may_grow(self) -> bool:
        return len(self._text) - self._position < MAX_RECORD

    def _not_json(self, error: ValueError) -> InvalidFile:
        if not self._may_grow():
            return self.refused(
                f"is not valid JSON, or a record has over {MAX_RECORD:,} characters."
            )
        before = self._line - self._text.count("\n", 0, self._counted)
        line = before - 1 + line_of(error)
        return InvalidFile(f"{self._name}: line {line}{after_field(in_words(error))}")

    def _fill(self) -> bool:
        """Read on, at least as much as is there already."""
        if self._ended:
            return False
        _ = self.line
        rest = self._text[self._position :]
        found = [rest]
        size = 0
        for piece in self._pieces:
            found.append(piece)
            size += len(piece)
            if size >= max(_BLOCK, len(rest)):
                break
        else:
            self._ended = True
        self._text = "".join(found)
        self._position = self._counted = 0
        return size > 0
