"""What was probably meant by a query that finds nothing: other queries, which do."""

import time
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.time_limit import TooSlow, time_limit
from ..errors import QueryError
from ..formatting import counted
from ..limits import limits
from ..query.ast import Node
from ..query.parser import parse
from ..query.sql.compiler import select_ids
from ..query.to_text import to_text
from .guesses import MAX_SHOWN, MOST_TRIED, guesses


@dataclass(frozen=True)
class Hint:
    """A query that finds hosts: its text, how many, and why it was thought of.

    ``why`` is a sentence such as "debian is an OS". ``is_capped`` says that there are
    more hosts than were counted.
    """

    text: str
    count: int
    why: str = ""
    is_capped: bool = False

    @property
    def hosts(self) -> str:
        """How many hosts, in words."""
        if self.is_capped:
            return f"{self.count:,}+ hosts"
        return counted(self.count, "host")

    @property
    def sentence(self) -> str:
        """The hint as a line of text."""
        if self.why:
            return f"{self.why}: {self.text} ({self.hosts})."
        return f"did you mean {self.text} ({self.hosts})?"


def find_hints(session: orm.Session, node: Node) -> list[Hint]:
    """Return queries that were probably meant, those with most hosts first.

    Each parses and finds something. What takes too long to count is not shown.
    """
    until = time.monotonic() + limits.count_seconds
    found: dict[str, Hint] = {}
    with suppress(TooSlow, QueryError):
        for guess in guesses(session, node):
            left = until - time.monotonic()
            if left <= 0 or len(found) >= MOST_TRIED:
                break
            text = to_text(guess.node)
            if text not in found and (count := _count(session, text, left)):
                cap = limits.counted_rows
                found[text] = Hint(text, min(count, cap), guess.why, count > cap)
    return sorted(found.values(), key=lambda hint: -hint.count)[:MAX_SHOWN]


def _count(session: orm.Session, text: str, seconds: float) -> int:
    """Count what the text finds, as anyone who follows the hint will see it."""
    try:
        node = parse(text)
    except QueryError:
        return 0
    some = select_ids(session, node).limit(limits.counted_rows + 1).subquery()
    with time_limit(session, seconds):
        return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
