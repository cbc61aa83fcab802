"""Which encoding a text is in that is not UTF-8: sure, or asked.

Bytes of a code page are letters in most other code pages, too. So each is tried on the
words with such bytes, and it is sure only where all that give sensible words agree.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from ..errors import InvalidFile
from ..validation.values import quoted

# What is looked at: so many lines with such bytes, and so much of each.
_MAX_LINES = 500
_MAX_BYTES = 4096
_SHOWN = 6

_HIGH = re.compile(rb"[\x80-\xff]")
# A word: what is no ASCII sign.
_WORD = re.compile(r"[^\x00-\x2f:-@\[-`{-\x7f]+")

# The code pages of Windows, of East Asia, and of old Macs. Others give sensible words
# too often that nobody meant; they are only offered.
_LIKELY = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp1257", "mac_roman", "gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
_OFFERED = ("cp850", "cp437", "cp852", "cp866", "koi8_r", "iso8859_2")


class UnsureEncoding(InvalidFile):
    """The text could be in several encodings: encoding → a word as it would read."""

    def __init__(self, message: str, guesses: dict[str, str]) -> None:
        self.guesses = guesses
        super().__init__(message)


def recognise(name: str, source: BinaryIO) -> tuple[str, str]:
    """Return the encoding of a text that is not UTF-8, and a word to look at.

    Raises ``UnsureEncoding`` with the guesses where it is not sure.
    """
    lines: list[bytes] = []
    first = 0
    for number, line in _high_lines(source):
        if _decoded(line, "utf-8") is not None:
            continue
        first = first or number
        lines.append(line[:_MAX_BYTES])
        if len(lines) == _MAX_LINES:
            break
    if _has_utf8(source):
        raise UnsureEncoding(
            f"{name}: line {first} has {_shown_bytes(lines[0])}, which are not UTF-8, "
            "unlike the rest of the file; correct that line, or name the encoding of "
            "the file with --encoding.",
            _first_words(_sensible(lines, _LIKELY)),
        )
    guesses = _sensible(lines, _LIKELY)
    if len(set(guesses.values())) == 1:
        encoding, words = next(iter(guesses.items()))
        return encoding, words[0]
    guesses = guesses or _sensible(lines, _OFFERED)
    question = _question(first, lines, guesses)
    raise UnsureEncoding(f"{name}: {question}", _first_words(guesses))


def _first_words(guesses: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return each encoding with a word in which it differs from most others."""
    if not guesses:
        return {}
    place = _telling_place(list(guesses.values()))
    return {name: words[place] for name, words in guesses.items()}


def _telling_place(readings: Sequence[tuple[str, ...]]) -> int:
    """Return the word in which most readings differ."""
    places = range(min(map(len, readings)))
    return max(places, key=lambda at: len({words[at] for words in readings}))


def decoding_error(name: str, source: BinaryIO, encoding: str) -> InvalidFile:
    """Return what to say of the first bytes that are not in this encoding."""
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 1
    while True:
        block = source.read(1024**2)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            number += before.count("\n")
            wrong = error.object[error.start : error.start + 4].hex(" ").upper()
            return InvalidFile(
                f"{name}: line {number} is not {encoding}: it has the bytes {wrong}. "
                "Save the file as UTF-8, or name its encoding with --encoding."
            )
        number += text.count("\n")
        if not block:
            return InvalidFile(f"{name}: is not {encoding}; save the file as UTF-8.")


def _question(
    first: int, lines: Sequence[bytes], guesses: dict[str, tuple[str, ...]]
) -> str:
    if not guesses:
        return (
            f"line {first} has {_shown_bytes(lines[0])}, which are not UTF-8; save "
            "the file as UTF-8, or name its encoding with --encoding."
        )
    names: dict[tuple[str, ...], str] = {}
    for encoding, words in guesses.items():
        names.setdefault(words, encoding)
    place = _telling_place(list(names))
    shown = [f"{name} ({quoted(words[place], 30)})" for words, name in names.items()]
    return (
        f"line {first} is not UTF-8, and its encoding could be "
        f"{' or '.join(shown[:_SHOWN])}. Choose with --encoding, such as --encoding "
        f"{next(iter(names.values()))}."
    )


