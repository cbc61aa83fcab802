"""What people write elsewhere, and what it is in a query: shown, never guessed."""

import re
from collections.abc import Callable
from typing import NoReturn

from ..validation.values import quoted
from .fields import Field
from .lexer import Scanner
from .parse_times import time_behind

_WITH_COMMAS = re.compile(r"(?:\s*,\s*[^\s\"'(),=<>~!^$]+)+(?=[\s)]|$)")
_URL = re.compile(
    r"(?:https?|ssh|s?ftp|rdp|vnc|telnet|ldaps?)://(?:[^\s/@]*@)?"
    r"(\[[0-9a-f:.]+\]|[^\s/:@?#()\"',]+)[^\s()]*",
    re.IGNORECASE,
)
# With a blank behind it, nobody means one more value.
_NEXT_CONDITION = re.compile(
    r",\s+-?([^\s\"'(),:=<>~!^$-][^\s\"'(),:=<>~!^$]*)(?:[:=<>~]|!=)\S"
)
_ADDRESS_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]):(\d{1,5})(?=[\s)]|$)", re.IGNORECASE)
_PORT = re.compile(r":(\d{1,5})(?=[\s)]|$)")


def refuse_sign(scanner: Scanner, sign: str, ours: str) -> NoReturn:
    """Refuse a sign of another language."""
    start, end = scanner.position, scanner.position + len(sign)
    before, after = scanner.text[:start], scanner.text[end:]
    is_well_placed = after.strip() and (before.strip() or ours == "-")
    scanner.fail(
        f"“{sign}” is not valid in a query.",
        start,
        end,
        f"Use “{ours}”, or put it in quotes as part of a word.",
        fixed=before + ours + after if is_well_placed else None,
    )


def refuse_comma(scanner: Scanner, start: int) -> NoReturn:
    """Refuse ``web-1,web-2`` that began at ``start``, with all its commas at once."""
    here = scanner.position
    found = scanner.match(_WITH_COMMAS)
    fixed = None
    if found:
        words = [word.strip() for word in scanner.text[start : found.end()].split(",")]
        before, after = scanner.text[:start], scanner.text[found.end() :]
        joined = " or ".join(words)
        fixed = joined if not (before + after).strip() else f"{before}({joined}){after}"
    scanner.fail(
        "A comma is only allowed between values of a field.",
        here,
        here + 1,
        "Write env:prod,dev. Combine words with “or”.",
        fixed=fixed,
    )


def refuse_clock(scanner: Scanner, of: Field, value: str, start: int) -> None:
    """Refuse ``created>2026-11-29 17:00``, of which the end would be another word."""
    if not of.kind.has_periods:
        return
    found = time_behind(value, scanner.text[scanner.position :])
    if found is None:
        return
    good, end = found[0], scanner.position + found[1]
    fixed = scanner.text[:start] + good + scanner.text[end:]
    if good.startswith(("-", "+")):
        wrong = quoted(scanner.text[start:end])
        message, hint = f"{wrong} is not a valid time.", f"Write {good}."
    else:
        message = "Put a time that contains a space in quotes."
        hint = f"Write {good}, or put it in quotes."
    scanner.fail(message, start, end, hint, fixed=fixed)


def refuse_url(scanner: Scanner) -> None:
    """Refuse ``https://web-1/login``, of which only the host is in the inventory."""
    if not (found := scanner.match(_URL)):
        return
    start, end = scanner.position, found.end()
    host = found[1].lower()
    scanner.fail(
        "A URL is not a condition.",
        start,
        end,
        f"Write the name of its host, {host}.",
        fixed=scanner.text[:start] + host + scanner.text[end:],
    )


def refuse_condition_in_list(scanner: Scanner, is_field: Callable[[str], bool]) -> None:
    """Refuse ``env:prod, os:debian*``, which would be two environments."""
    found = scanner.match(_NEXT_CONDITION)
    if found is None or not is_field(found[1]):
        return
    here = scanner.position
    scanner.fail(
        "A comma separates values of one field.",
        here,
        here + 1,
        f"Leave it out before another condition such as {found[1]}:…",
        fixed=f"{scanner.text[:here].rstrip()} {scanner.text[here + 1 :].lstrip()}",
    )


def refuse_address_and_port(scanner: Scanner) -> None:
    """Refuse ``[2001:db8::1]:22``, which is two conditions."""
    if found := scanner.match(_ADDRESS_AND_PORT):
        _refuse_port(scanner, scanner.position, found[1], found[2], found.end())


def refuse_port_behind(scanner: Scanner, name: str, start: int) -> None:
    """Refuse ``web-1:22`` where the name is of no field, nor near to one."""
    is_host = re.search(r"[\d.]", name) and name.casefold() != "var."
    if is_host and (found := scanner.match(_PORT)):
        _refuse_port(scanner, start, name, found[1], found.end())


def _refuse_port(scanner: Scanner, start: int, name: str, port: str, end: int) -> None:
    if not 1 <= int(port) <= 65535:
        return
    good = f"{name} port:{int(port)}"
    before, after = scanner.text[:start], scanner.text[end:]
    if before[-1:] == "-":
        good = f"({good})"
    scanner.fail(
        "A name and its port are two conditions.",
        start,
        end,
        f"Write {good}.",
        fixed=before + good + after,
    )
