"""What a value may be: names, texts, ports and words; the same for every way in.

Each ``clean_*`` function takes what a form, file or command gave, and returns the
value to store or raises ``InvalidValue``. It knows no database.
"""

import enum
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import InvalidValue, after_field

MAX_TEXT = 255
MAX_ALIASES = 64
MAX_BYTES = 64 * 1024
DEFAULT_PORT = 22
# Longer than any name or term in any of its forms.
LONGEST_FOLDED = 4 * MAX_TEXT
# From 0 to 100: how much alike two words are of which one may mean the other.
NEAR = 60

RESERVED_GROUPS = frozenset({"all", "ungrouped"})

# Unicode's spaces: at the ends they cannot be seen, inside they look like any other.
_SPACES = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
_SPACES += "\u202f\u205f\u3000"
_BLANKS = _SPACES + "\t"
_TO_SPACE = dict.fromkeys(map(ord, _SPACES), " ")
# Letters and marks by category, but nothing is drawn.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"


class HostStatus(enum.Enum):
    """Where a host is in its life. Values are stored, so never rename one."""

    ACTIVE = "active"
    STAGED = "staged"
    MAINTENANCE = "maintenance"
    OFFLINE = "offline"
    RETIRED = "retired"


def plain(value: Any) -> Any:
    """Return a value as the history and JSON have it: of a status, its word."""
    return value.value if isinstance(value, enum.Enum) else value


STATUSES = tuple(status.value for status in HostStatus)
# Words of other inventories, such as NetBox. They are suggested and never taken: what
# somebody means by them is not ours to say.
_IN_USE = (
    *("up", "online", "running", "live", "in use", "in service", "in production"),
    *("powered on", "poweredon", "production", "enabled"),
)
_OUT_OF_USE = (
    *("failed", "inactive", "down", "stopped", "disabled", "powered off", "poweredoff"),
    *("terminated", "deallocated", "suspended", "shut down", "not running", "shutoff"),
)
_OTHER_STATUSES = {
    **dict.fromkeys(_IN_USE, "active"),
    **dict.fromkeys(("planned", "provisioning", "deploying", "new"), "staged"),
    **dict.fromkeys(_OUT_OF_USE, "offline"),
    "inventory": "offline",
    **dict.fromkeys(
        ("decommissioning", "decommissioned", "deprecated", "deleted"), "retired"
    ),
}


def fold(text: str) -> str:
    """Return the form under which two spellings count as the same.

    A text that is longer than any value is not normalized: that takes time with the
    square of its combining signs, and it equals nothing that is kept.
    """
    if text.isascii():
        return text.lower()
    if len(text) > LONGEST_FOLDED:
        return text.casefold()
    text = unicodedata.normalize("NFC", text.translate(_TO_SPACE))
    return unicodedata.normalize("NFC", text.casefold())


def fold_name(text: str) -> str:
    """Return the form under which two names of hosts count as the same, as in DNS.

    That knows upper and lower case, and no more: "straße" is not "strasse".
    """
    if text.isascii() or len(text) > LONGEST_FOLDED:
        return text.lower()
    text = unicodedata.normalize("NFC", text.translate(_TO_SPACE))
    # Letter by letter: what ends a word has no form of its own there.
    return unicodedata.normalize("NFC", "".join(map(str.lower, text)))


# Letters that are another one with a stroke, which Unicode does not take apart.
_STROKES = str.maketrans("đøłħŧı", "dolhti")
# Before any character that a text can hold. It ends each key: MariaDB compares texts as
# if blanks followed them, which come later.
_FIRST = "\x01"
SORT_KEY_LENGTH = 2 * MAX_TEXT + 1


def sort_key(text: str) -> str:
    """Return a text whose plain order knows neither case nor accents.

    Texts that differ in accents alone follow each other, the one without any first.
    """
    folded = fold(text)
    if folded.isascii():
        return folded + _FIRST
    apart = unicodedata.normalize("NFD", folded.translate(_STROKES))
    letters = "".join(c for c in apart if not unicodedata.combining(c))
    plain = unicodedata.normalize("NFC", letters)[:MAX_TEXT]
    return plain + _FIRST + ("" if plain == folded else folded)


