"""What one value of a term means: a port, an address, a network, a span of time.

Nothing here needs a database, so a filter can be refused before one is asked.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..clock import utcnow
from ..errors import InvalidValue, QueryError
from ..validation.addresses import address_key, parse_address
from ..validation.values import (
    STATUSES,
    HostStatus,
    clean_port,
    clean_status,
    fold,
    meant_status,
    nearest,
    quoted,
)
from .checks import CHECKS
from .mac_addresses import is_mac, is_mac_beginning
from .parse_times import parse_time

MAX_VALUE = 2_000
MAX_VALUES = 1_000

RANGE = ".."
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Range:
    """Both ends belong to it, unless ``open_end`` says that the upper one does not."""

    low: Any
    high: Any
    open_end: bool = False


def check_text(value: str, *, several_lines: bool = False) -> None:
    """Refuse a text that is too long, or holds what no value can hold."""
    if len(value) > MAX_VALUE:
        raise QueryError(
            f"The value has {len(value):,} characters; "
            f"at most {MAX_VALUE:,} are allowed."
        )
    for char in value:
        if several_lines and char in "\t\n\r":
            continue
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            raise QueryError(
                f"The value {quoted(value)} contains the character U+{ord(char):04X}, "
                "which is invisible.",
                "Remove it.",
            )


def parse_status(value: str) -> HostStatus:
    meant = meant_status(str(value))
    try:
        return clean_status(str(value))
    except InvalidValue:
        raise QueryError(
            f"{quoted(value)} is not a valid status.",
            f"Did you mean “{meant}”?"
            if meant
            else f"Use one of: {', '.join(STATUSES)}.",
            instead=meant,
        ) from None


def parse_check(value: str) -> str:
    name = fold(str(value))
    if name not in CHECKS:
        raise QueryError(
            f"{quoted(value)} is not a valid check.",
            f"Use one of: {', '.join(CHECKS)}.",
            instead=nearest(name, CHECKS),
        )
    return name


def split_range(parse: Callable[[str], Range], value: str) -> Range:
    """Return the range from one value to another, or that of a single one."""
    low, dots, high = value.partition(RANGE)
    if not dots:
        return parse(value)
    start = _end_of(parse, low.strip(), "", f"{RANGE}{high.strip()}")
    end = _end_of(parse, high.strip(), f"{low.strip()}{RANGE}", "")
    if start.low > end.low:
        turned = f"{high.strip()}{RANGE}{low.strip()}"
        raise QueryError(
            f"The range {quoted(value)} ends before it starts.",
            f"Did you mean {quoted(turned)}?",
            instead=turned,
        )
    return Range(start.low, end.high, end.open_end)


def _end_of(
    parse: Callable[[str], Range], value: str, before: str, after: str
) -> Range:
    """Read one end of a range; what is shown to be right instead is the whole of it."""
    try:
        return parse(value)
    except QueryError as error:
        if error.instead is None:
            raise
        whole = f"{before}{error.instead}{after}"
        raise QueryError(
            error.message, f"Did you mean {quoted(whole)}?", instead=whole
        ) from None


def parse_port(value: str) -> Range:
    try:
        port = clean_port(str(value))
    except InvalidValue as error:
        raise QueryError(str(error)) from None
    if port is None:
        raise QueryError("A port is missing.", "Use 1–65535.")
    return Range(port, port)


def parse_addresses(value: str) -> Range:
    """Return the keys of an address, or of a network, by length or by beginning."""
    value = _without_brackets(str(value))
    if "/" in value:
        return parse_network(value)
    if value.endswith("*") and (network := _prefix_network(value)):
        return _keys_of(network)
    try:
        key = address_key(parse_address(str(value)))
    except InvalidValue as error:
        near = _begun(value)
        raise QueryError(
            str(error),
            f"Did you mean “{near}”?"
            if near
            else "Write networks as 10.0.0.0/8 or 10.*, ranges as 10.0.0.1..10.0.0.9.",
            instead=near,
        ) from None
    return Range(key, key)


_PREFIX4 = re.compile(r"((?:\d{1,3}\.){1,3})\*(\.\*)*", re.ASCII)
_PREFIX6 = re.compile(r"((?:[0-9a-f]{1,4}:){1,7}):?\*", re.ASCII | re.IGNORECASE)
# All addresses that are in use begin so; 10:22 is something else.
_BEGUN6 = re.compile(r"[0-9a-f]{4}(?::[0-9a-f]{1,4}){0,6}:{0,2}", re.IGNORECASE)


def _prefix_network(value: str) -> Network | None:
    """Return the network that ``10.4.*`` or ``2001:db8:*`` names."""
    if found := _PREFIX4.fullmatch(value):
        parts = found[1].count(".")
        text = f"{found[1]}{'.'.join('0' * (4 - parts))}/{8 * parts}"
    elif found := _PREFIX6.fullmatch(value):
        parts = found[1].count(":")
        text = f"{found[1]}{':' if parts < 7 else '0'}/{16 * parts}"
    else:
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _begun(value: str) -> str | None:
    """Return ``10.4.*`` for 10.4, and ``2001:db8:*`` for 2001:db8."""
    if ":" in value:
        begun = f"{value.rstrip(':')}:*" if _BEGUN6.fullmatch(value) else ""
    else:
        begun = f"{value.rstrip('.')}.*"
    return begun if _prefix_network(begun) else None


def _without_brackets(value: str) -> str:
    """Return the address of ``[2001:db8::1]``, as it is in a URL."""
    return value[1:-1] if value[:1] == "[" and value[-1:] == "]" else value


def word_range(word: str) -> Range | None:
    """Return the addresses that a word without a field means, if it means any.

    Raises ``QueryError`` for what is nearly a network, such as 10.1.2.3/8.
    """
    head, _, mask = word.partition("/")
    if mask.isdecimal() and _is_address(head):
        return parse_network(word)
    # With two colons at its end, it is an address that goes on, as in fe80::1.
    is_begun = "." in word or word.endswith("::")
    if is_begun and (network := _network_begun(word)):
        return _keys_of(network)
    try:
        return split_range(parse_addresses, word)
    except QueryError:
        network = _network_begun(word) if ":" in word else None
        return _keys_of(network) if network else None


def _network_begun(word: str) -> Network | None:
    return _prefix_network(word if word.endswith("*") else _begun(word) or "")


def is_word(text: str) -> bool:
    """Whether a text with a colon in it is a word: an address of some kind.

    Raises ``QueryError`` as ``word_range`` does.
    """
    is_of_card = is_mac(text) or is_mac_beginning(text)
    return is_of_card or word_range(text) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse_network(value: str) -> Range:
    """Return the first and last key of a network such as 10.0.0.0/8."""
    text = value.strip()
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise _why_no_network(text) from None
    return _keys_of(network)


def _keys_of(network: Network) -> Range:
    return Range(
        address_key(network.network_address), address_key(network.broadcast_address)
    )


def _why_no_network(text: str) -> QueryError:
    try:
        near = str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return QueryError(
            f"{quoted(text)} is not a valid network.",
            "Use 10.0.0.0/8 or 2001:db8::/32.",
        )
    return QueryError(
        f"{quoted(text)} has host bits set.", f"Did you mean {near}?", instead=near
    )


def parse_span(value: str) -> Range:
    span = parse_time(value, utcnow())
    return Range(span.start, span.end, open_end=True)
