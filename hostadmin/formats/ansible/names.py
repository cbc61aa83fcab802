"""Names as Ansible reads them: words of a line, ports, ranges, names of groups."""

import ipaddress
import itertools
import re
import string
from collections.abc import Container, Iterable, Iterator, Sequence

from ...errors import InvalidValue, QueryError
from ...validation.values import quoted
from ..document import some
from .fields import may_be_template

# How many hosts one pattern may stand for.
MAX_RANGE = 100_000

_PIECE = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    | (?P<comment>\#)
    | '(?P<single>[^']*)'
    | "(?P<double>[^"\\]*(?:\\.[^"\\]*)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^ \t\r\n'"\\\#]+)""",
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"[^'\"\\#]*")


def words(line: str) -> list[str]:
    """Return what ``shlex.split(line, comments=True)`` does, many times faster."""
    if _BARE.fullmatch(line):
        return [word for word in re.split(r"[ \t\r\n]+", line) if word]
    return list(_quoted_words(line))


def _quoted_words(line: str) -> Iterator[str]:
    word: str | None = None
    position = 0
    while position < len(line):
        piece = _PIECE.match(line, position)
        if piece is None:
            raise InvalidValue(
                "has an open quotation mark, or ends with a backslash; close the "
                "quotation marks, and write a literal one as \\' or \\\"."
            )
        position = piece.end()
        if piece.lastgroup == "comment":
            break
        if piece.lastgroup == "space":
            if word is not None:
                yield word
            word = None
            continue
        text = piece[piece.lastgroup or 0]
        if piece.lastgroup == "double":
            text = re.sub(r'\\(["\\])', r"\1", text)
        word = (word or "") + text
    if word is not None:
        yield word


# ---- patterns of hosts

_BRACKETED = re.compile(r"\[(.+)\]:([0-9]+)")
_WITH_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)")
_RANGE = r"\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]"
_LABEL = rf"(?:\w|{_RANGE})(?:[\w-]|{_RANGE})*(?<![_-])"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_HEX_RANGE = re.compile(r"\[[0-9a-fA-F]+:[0-9a-fA-F]+(?::[0-9]+)?\]")
_RANGE_HELP = (
    "write a range as [1:20], with a step as [1:20:2], with leading zeros as "
    "[01:20], with letters as [a:f]"
)


def expand(pattern: str) -> tuple[list[str], int | None]:
    """Return the names that a pattern stands for, and the port that it ends with.

    Raises ``InvalidValue``.
    """
    name, port = _split_port(pattern)
    if not name:
        raise InvalidValue("has an empty name.")
    return (_expanded(name) if "[" in name else [name]), port


def _split_port(pattern: str) -> tuple[str, int | None]:
    name, digits = pattern, ""
    for form in (_BRACKETED, _WITH_PORT):
        if found := form.fullmatch(name):
            name, digits = found[1], found[2]
    # Ansible takes "web-:22" as a whole for a name.
    if not digits or not _is_name(name):
        return pattern, None
    if len(digits) > 9:
        raise InvalidValue(f"{quoted(digits)} is not a valid port. Use 1–65535.")
    return name, int(digits) or None


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) or _is_ipv6(_HEX_RANGE.sub("0", text))


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _expanded(pattern: str) -> list[str]:
    pieces: list[Sequence[str]] = []
    count = 1
    rest = pattern
    while "[" in rest:
        head, _, rest = rest.partition("[")
        bounds, closed, rest = rest.partition("]")
        if not closed or "]" in head or "|" in pattern:
            raise InvalidValue(f"{quoted(pattern)} has an open bracket; {_RANGE_HELP}.")
        values = _range(pattern, bounds)
        count *= len(values)
        if count > MAX_RANGE:
            raise InvalidValue(f"{quoted(pattern)} has over {MAX_RANGE:,} hosts.")
        pieces += [(head,), values]
    return ["".join(parts) for parts in itertools.product(*pieces, (rest,))]


