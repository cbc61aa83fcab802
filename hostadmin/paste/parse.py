"""From a text as it was copied from anywhere to the names that are in it.

Knows no database. What could be read in two ways is returned in both, likelier first.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..errors import InvalidValue
from ..limits import limits
from ..validation.addresses import Address, address_key, address_text, parse_address
from ..validation.numbers import MAX_PORT, whole_number
from ..validation.values import MAX_TEXT, name_key
from .ranges import has_range, single_words, without_lists

# Only what HTML knows, since <web-1> is a name in angle brackets.
_TAG = re.compile(
    r"</?(?:a|abbr|b|body|br|caption|code|dd|div|dl|dt|em|font|form|h[1-6]|head|hr|html|"
    r"i|img|input|label|li|meta|ol|option|p|pre|s|script|section|select|small|span|"
    r"strong|style|sub|sup|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_CELLS = re.compile(r"[,;|\t，；｜、]")  # noqa: RUF001 - wide ones, too
_BULLET = re.compile(r"(?:[-*+•·–—>]|\d{1,6}[.)])\s+")
_LINK = re.compile(r"\]\([^()\s]*\)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# What most names are, and nothing has to be taken off.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*[A-Za-z0-9_]")
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(\d{1,5}))?")
_QUOTES = "\"'`´‘’“”„«»"  # noqa: RUF001 - all that word processors put around
# So many words side by side are a sentence, or a list of names.
SENTENCE = 3
_OPENING = _QUOTES + "<({*"
_CLOSING = _QUOTES + ">)}*,;:!?"


# A tuple, like the cell: 100,000 of them are made and compared three times as fast.
class Name(NamedTuple):
    """One name, or address, with the port that stood behind it."""

    text: str
    key: str
    ip_key: str | None = None
    port: int | None = None
    # A word of a sentence around names: looked up, but offered as no new host.
    is_prose: bool = False


class Cell(NamedTuple):
    """What stood between two separators.

    It may be one name with blanks or odd signs in it, ``whole``, or else ``names``.
    """

    whole: Name | None
    names: tuple[Name, ...]


def read_pasted(text: str) -> list[Cell]:
    """Return what is in the text, each once and in its order.

    Raises ``InvalidValue`` where that is too much.
    """
    if len(text) > limits.pasted_characters:
        raise InvalidValue(
            f"More than {limits.pasted_characters:,} characters. Look up fewer names."
        )
    found: dict[Cell, None] = {}
    keys: set[str] = set()
    for cell in _cells(text):
        if cell not in found:
            found[cell] = None
            keys.update(name.key for name in cell.names)
            if len(keys) > limits.pasted_names:
                raise InvalidValue(
                    f"More than {limits.pasted_names:,} different names. Look up fewer."
                )
    return list(found)


def _cells(text: str) -> Iterator[Cell]:
    # The same again says nothing new, and may be there a million times.
    seen: set[str] = set()
    for line in text.splitlines():
        for part in _CELLS.split(without_lists(_plain(line))):
            if part in seen:
                continue
            seen.add(part)
            cell = _cell(part.strip())
            if cell is not None:
                yield cell


def _plain(line: str) -> str:
    """Return a line without comment, markup and what begins an item of a list."""
    if not line.isprintable():
        # No name has what cannot be seen, but web pages and terminals do.
        line = "".join(c for c in line if c.isprintable() or c.isspace())
    if "<" in line:
        line = _TAG.sub("\t", line)
    if "&" in line:
        line = html.unescape(line)
    if "#" in line:
        line = _COMMENT.sub("", line)
    if "](" in line:
        line = _LINK.sub("] ", line)
    line = line.strip()
    bullet = _BULLET.match(line)
    return line[bullet.end() :] if bullet else line


def _cell(text: str) -> Cell | None:
    if not text:
        return None
    words = text.split()
    names = tuple(_distinct(name for word in words for name in _names(word)))
    if len(words) >= SENTENCE:
        names = tuple(_in_sentence(name) for name in names)
    whole = _whole(text)
    # Most cells are one plain name, which cannot be read in another way.
    if whole is not None and len(names) == 1 and whole.key == names[0].key:
        whole = None
    return Cell(whole, names) if names or whole is not None else None


def _distinct(names: Iterable[Name | None]) -> Iterator[Name]:
    return iter(dict.fromkeys(name for name in names if name is not None))


def _whole(text: str) -> Name | None:
    """Return the text as one name, as it could be in the inventory."""
    text = " ".join(text.strip(_QUOTES).split())
    key = name_key(text)
    return Name(text, key) if key and len(text) <= MAX_TEXT else None


def _in_sentence(name: Name) -> Name:
    # Nearly all names of hosts have a digit, a dot, a dash or the like among letters.
    is_prose = name.text.isalpha() or name.text.isdecimal()
    return name._replace(is_prose=True) if is_prose else name


def _names(word: str) -> Iterator[Name | None]:
    """Yield the names and addresses that a word stands for: mostly one."""
    if _PLAIN.fullmatch(word):
        yield Name(word, word.lower())
        return
    for one in single_words(word):
        yield _name(one)


def _name(word: str) -> Name | None:
    """Return the name or address that is the heart of a word; None if there is none."""
    text, port = _bare(word)
    address = _address(text)
    if address is not None:
        shown = address_text(address)
        return Name(shown, shown.lower(), address_key(address), port)
    key = name_key(text)
    if not any(char.isalnum() for char in key):
        return None
    return Name(text, key, None, port)


def _bare(word: str) -> tuple[str, int | None]:
    """Return what is left of ``"ssh://root@[2001:db8::1]:22/path"``, and the port."""
    text = word.strip(_QUOTES).lstrip(_OPENING)
    scheme = _SCHEME.match(text)
    if scheme:
        text = re.split(r"[/?#\\]", text[scheme.end() :], maxsplit=1)[0]
    text = text.rpartition("@")[2].rstrip(_CLOSING)
    bracketed = _BRACKETED.match(text)
    if bracketed:
        return _without_zone(bracketed[1]), _port(bracketed[2])
    if not has_range(text):
        text = text.strip("[]" + _QUOTES).split("/", 1)[0].rstrip(_CLOSING)
    if text.count(":") == 1:
        text, _, port = text.partition(":")
        return text.rstrip("."), _port(port)
    return _without_zone(text).rstrip("."), None


def _without_zone(text: str) -> str:
    return text.partition("%")[0] if ":" in text else text


def _port(text: str | None) -> int | None:
    return whole_number(text, 1, MAX_PORT)


def _address(text: str) -> Address | None:
    if ":" not in text and not text[:1].isdigit():
        return None
    try:
        return parse_address(text)
    except InvalidValue:
        return None
