"""One of a few known words."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from ...models import Host
from ...validation.values import STATUSES, HostStatus
from ..ast import Term
from ..checks import CHECKS, found_by
from ..clauses import Alternative
from ..parse_values import parse_check, parse_status
from ..sql.text_match import one_of
from .base import Exact, Field, Parts, Spell, listed


class Status(Exact):
    name = "status"
    expected = STATUSES
    offered = dict.fromkeys(STATUSES, "")
    is_adjective = True

    def check(self, value: str) -> None:
        parse_status(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        wanted = {parse_status(value) for value in term.values}
        one = one_of(Host.status, sorted(wanted, key=lambda status: status.value))
        return [Alternative(one)]

    def members(self, session: Session, field: Field) -> Sequence[Any]:
        return list(HostStatus)

    def holding(
        self, field: Field, values: Sequence[str], spell: Spell, no: str
    ) -> str:
        return f"{no}{listed(values)}"


class Check(Exact):
    name = "check"
    expected = tuple(CHECKS)
    offered = dict.fromkeys(CHECKS, "")
    why_not_counted = (
        "Hosts cannot be counted by check.",
        "See the Data quality page.",
    )

    def check(self, value: str) -> None:
        parse_check(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        wanted = sorted({parse_check(value) for value in term.values})
        return [part for name in wanted for part in found_by(session, name)]

    def equality(self, name: str, values: Sequence[str], *, negative: bool) -> str:
        return _found_by(values, "not " if negative else "")

    def holding(
        self, field: Field, values: Sequence[str], spell: Spell, no: str
    ) -> str:
        return _found_by(values, no)


def _found_by(values: Sequence[str], no: str) -> str:
    noun = "check" if len(values) == 1 else "checks"
    return f"{no}found by the {noun} {listed(values)}"
