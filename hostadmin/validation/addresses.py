"""IPv4 and IPv6 addresses: what is one, its one text, and its key to sort by."""

import ipaddress

from ..errors import InvalidValue
from .values import is_blank, quoted, trimmed, unique

MAX_ADDRESSES = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(value: object) -> Address:
    """Return an address object for one IPv4 or IPv6 address without mask or zone."""
    text = trimmed(value)
    if "%" in text:
        raise InvalidValue(f"{quoted(text)} has a zone. Remove “%…”.")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise InvalidValue(_why_no_address(text)) from None


def _why_no_address(text: str) -> str:
    mask = text.partition("/")[2]
    if mask.isascii() and mask.isdigit():
        reason = f": remove the mask “/{mask[:10]}”."
    elif text.startswith("["):
        reason = ": remove the brackets."
    else:
        reason = _wrong_number(text) or ", such as 10.0.0.1 or 2001:db8::1."
    return f"{quoted(text)} is not a valid IP address{reason}"


def _wrong_number(text: str) -> str | None:
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    for part in parts:
        if len(part) > 1 and part.startswith("0"):
            return f": {part[:10]} has a leading zero."
        if len(part) > 3 or int(part) > 255:
            return f": {part[:10]} is over 255."
    return None


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
    if is_blank(value):
        return None
    return address_text(parse_address(value))


def clean_addresses(value: object) -> list[str]:
    """Return further addresses, each once."""
    return unique(value, clean_address, str, MAX_ADDRESSES)
