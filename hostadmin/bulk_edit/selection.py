"""Which hosts: all that a query means, or those that were named one by one."""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import InvalidValue
from ..models import Host
from ..places import COMMAND
from ..query.ast import Node
from ..query.sql.compiler import select_ids
from ..validation.numbers import MAX_ID
from ..validation.values import quoted

MAX_IDS = 100_000
_RANGE = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")


@dataclass(frozen=True)
class Selection:
    """All that match ``node``, or the hosts with these ids; never both.

    Where more than ``limit`` match, the whole is refused.
    """

    node: Node | None = None
    ids: tuple[int, ...] = ()
    limit: int | None = None

    def __bool__(self) -> bool:
        return self.node is not None or bool(self.ids)


def find_ids(session: orm.Session, selection: Selection) -> "array[int]":
    """Return the ids of the hosts that are there, in order.

    Raises ``QueryError``, and ``InvalidValue`` for more than there may be.
    """
    if selection.node is not None:
        return _matching(session, selection.node, selection.limit)
    found = array("q")
    for ids in _parts(sorted(set(selection.ids))):
        chosen = sa.select(Host.id).where(Host.id.in_(ids)).order_by(Host.id)
        found.extend(session.scalars(chosen))
    return found


def _matching(session: orm.Session, node: Node, limit: int | None) -> "array[int]":
    wanted = select_ids(session, node).order_by(Host.id)
    if limit is not None:
        wanted = wanted.limit(limit + 1)
    found = array("q", session.scalars(wanted.execution_options(yield_per=10_000)))
    if limit is not None and len(found) > limit:
        raise InvalidValue(
            f"More than {limit:,} hosts match, too many for one page. Narrow the "
            f"query, or use the command {COMMAND} hosts set."
        )
    return found


def _parts(ids: list[int], size: int = 1_000) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def read_ids(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the ids that texts such as ``5`` or ``5,7,9-12`` name, each once.

    Raises ``InvalidValue``.
    """
    found: dict[int, None] = {}
    for text in texts:
        for part in text.replace(" ", "").split(","):
            if part:
                found.update(dict.fromkeys(_range(part, MAX_IDS - len(found))))
    return tuple(found)


def _range(text: str, room: int) -> range:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{quoted(text)} is not a valid host ID. Use 5 or 5-9.")
    first = int(match[1])
    last = int(match[2] or first)
    if not 1 <= first <= last <= MAX_ID:
        raise InvalidValue(f"{quoted(text)} is not a valid range of host IDs.")
    if last - first >= room:
        raise InvalidValue(
            f"More than {MAX_IDS:,} hosts are selected. Use a query instead."
        )
    return range(first, last + 1)


def ids_text(ids: Iterable[int]) -> str:
    """Return the shortest text that ``read_ids`` reads back."""
    ordered = sorted(set(ids))
    breaks = [i for i, (one, two) in enumerate(pairwise(ordered), 1) if two > one + 1]
    runs = [ordered[i:j] for i, j in pairwise([0, *breaks, len(ordered)]) if i < j]
    return ",".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs
    )
