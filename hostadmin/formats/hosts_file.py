"""/etc/hosts: an address, the name of the host, and its aliases on each line."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import FieldError, InvalidValue
from ..validation.addresses import Address, address_text, parse_address
from ..validation.values import name_key, quoted
from .document import limited, lines_of, some
from .rows import Row

_MAX_LINE = 64 * 1024
_NAME = re.compile(r"[^\s,;|=:\"'\[\]{}]+")


def looks_like(lines: Sequence[str]) -> bool:
    """Whether lines without comments begin with an address and go on with names."""
    for line in lines:
        first, *names = line.partition("#")[0].split()
        if not names or _address(first) is None:
            return False
        if not all(map(_NAME.fullmatch, names)):
            return False
    return bool(lines)


def _address(text: str) -> Address | None:
    try:
        return parse_address(text.partition("%")[0])
    except InvalidValue:
        return None


@dataclass
class _Host:
    line: int
    name: str
    addresses: dict[str, None] = field(default_factory=dict)
    aliases: dict[str, None] = field(default_factory=dict)


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Row]:
    """Yield the hosts of a hosts file, given as text in pieces.

    A name on several lines has several addresses. Raises ``InvalidFile``.
    """
    hosts: dict[str, _Host] = {}
    local: list[str] = []
    for number, line in enumerate(
        lines_of(name, limited(name, pieces), _MAX_LINE), start=1
    ):
        parts = line.partition("#")[0].strip("\ufeff").split()
        if not parts:
            continue
        address = _address(parts[0])
        if address is None or len(parts) < 2:
            yield _bad(number, parts)
        elif _is_local(address):
            local.append(parts[1])
        else:
            first = parts[1]
            host = hosts.setdefault(name_key(first), _Host(number, first))
            host.addresses[address_text(address)] = None
            host.aliases.update(dict.fromkeys(parts[2:]))
    yield from map(_row, hosts.values())
    if local:
        notes.append(
            "Names of loopback, unspecified and multicast addresses were left out; "
            f"such lines are not hosts: {some(local)}."
        )
    if not hosts:
        notes.append("The file has no hosts.")


def _is_local(address: Address) -> bool:
    return (
        address.is_loopback
        or address.is_unspecified
        or address.is_multicast
        or str(address) in ("255.255.255.255", "fe00::")
    )


def _bad(line: int, parts: Sequence[str]) -> Row:
    try:
        parse_address(parts[0].partition("%")[0])
    except InvalidValue as error:
        message = str(error)
    else:
        message = f"{quoted(parts[0])} has no name after it."
    values = {"hostname": parts[1]} if len(parts) > 1 else {}
    return Row(line, values, (FieldError("ip_addr", message),))


def _row(host: _Host) -> Row:
    first, *others = host.addresses
    values: dict[str, object] = {"hostname": host.name, "ip_addr": first}
    if others:
        values["addresses"] = others
    if host.aliases:
        values["aliases"] = list(host.aliases)
    return Row(host.line, values)
