"""Writes targets for Prometheus, as its http_sd and file_sd read them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import QueryError
from ..validation.json_values import json_text
from ..validation.numbers import MAX_PORT, whole_number
from ..validation.values import quoted
from .document import Source
from .left_out import LeftOut
from .rows import COLUMNS, value_at

PREFIX = "__meta_hostadmin_"
_LABELS = tuple(name for name in COLUMNS if name not in ("vars", "notes"))
# What Prometheus would take apart, or refuse together with all others.
_NAME = re.compile(r"[\w.-]+")
_VARIABLE = "var."
_BAD_NAMES = "Hosts without an address or a name to connect to were left out"
_NO_PORT = "Targets without a port get the default port of their scheme"


def read_port(text: str) -> int | tuple[str, ...]:
    """Return a port, or the way down to the variable that holds it.

    Raises ``QueryError``.
    """
    path = tuple(text.removeprefix(_VARIABLE).split("."))
    if text.startswith(_VARIABLE) and all(path):
        return path
    port = whole_number(text, 1, MAX_PORT)
    if port is None:
        raise QueryError(
            f"{quoted(text)} is not a valid port.",
            f"Write a number, 1–{MAX_PORT}, or var.NAME for a variable that holds it.",
        )
    return port


def write(
    content: Source, notes: list[str], port: int | tuple[str, ...] | None = None
) -> Iterator[str]:
    """Yield a list of targets, one a host; ``port`` says which, else the host's own.

    ``notes`` gets, at the end, what could not be written as it is.
    """
    left_out = LeftOut()
    mark = "[\n"
    for row in content.hosts:
        address = _address(row)
        if address is None:
            left_out.add(_BAD_NAMES, row["hostname"])
            continue
        number = _port(row, port)
        if number is None:
            left_out.add(_NO_PORT, row["hostname"])
        target = address if number is None else f"{address}:{number}"
        yield f"{mark}{json_text({'targets': [target], 'labels': _labels(row)})}"
        mark = ",\n"
    yield "[]\n" if mark == "[\n" else "\n]\n"
    notes += left_out.notes()


def _address(row: Mapping[str, Any]) -> str | None:
    address = row["ip_addr"]
    if address:
        return f"[{address}]" if ":" in address else str(address)
    return row["hostname"] if _NAME.fullmatch(row["hostname"]) else None


def _port(row: Mapping[str, Any], port: int | tuple[str, ...] | None) -> int | None:
    if isinstance(port, int):
        return port
    found: Any = row["port"]
    if port is not None:
        found = value_at(row["vars"], port)
    text = str(found) if type(found) in (int, str) else ""
    return whole_number(text, 1, MAX_PORT)


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    return {f"{PREFIX}{name}": _text(row[name]) for name in _LABELS if row.get(name)}


def _text(value: Any) -> str:
    """Return a label; a list as Prometheus has it, so that ``.*,web,.*`` finds it."""
    return f",{','.join(value)}," if isinstance(value, list | tuple) else str(value)
