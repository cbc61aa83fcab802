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
    nearest,
    quoted,
)
from .checks import CHECKS
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
            f"The value has {len(value):,} characters; at most {MAX_VALUE:,} fit."
        )
    for char in value:
        if several_lines and char in "\t\n\r":
            continue
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            raise QueryError(
                f"The value {quoted(value)} holds the character U+{ord(char):04X}, "
                "which no value has.",
                "Remove it.",
            )


def parse_status(value: str) -> HostStatus:
    try:
        return clean_status(str(value))
    except InvalidValue as error:
        near = nearest(str(value), STATUSES)
        raise QueryError(str(error), instead=near) from None


def parse_check(value: str) -> str:
    name = fold(str(value))
    if name not in CHECKS:
        raise QueryError(
            f"{quoted(value)} is not a check.",
            f"Known: {', '.join(CHECKS)}.",
            instead=nearest(name, CHECKS),
        )
    return name


def split_range(parse: Callable[[str], Range], value: str) -> Range:
    """Return the range from one value to another, or that of a single one."""
    low, dots, high = value.partition(RANGE)
    if not dots:
        return parse(value)
    start, end = parse(low.strip()), parse(high.strip())
    if start.low > end.low:
        turned = f"{high.strip()}{RANGE}{low.strip()}"
        raise QueryError(
            f"The range {quoted(value)} ends before it starts.",
            f"Did you mean {quoted(turned)}?",
            instead=turned,
        )
    return Range(start.low, end.high, end.open_end)


def parse_port(value: str) -> Range:
    try:
        port = clean_port(str(value))
    except InvalidValue as error:
        raise QueryError(str(error)) from None
    if port is None:
        raise QueryError("A port is missing.", "Write a whole number, 1–65535.")
    return Range(port, port)


def parse_addresses(value: str) -> Range:
    """Return the keys of an address, or of a network, by length or by beginning."""
    if "/" in value:
        return parse_network(value)
    if value.endswith("*") and (network := _prefix_network(value)):
        return _keys_of(network)
    try:
        key = address_key(parse_address(str(value)))
    except InvalidValue as error:
        begun = f"{value.rstrip('.')}.*"
        near = begun if _prefix_network(begun) else None
        raise QueryError(
            str(error),
            f"Did you mean “{near}”?"
            if near
            else "Networks are written 10.0.0.0/8 or 10.*, ranges 10.0.0.1..10.0.0.9.",
            instead=near,
        ) from None
    return Range(key, key)


_PREFIX4 = re.compile(r"((?:\d{1,3}\.){1,3})\*(\.\*)*", re.ASCII)
_PREFIX6 = re.compile(r"((?:[0-9a-f]{1,4}:){1,7})\*", re.ASCII | re.IGNORECASE)


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


def word_range(word: str) -> Range | None:
    """Return the addresses that a word without a field means, if it means any.

    Raises ``QueryError`` for what is nearly a network, such as 10.1.2.3/8.
    """
    head, _, mask = word.partition("/")
    if mask.isdecimal() and _is_address(head):
        return parse_network(word)
    begun = word if word.endswith("*") else f"{word.rstrip('.')}.*"
    if "." in word and (network := _prefix_network(begun)):
        return _keys_of(network)
    try:
        return split_range(parse_addresses, word)
    except QueryError:
        return None


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
            f"{quoted(text)} is not a network.", "10.0.0.0/8 or 2001:db8::/32 is."
        )
    return QueryError(
        f"{quoted(text)} has host bits set.", f"Did you mean {near}?", instead=near
    )


def parse_span(value: str) -> Range:
    span = parse_time(value, utcnow())
    return Range(span.start, span.end, open_end=True)