def term_order(value: str | None) -> str | None:
    """Return where a short text comes in an order of hosts; None where it is empty."""
    return None if value is None else sort_key(value)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be."""
    return next(iter(nearest_few(word, known, 1)), None)


def nearest_few(word: str, known: Iterable[str], most: int) -> list[str]:
    """Return the known words that ``word`` could be meant to be, the nearest first."""
    if len(word) > MAX_TEXT:
        return []
    by_fold = {fold(candidate): candidate for candidate in known}
    from rapidfuzz import fuzz, process

    found = process.extract(
        fold(word), by_fold.keys(), scorer=fuzz.ratio, score_cutoff=NEAR, limit=most
    )
    return [by_fold[key] for key, _score, _place in found]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence with the nearest known word, or nothing."""
    found = nearest(word, known)
    return f"Did you mean “{found}”?" if found else ""


def quoted(value: object, limit: int = 60) -> str:
    """Return the value in quotation marks, cut and safe to print on one line."""
    try:
        given = str(value)
    except ValueError:
        # Python prints no whole number of over 4,300 digits.
        given = "a number of thousands of digits"
    # Cut first, too: it may have millions of characters.
    text = "".join(
        char if char.isprintable() else f"\\u{ord(char):04x}"
        for char in given[: limit + 1]
    )
    return f"“{text[:limit]}…”" if len(text) > limit else f"“{text}”"


def refuse_unprintable(text: str, *, multiline: bool) -> None:
    """Refuse what a person cannot see: it makes two equal-looking values differ.

    Text over several lines may hold tabs, line ends and format characters (the
    joiners of emoji and of some scripts); names may not.
    """
    if text.isprintable() and (text.isascii() or not _has_unseen(text)):
        return
    for position, char in enumerate(text, start=1):
        category = unicodedata.category(char)
        if multiline and (char in "\t\n\r" or category == "Cf"):
            continue
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or (
            char in _UNSEEN and not multiline
        ):
            name = unicodedata.name(char, "a control character")
            raise InvalidValue(
                f"character {position} is U+{ord(char):04X} ({name.lower()}), "
                "which is invisible. Remove it."
            )


def _has_unseen(text: str) -> bool:
    return any(char in text for char in _UNSEEN)


def is_blank(value: object) -> bool:
    """Whether nothing was given, or nothing that can be seen."""
    return value is None or (isinstance(value, str) and not value.strip(_BLANKS))


def trimmed(value: object) -> str:
    """Return a text without blanks around it, all of which can be seen."""
    if not isinstance(value, str):
        raise InvalidValue(f"{quoted(value)} is not text.")
    # str.strip() would also take line ends and other control characters away
    # silently; these are refused instead.
    text = value.strip(_BLANKS)
    refuse_unprintable(text, multiline=False)
    return text


def clean_text(value: object) -> str | None:
    """Return a short text, or None where it is empty."""
    if value is None:
        return None
    text = trimmed(value)
    if len(text) > MAX_TEXT:
        raise InvalidValue(f"must have at most {MAX_TEXT} characters, not {len(text)}.")
    return text or None


def clean_reason(value: object) -> str | None:
    """Return what somebody wrote into the field "Reason", or None."""
    try:
        return clean_text(value)
    except InvalidValue as error:
        raise InvalidValue(f"Reason{after_field(str(error))}") from None


def clean_term(value: object) -> str | None:
    """Return a short text that the vocabulary can hold, or None where it is empty."""
    text = clean_text(value)
    if text is not None and len(fold(text)) > MAX_TEXT:
        raise InvalidValue("is too long (with case ignored).")
    return text


def clean_view_name(value: object) -> str:
    """Return the name of a saved view."""
    name = clean_term(value)
    if name is None:
        raise InvalidValue("is required.")
    return name


