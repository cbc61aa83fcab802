"""Writes ssh_config: a block for each host, to be included above all others."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..validation.numbers import MAX_PORT
from ..validation.values import name_key
from .document import Source
from .left_out import LeftOut
from .repeated import Repeated

# Everything else could be a pattern, a token such as %h, a second name or a comment.
_NAME = re.compile(r"[\w.][\w.:-]*")
_HOST = re.compile(r"[\w.][\w.-]*|[0-9a-fA-F:.]+")
_USER = re.compile(r"[\w.][\w.-]*")
_JUMP = re.compile(
    r"(?:ssh://)?(?:[\w.][\w.-]*@)?(?:[\w.][\w.-]*|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?"
)
# Under which names the variables of a host may say it; the first that does counts.
_USERS = ("ansible_user", "ansible_ssh_user", "ssh_user")
_JUMPS = ("proxy_jump", "proxyjump", "ssh_proxyjump")
_BAD_NAMES = "Hosts whose names ssh would not read as one name were left out"
_BAD_ALIASES = "Aliases that ssh would not read as one name were left out"
_AMBIGUOUS = "Aliases of several hosts were left out"


def write(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield a block a host. ``notes`` gets, at the end, what is not there."""
    several = Repeated(key for row in content.hosts for key in _keys(row))
    shared = Repeated(target for row in content.hosts if (target := _target(row)))
    left_out = LeftOut()
    for row in content.hosts:
        if _NAME.fullmatch(row["hostname"]):
            names = [row["hostname"], *_aliases(row, several, left_out)]
            yield _block(names, _options(row, shared, left_out))
        else:
            left_out.add(_BAD_NAMES, row["hostname"])
    notes += left_out.notes()


def _keys(row: Mapping[str, Any]) -> set[str]:
    return {name_key(name) for name in (row["hostname"], *(row["aliases"] or ()))}


def _aliases(
    row: Mapping[str, Any], several: Repeated, left_out: LeftOut
) -> Iterator[str]:
    for alias in row["aliases"] or ():
        if not _NAME.fullmatch(alias):
            left_out.add(_BAD_ALIASES, alias)
        elif name_key(alias) in several:
            left_out.add(_AMBIGUOUS, alias)
        else:
            yield alias


def _target(row: Mapping[str, Any]) -> str | None:
    """Return where to connect to, if that is something else than the name."""
    if row["ip_addr"]:
        return str(row["ip_addr"])
    stated = (row["vars"] or {}).get("ansible_host")
    return stated if isinstance(stated, str) and _HOST.fullmatch(stated) else None


def _options(
    row: Mapping[str, Any], shared: Repeated, left_out: LeftOut
) -> Iterator[tuple[str, Any]]:
    if target := _target(row):
        yield "HostName", target
    if row["port"] is not None:
        yield "Port", row["port"]
    for option, names, is_good in (
        ("User", _USERS, _is_user),
        ("ProxyJump", _JUMPS, _is_jump),
    ):
        if (value := _stated(row, names)) is None:
            continue
        if is_good(value):
            yield option, value
        else:
            left_out.add(
                f"Values of {option} that ssh would refuse were left out", value
            )
    if target and target in shared:
        yield "HostKeyAlias", row["hostname"]


def _stated(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    variables = row["vars"] or {}
    found = (variables.get(name) for name in names)
    return next((str(value) for value in found if isinstance(value, str | int)), None)


def _is_user(text: str) -> bool:
    return _USER.fullmatch(text) is not None


def _is_jump(text: str) -> bool:
    """Whether it is a list of hosts to go through; a bad one spoils the whole file."""
    found = [_JUMP.fullmatch(part) for part in text.split(",")]
    return all(f and 1 <= int(f[1] or 1) <= MAX_PORT for f in found)


def _block(names: Iterable[str], options: Iterable[tuple[str, Any]]) -> str:
    lines = (f"    {name} {value}\n" for name, value in options)
    return f"Host {' '.join(names)}\n{''.join(lines)}\n"