def _range(pattern: str, bounds: str) -> Sequence[str]:
    first, last, step = _bounds(pattern, bounds)
    letters = string.ascii_letters
    if len(first) == len(last) == 1 and first in letters and last in letters:
        names: Sequence[str] = letters[letters.index(first) : letters.index(last) + 1]
        names = names[::step]
    elif first.isdecimal() and last.isdecimal():
        names = _numbers(pattern, first, last, step)
    else:
        raise InvalidValue(f"{quoted(pattern)} is not a range; {_RANGE_HELP}.")
    if not names:
        raise InvalidValue(f"{quoted(pattern)} is empty: it starts after its end.")
    return names


def _numbers(pattern: str, first: str, last: str, step: int) -> list[str]:
    is_padded = first[0] == "0" and len(first) > 1
    if is_padded and len(first) != len(last):
        raise InvalidValue(
            f"{quoted(pattern)}: with leading zeros, both ends need the same number "
            "of digits."
        )
    numbers = range(int(first), int(last) + 1, step)
    if len(numbers) > MAX_RANGE:
        raise InvalidValue(f"{quoted(pattern)} has over {MAX_RANGE:,} hosts.")
    width = len(first) if is_padded else 0
    return [str(number).zfill(width) for number in numbers]


def _bounds(pattern: str, bounds: str) -> tuple[str, str, int]:
    parts = bounds.split(":")
    if len(parts) > 3 and _is_ipv6(bounds):
        raise InvalidValue(
            f"{quoted(pattern)}: write an IPv6 address without brackets, or with a "
            "port after them."
        )
    fits = len(parts) in (2, 3) and all(len(part) <= 9 for part in parts)
    if not fits or not bounds.isascii() or not parts[1]:
        raise InvalidValue(f"{quoted(pattern)} is not a range; {_RANGE_HELP}.")
    step = parts[2] if len(parts) == 3 else "1"
    if not step.isdecimal() or int(step) == 0:
        raise InvalidValue(f"{quoted(pattern)} is not a range; {_RANGE_HELP}.")
    return parts[0] or "0", parts[1], int(step)


def is_literal(name: str) -> bool:
    """Whether Ansible takes a key in YAML for just this name."""
    if name and "[" not in name and ":" not in name:
        return True
    try:
        return expand(name) == ([name], None)
    except InvalidValue:
        return False


# ---- names of groups

# Ansible keeps every other sign, dashes too, unless a setting says otherwise. A
# template in a name would be run.
_TEMPLATE_SIGNS = re.compile(r"[{}#%]")


# What Ansible puts "_" for where TRANSFORM_INVALID_GROUP_CHARS says "always".
_NO_VARIABLE = re.compile(r"^[\d\W]|\W")


def read_safe(text: str) -> bool:
    """Return whether names of groups shall be safe. Raises ``QueryError``."""
    if text not in ("0", "1"):
        raise QueryError(
            f"{quoted(text)} is not valid for safe_group_names.", "Use 1 or 0."
        )
    return text == "1"


def readable_group_names(
    names: Iterable[str],
    taken: Iterable[str],
    notes: list[str],
    unreadable: re.Pattern[str] | None = None,
    *,
    safe_group_names: bool = False,
) -> dict[str, str]:
    """Return name → the name that Ansible gets: the same one wherever it can read it.

    ``unreadable`` are the signs that a layout has no place for. Safe names are those
    that a variable could have, too. ``notes`` gets what was replaced.
    """
    if safe_group_names:
        unreadable = _NO_VARIABLE
    signs = unreadable or _TEMPLATE_SIGNS
    used = {"all", "ungrouped", *taken}
    known = sorted(names)
    safe = {n: n for n in known if n not in used and _is_readable(n, unreadable)}
    used.update(safe)
    replaced = [name for name in known if name not in safe]
    for name in replaced:
        readable = signs.sub("_", _TEMPLATE_SIGNS.sub("_", name))
        safe[name] = _free_name(readable, used)
        used.add(safe[name])
    if replaced:
        which = "are not safe" if safe_group_names else "Ansible cannot read"
        notes.append(
            f"Group names that {which} were replaced: "
            f"{some([f'{name} → {safe[name]}' for name in replaced])}."
        )
    return safe


def _is_readable(name: str, unreadable: re.Pattern[str] | None) -> bool:
    return not (may_be_template(name) or (unreadable and unreadable.search(name)))


def _free_name(wanted: str, used: Container[str]) -> str:
    tries = (f"{wanted}_{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain((wanted,), tries) if name not in used)