def clean_notes(value: object) -> str | None:
    """Return the notes exactly as given, or None where they are empty."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidValue(f"{quoted(value)} is not text.")
    refuse_unprintable(value, multiline=True)
    size = len(value.encode())
    if size > MAX_BYTES:
        raise InvalidValue(f"must have at most {MAX_BYTES:,} bytes, not {size:,}.")
    return value


def name_key(name: str) -> str:
    """Return the key under which a host name is unique."""
    return fold_name(name).rstrip(". ")


def clean_hostname(value: object) -> str:
    """Return the name of a host as it is kept."""
    text = clean_text(value)
    if text is None:
        raise InvalidValue("is required.")
    key = name_key(text)
    if not key:
        raise InvalidValue(f"{quoted(text)} is not a valid hostname.")
    if len(key) > MAX_TEXT:
        raise InvalidValue("is too long (with case ignored).")
    return text


_DIGITS = re.compile(r"[0-9]+")


def natural_key(key: str) -> str:
    """Return a text whose plain order is the natural order of names.

    Each run of digits loses its leading zeros and gets its length as one character
    in front, so that web-2 sorts before web-10. At most half longer than the key.
    """

    def with_length(run: re.Match[str]) -> str:
        digits = run[0].lstrip("0") or "0"
        return chr(ord("0") + len(digits)) + digits

    return _DIGITS.sub(with_length, key)


_PORT = re.compile(r"[1-9][0-9]{0,4}")


def clean_port(value: object) -> int | None:
    """Return a port, or None where it is empty."""
    if is_blank(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        text = trimmed(value) if isinstance(value, str) else ""
        number = int(text) if _PORT.fullmatch(text) else 0
    if not 1 <= number <= 65535:
        raise InvalidValue(f"{quoted(value)} is not a valid port. Use 1–65535.")
    return number


def clean_status(value: object) -> HostStatus:
    """Return a status; nothing given means active."""
    if isinstance(value, HostStatus):
        return value
    text = clean_text(value)
    if text is None:
        return HostStatus.ACTIVE
    if fold(text) not in STATUSES:
        meant = meant_status(text)
        raise InvalidValue(
            f"{quoted(text)} is not a valid status. Use one of: {', '.join(STATUSES)}. "
            f"{f'Did you mean “{meant}”?' if meant else ''}".strip()
        )
    return HostStatus(fold(text))


def meant_status(text: str) -> str | None:
    """Return the status that somebody probably meant by another word."""
    return nearest(_OTHER_STATUSES.get(fold(text), text), STATUSES)


def clean_group_name(value: object) -> str:
    """Return the name of a group; case counts, as in Ansible."""
    text = clean_text(value)
    if text is None:
        raise InvalidValue("is required.")
    if "," in text:
        raise InvalidValue(f"{quoted(text)} has a comma. Commas separate groups.")
    if text in RESERVED_GROUPS:
        raise InvalidValue(
            f"{quoted(text)} is a reserved group name in Ansible. Choose another name."
        )
    return text


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidValue(f"{quoted(value)} is not a list.")
    return list(value)


def unique(
    value: object,
    clean: Callable[[object], str | None],
    key: Callable[[str], str],
    limit: int,
) -> list[str]:
    """Return the cleaned items of a list, of each key only the first."""
    found: dict[str, str] = {}
    for item in _items(value):
        text = clean(item)
        if text is not None:
            found.setdefault(key(text), text)
    if len(found) > limit:
        raise InvalidValue(f"must have at most {limit} entries, not {len(found)}.")
    return list(found.values())


def clean_aliases(value: object) -> list[str]:
    """Return further names, each once."""
    return unique(value, clean_hostname, name_key, MAX_ALIASES)


def clean_groups(value: object) -> list[str]:
    """Return names of groups, each once. Whether they exist is not known here."""
    return unique(value, clean_group_name, str, 10_000)