def _high_lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each line that has other bytes than ASCII."""
    source.seek(0)
    number = 0
    while line := source.readline(1024**2):
        number += 1
        if _HIGH.search(line):
            yield number, line


def _has_utf8(source: BinaryIO) -> bool:
    lines = (line for _, line in _high_lines(source))
    return any(_decoded(line, "utf-8") is not None for line in lines)


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _shown_bytes(line: bytes) -> str:
    found = _HIGH.search(line)
    start = found.start() if found else 0
    return f"the bytes {line[start : start + 4].hex(' ').upper()}"


def _sensible(
    lines: Sequence[bytes], encodings: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the encodings in which all words make sense, with the words."""
    found: dict[str, tuple[str, ...]] = {}
    for encoding in encodings:
        texts = [_decoded(line, encoding) for line in lines]
        words = tuple(
            word
            for text in texts
            for word in _WORD.findall(text or "")
            if not word.isascii()
        )
        if None not in texts and words and _fits(encoding, words):
            found[encoding] = words
    return found


# ---- what makes sense

_KANA = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")


def _fits(encoding: str, words: Sequence[str]) -> bool:
    check = _EAST_ASIAN.get(encoding)
    if check is None:
        return all(map(_is_word, words))
    letters = "".join(words)
    wide = [char for char in letters if not char.isascii()]
    return (
        not any(re.search(r"[a-zA-Z][^\x00-\x7f][a-zA-Z]", word) for word in words)
        and all(map(str.isprintable, wide))
        and _NO_LETTERS.isdisjoint(map(unicodedata.category, wide))
        and check(wide)
    )


def _is_word(word: str) -> bool:
    """Whether a word of an alphabet could be meant."""
    scripts = {_script(char) for char in word if char.isalpha()}
    return (
        word.isprintable()
        and len(scripts) <= 1
        and not (scripts == {"LATIN"} and len(word) > 1 and not _has_ascii(word))
        and not _ODD.search(word)
        and not _changes_case(word)
        and not (scripts and any(map(_is_no_letter, word)))
    )


# A sign between letters or a trade mark before one, a Greek sigma of the end in the
# middle, and letters that only a Mac has.
_ODD = re.compile(
    "\\w[^\\w\u2019\u00b7-]\\w|[\u00ae\u00a9\u2122]\\w|\u03c2\\w"
    "|[\u0192\ufb01\ufb02\u0131\u02dc]"
)
_NO_LETTERS = frozenset(("Co", "Cn", "Sk", "Sm", "Sc", "So", "Mn", "No"))


def _is_no_letter(char: str) -> bool:
    return unicodedata.category(char) in _NO_LETTERS and char not in "°€™®©"


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split(" ")[0]


def _has_ascii(word: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in word)


def _changes_case(word: str) -> bool:
    """Whether a letter that is not ASCII is a capital in the middle of small ones."""
    padded = f"{word} "
    return any(
        before.isalpha()
        and char.isupper()
        and not char.isascii()
        and (before.islower() or after.islower())
        for before, char, after in zip(padded, padded[1:], padded[2:], strict=False)
    )


def _share(chars: Sequence[str], fits: Callable[[str], bool]) -> float:
    letters = [char for char in chars if char.isalpha()]
    return sum(map(fits, letters)) / len(letters) if letters else 0


def _leads_within(encoding: str, first: int, last: int) -> Callable[[str], bool]:
    """Return whether a character is in the part of a charset that is in daily use."""

    def is_common(char: str) -> bool:
        try:
            code = char.encode(encoding)
        except UnicodeEncodeError:
            return False
        return len(code) == 2 and first <= code[0] <= last

    return is_common


def _is_chinese(chars: Sequence[str]) -> bool:
    return _share(chars, _leads_within("gb2312", 0xB0, 0xD7)) >= 0.9


def _is_traditional(chars: Sequence[str]) -> bool:
    return _share(chars, _leads_within("big5", 0xA4, 0xC6)) >= 0.95


def _is_japanese(chars: Sequence[str]) -> bool:
    common = _leads_within("euc_jp", 0xB0, 0xCF)
    kana = _share(chars, lambda char: _script(char) in _KANA)
    return (
        kana > 0
        and _share(chars, lambda char: _script(char) in _KANA or common(char)) >= 0.95
    )


def _is_shift_jis(chars: Sequence[str]) -> bool:
    narrow = any("HALFWIDTH" in unicodedata.name(char, "") for char in chars)
    common = _leads_within("euc_jp", 0xB0, 0xCF)
    return (
        not narrow
        and _share(chars, lambda char: _script(char) in _KANA or common(char)) >= 0.95
    )


def _is_korean(chars: Sequence[str]) -> bool:
    return _share(chars, _leads_within("euc_kr", 0xB0, 0xC8)) >= 0.95


_EAST_ASIAN: dict[str, Callable[[Sequence[str]], bool]] = {
    "gb18030": _is_chinese,
    "big5": _is_traditional,
    "cp932": _is_shift_jis,
    "euc_jp": _is_japanese,
    "cp949": _is_korean,
}
