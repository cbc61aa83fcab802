"""What a file says beyond its hosts, and how much of it is held in memory."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import FieldError, InvalidFile
from ..validation.values import quoted
from .rows import Column, Row

# For formats that cannot be understood before the last line is read.
MAX_TEXT = 64 * 1024**2
# Of any text file, in characters.
MAX_LINE = 1024**2
# A file may hold the same remark a million times.
SHOWN = 5


@dataclass(frozen=True)
class FileGroup:
    """One group as a file states it: description, vars and children, where it does."""

    line: int
    name: str
    values: Mapping[str, Any]
    errors: tuple[FieldError, ...] = field(default=())


@dataclass(frozen=True)
class FileVars:
    """The variables of the whole inventory, which Ansible keeps at ``all``."""

    line: int
    vars: Mapping[str, Any]
    errors: tuple[FieldError, ...] = field(default=())


@dataclass(frozen=True)
class Observed:
    """When the hosts of a file were seen, if not now, and whether it lists them all."""

    at: dt.datetime | None
    is_complete: bool


# Formats yield the variables first, then the groups, then the hosts; what was observed
# comes last.
Item = FileVars | FileGroup | Row | Observed


class Source(Protocol):
    """What a file is written from. Hosts are read, again each time, and never held.

    ``columns`` are those that a table shall have; None for all that is known of a host.
    ``host_columns`` are the hosts in batches: the values of each field, in the order of
    the hosts, with variables as JSON text. Groups have name, description, vars and
    children; ``members`` gives the names of the hosts that are directly in a group, or
    for None of those that are in none.
    """

    @property
    def columns(self) -> Sequence[Column] | None: ...
    @property
    def vars(self) -> Mapping[str, Any]: ...
    @property
    def groups(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def hosts(self) -> Iterable[Mapping[str, Any]]: ...
    @property
    def host_columns(self) -> Iterable[Mapping[str, Sequence[Any]]]: ...
    def members(self, group: str | None, /) -> Iterable[str]: ...


def whole_text(name: str, pieces: Iterable[str]) -> str:
    """Return a text that comes in pieces. Raises ``InvalidFile`` where it is long."""
    return "".join(limited(name, pieces))


def limited(name: str, pieces: Iterable[str]) -> Iterator[str]:
    """Pass a text on. Raises ``InvalidFile`` where it is long."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_TEXT:
            raise InvalidFile(
                f"{name}: is over {MAX_TEXT // 1024**2} MiB, the limit for this "
                "format. Split the file, or use CSV or JSON Lines."
            )
        yield piece


# Lines in a row that state nothing. A sheet of Excel has half as many.
MAX_EMPTY = 2 * 1024**2
NOTHING_STATED = f"the {MAX_EMPTY:,} lines up to here are empty; remove them."


def lines_of(name: str, pieces: Iterable[str], longest: int) -> Iterator[str]:
    """Yield lines without their ends. Raises ``InvalidFile`` for an endless one."""
    rest: list[str] = []
    size = number = stated = 0
    for piece in pieces:
        *complete, last = piece.split("\n")
        for end in complete:
            line = "".join((*rest, end))
            number += 1
            if line and not line.isspace():
                stated = number
            elif number - stated > MAX_EMPTY:
                raise InvalidFile(f"{name}: line {number}: {NOTHING_STATED}")
            yield line
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        if size > longest:
            raise InvalidFile(
                f"{name}: a line has over {longest:,} characters; this is not a file "
                "with one host per line."
            )
    yield "".join(rest)


def namesakes_note(names: Sequence[str]) -> str:
    return (
        f"Groups with the same name as a host: {some(names)}. "
        "Ansible reads such a name as the group."
    )


def some(names: Sequence[str], show: Callable[[str], str] = quoted) -> str:
    """Return the first few names, and how many more there are."""
    shown = ", ".join(show(name) for name in names[:SHOWN])
    return shown + more_than(len(names) - SHOWN)


def more_than(count: int) -> str:
    """Return how many there are besides those that were named."""
    return f" and {count:,} more" if count > 0 else ""
