"""What a value may be: the one set of rules for every way in.

Each ``clean_*`` function takes what a form, file or command gave, and returns the
value to store or raises ``InvalidValue``. It knows no database.
"""

import difflib
import enum
import ipaddress
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import FieldError, InvalidInput, InvalidValue

MAX_TEXT = 255
MAX_ALIASES = 64
MAX_ADDRESSES = 64
MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
# Beyond the range of a double, databases and JSON readers disagree about a number.
MAX_DIGITS = 300
DEFAULT_PORT = 22

RESERVED_GROUPS = frozenset({"all", "ungrouped"})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

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


STATUSES = tuple(status.value for status in HostStatus)
# Words of other inventories, such as NetBox. They are suggested and never taken: what
# somebody means by them is not ours to say.
_OTHER_STATUSES = {
    **dict.fromkeys(("up", "online", "running", "live", "in use"), "active"),
    **dict.fromkeys(("planned", "provisioning", "deploying", "new"), "staged"),
    **dict.fromkeys(("failed", "inactive", "down", "stopped", "disabled"), "offline"),
    "inventory": "offline",
    **dict.fromkeys(
        ("decommissioning", "decommissioned", "deprecated", "deleted"), "retired"
    ),
}


def fold(text: str) -> str:
    """Return the form under which two spellings count as the same."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", text.translate(_TO_SPACE))
    return unicodedata.normalize("NFC", text.casefold())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be."""
    by_fold = {fold(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(fold(word), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


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


def _refuse_unprintable(text: str, *, multiline: bool) -> None:
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
                "which cannot be seen; remove it."
            )


def _has_unseen(text: str) -> bool:
    return any(char in text for char in _UNSEEN)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(_BLANKS))


def _trimmed(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{quoted(value)} is not a text.")
    # str.strip() would also take line ends and other control characters away
    # silently; these are refused instead.
    text = value.strip(_BLANKS)
    _refuse_unprintable(text, multiline=False)
    return text


def clean_text(value: object) -> str | None:
    """Return a short text, or None where it is empty."""
    if value is None:
        return None
    text = _trimmed(value)
    if len(text) > MAX_TEXT:
        raise InvalidValue(f"has {len(text)} characters; at most {MAX_TEXT} are kept.")
    return text or None


def clean_term(value: object) -> str | None:
    """Return a short text that the vocabulary can hold, or None where it is empty."""
    text = clean_text(value)
    if text is not None and len(fold(text)) > MAX_TEXT:
        raise InvalidValue("is too long once upper and lower case are made equal.")
    return text


def clean_view_name(value: object) -> str:
    """Return the name of a saved view."""
    name = clean_term(value)
    if name is None:
        raise InvalidValue("is missing; a view is found by its name.")
    return name


def clean_notes(value: object) -> str | None:
    """Return the notes exactly as given, or None where they are empty."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidValue(f"{quoted(value)} is not a text.")
    _refuse_unprintable(value, multiline=True)
    size = len(value.encode())
    if size > MAX_BYTES:
        raise InvalidValue(f"is {size:,} bytes long; at most {MAX_BYTES:,} are kept.")
    return value


def name_key(name: str) -> str:
    """Return the key under which a host name is unique."""
    return fold(name).rstrip(". ")


def clean_hostname(value: object) -> str:
    """Return the name of a host as it is kept."""
    text = clean_text(value)
    if text is None:
        raise InvalidValue("is missing; every host needs a name.")
    key = name_key(text)
    if not key:
        raise InvalidValue(f"{quoted(text)} is not a name.")
    if len(key) > MAX_TEXT:
        raise InvalidValue("is too long once upper and lower case are made equal.")
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


def parse_address(value: object) -> Address:
    """Return an address object for one IPv4 or IPv6 address without mask or zone."""
    text = _trimmed(value)
    if "%" in text:
        raise InvalidValue(f"{quoted(text)} has a zone; write it without the “%…”.")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise InvalidValue(_why_no_address(text)) from None


def _why_no_address(text: str) -> str:
    refusal = f"{quoted(text)} is not an IP address"
    mask = text.partition("/")[2]
    if mask.isascii() and mask.isdigit():
        return f"{refusal}: write it without the mask “/{mask[:10]}”."
    if text.startswith("["):
        return f"{refusal}: write it without the brackets."
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts):
        for part in parts:
            if len(part) > 1 and part.startswith("0"):
                return f"{refusal}: {part[:10]} has a leading zero."
            if len(part) > 3 or int(part) > 255:
                return f"{refusal}: {part[:10]} is over 255."
    return f"{refusal}; 10.0.0.1 or 2001:db8::1 would be."


def address_text(address: Address) -> str:
    """Return the canonical text (RFC 5952), the same on every Python version."""
    mapped = getattr(address, "ipv4_mapped", None)
    # Python prints mapped addresses in hex before 3.13, dotted from then on.
    return f"::ffff:{mapped}" if mapped else str(address)


def address_key(address: Address) -> str:
    """Return the family digit and 32 hex digits: plain order is numeric order."""
    return f"{address.version}{int(address):032x}"


def ip_key(text: str | None) -> str | None:
    """Return the key of an address that is already known to be good."""
    if not text:
        return None
    if ":" in text:
        return address_key(ipaddress.ip_address(text))
    # Many times faster than to parse what was parsed before.
    first, second, third, fourth = map(int, text.split("."))
    return f"4{first << 24 | second << 16 | third << 8 | fourth:032x}"


def clean_address(value: object) -> str | None:
    """Return the canonical text of an address, or None where it is empty."""
    if _is_blank(value):
        return None
    return address_text(parse_address(value))


_PORT = re.compile(r"[1-9][0-9]{0,4}")


def clean_port(value: object) -> int | None:
    """Return a port, or None where it is empty."""
    if _is_blank(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        text = _trimmed(value) if isinstance(value, str) else ""
        number = int(text) if _PORT.fullmatch(text) else 0
    if not 1 <= number <= 65535:
        raise InvalidValue(f"{quoted(value)} is not a port: a whole number, 1–65535.")
    return number


def clean_status(value: object) -> HostStatus:
    """Return a status; nothing given means active."""
    if isinstance(value, HostStatus):
        return value
    text = clean_text(value)
    if text is None:
        return HostStatus.ACTIVE
    if fold(text) not in STATUSES:
        meant = did_you_mean(_OTHER_STATUSES.get(fold(text), text), STATUSES)
        raise InvalidValue(
            f"{quoted(text)} is not a status. Known: {', '.join(STATUSES)}. "
            f"{meant}".strip()
        )
    return HostStatus(fold(text))


def clean_group_name(value: object) -> str:
    """Return the name of a group; case counts, as in Ansible."""
    text = clean_text(value)
    if text is None:
        raise InvalidValue("is missing; every group needs a name.")
    if "," in text:
        raise InvalidValue(f"{quoted(text)} has a comma, which separates groups.")
    if text in RESERVED_GROUPS:
        raise InvalidValue(
            f"{quoted(text)} is implied: every host is in it or not by itself; "
            "choose another name."
        )
    return text


def clean_vars(value: object) -> dict[str, Any]:
    """Return variables: a JSON object within the limits of size, depth and numbers."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue("are not a mapping of names to values.")
    _check_json(value, "", 0)
    size = len(json_text(value).encode())
    if size > MAX_BYTES:
        raise InvalidValue(f"are {size:,} bytes long; at most {MAX_BYTES:,} are kept.")
    return value


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_text(value: object) -> str:
    """Return compact JSON text, the form whose length counts."""
    return _compact.encode(value)


def same_json(one: object, other: object) -> bool:
    """Whether two JSON values are equal in type and value; order of names is none."""

    def canonical(value: object) -> str:
        return json.dumps(value, sort_keys=True)

    return one is other or canonical(one) == canonical(other)


def _check_json(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidValue(f"are nested more than {MAX_DEPTH} deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_json_key(key, path)
            _check_json(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_json(item, f"{path}[{number}]", depth + 1)
    else:
        _check_json_scalar(value, path)


def _check_json_key(key: object, path: str) -> None:
    where = f" in {quoted(path)}" if path else ""
    if not isinstance(key, str):
        raise InvalidValue(
            f"the name {quoted(key)}{where} is not a text; put it in quotes."
        )
    if not key or len(key) > MAX_TEXT:
        raise InvalidValue(f"a name{where} is empty or over {MAX_TEXT} characters.")
    try:
        _refuse_unprintable(key, multiline=False)
    except InvalidValue as error:
        raise InvalidValue(f"in the name {quoted(key)}{where}, {error}") from None


def _check_json_scalar(value: object, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            _refuse_unprintable(value, multiline=True)
        except InvalidValue as error:
            raise InvalidValue(f"in {quoted(path)}, {error}") from None
    elif isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise InvalidValue(f"{quoted(path)} has over {MAX_DIGITS} digits.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"{quoted(path)} is {value}, which is not a number.")
    else:
        raise InvalidValue(
            f"{quoted(path)} is a {type(value).__name__}; put it in quotes."
        )


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidValue(f"{quoted(value)} is not a list.")
    return list(value)


def _unique(
    value: object,
    clean: Callable[[object], str | None],
    key: Callable[[str], str],
    limit: int,
) -> list[str]:
    found: dict[str, str] = {}
    for item in _items(value):
        text = clean(item)
        if text is not None:
            found.setdefault(key(text), text)
    if len(found) > limit:
        raise InvalidValue(f"has {len(found)} entries; at most {limit} are kept.")
    return list(found.values())


def clean_aliases(value: object) -> list[str]:
    """Return further names, each once."""
    return _unique(value, clean_hostname, name_key, MAX_ALIASES)


def clean_addresses(value: object) -> list[str]:
    """Return further addresses, each once."""
    return _unique(value, clean_address, str, MAX_ADDRESSES)


def clean_groups(value: object) -> list[str]:
    """Return names of groups, each once. Whether they exist is not known here."""
    return _unique(value, clean_group_name, str, 10_000)


VOCABULARY_FIELDS = ("environment", "os", "location", "role", "owner")

HOST_RULES: dict[str, Callable[[object], Any]] = {
    "hostname": clean_hostname,
    "aliases": clean_aliases,
    "ip_addr": clean_address,
    "addresses": clean_addresses,
    "port": clean_port,
    "status": clean_status,
    **dict.fromkeys(VOCABULARY_FIELDS, clean_term),
    "groups": clean_groups,
    "vars": clean_vars,
    "notes": clean_notes,
}

GROUP_RULES: dict[str, Callable[[object], Any]] = {
    "name": clean_group_name,
    "description": clean_text,
    "children": clean_groups,
    "vars": clean_vars,
}


def clean_fields(
    given: Mapping[str, object], rules: Mapping[str, Callable[[object], Any]]
) -> dict[str, Any]:
    """Return the given fields as they are stored.

    Only fields that were given are returned. Raises ``InvalidInput`` with every
    field that is wrong.
    """
    cleaned: dict[str, Any] = {}
    errors: list[FieldError] = []
    for field, value in given.items():
        if field not in rules:
            errors.append(FieldError(field, f"is not a field. {', '.join(rules)} are."))
            continue
        try:
            cleaned[field] = rules[field](value)
        except InvalidValue as error:
            errors.append(FieldError(field, str(error)))
    if errors:
        raise InvalidInput(errors)
    return cleaned


def clean_host(given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given fields of a host as they are stored; see ``clean_fields``.

    An alias that only repeats the name, or a further address that repeats the
    address, is left out.
    """
    cleaned = clean_fields(given, HOST_RULES)
    if "hostname" in cleaned and "aliases" in cleaned:
        own = name_key(cleaned["hostname"])
        cleaned["aliases"] = [a for a in cleaned["aliases"] if name_key(a) != own]
    if cleaned.get("ip_addr") and "addresses" in cleaned:
        cleaned["addresses"] = [
            a for a in cleaned["addresses"] if a != cleaned["ip_addr"]
        ]
    return cleaned


def clean_group(given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given fields of a group as they are stored; see ``clean_fields``."""
    return clean_fields(given, GROUP_RULES)
