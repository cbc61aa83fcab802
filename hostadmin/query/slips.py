"""What people write in other places, and what it is in a query: told, never guessed."""

import re
from typing import NoReturn

from .fields import Field
from .lexer import Scanner
from .parse_times import time_behind

_WITH_COMMAS = re.compile(r"(?:\s*,\s*[^\s\"'(),=<>~!^$]+)+(?=[\s)]|$)")
_ADDRESS_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]):(\d{1,5})(?=[\s)]|$)", re.IGNORECASE)
_PORT = re.compile(r":(\d{1,5})(?=[\s)]|$)")


def refuse_sign(scanner: Scanner, sign: str, ours: str) -> NoReturn:
    """Refuse a sign of another language."""
    start, end = scanner.position, scanner.position + len(sign)
    before, after = scanner.text[:start], scanner.text[end:]
    stands_well = after.strip() and (before.strip() or ours == "-")
    scanner.fail(
        f"“{sign}” has no meaning in a query.",
        start,
        end,
        f"Write “{ours}”; in quotation marks it is part of a word.",
        fixed=before + ours + after if stands_well else None,
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
        "A comma stands only between the values of a field.",
        here,
        here + 1,
        "Write env:prod,dev; words are joined by “or”.",
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
    scanner.fail(
        "A time with a blank in it stands in quotation marks.",
        start,
        end,
        f"Write {good}, or the same in quotation marks.",
        fixed=scanner.text[:start] + good + scanner.text[end:],
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
