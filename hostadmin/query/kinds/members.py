"""Being a member: of groups, and of sets that somebody picked before."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...models import Group as GroupRow
from .. import ast
from ..ast import Term
from ..clauses import Clause
from ..host_sets import in_sets, parse_set
from ..sql.groups import group_parts, groups_alone
from .base import LIST, MATCH, Field, Found, Kind, Parts, Spell, listed, read_texts


class Group(Kind):
    name = "group"
    operators = (ast.EQUALS,)
    operations = (*MATCH, *LIST)
    expected = ("the name of a group",)
    has_case = True
    why_not_set = "is no field to set: hosts are added to groups, or removed from them."

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        return group_parts(session, term)

    def alone(
        self, session: Session, term: Term
    ) -> tuple[Clause, sa.Select[int]] | None:
        return groups_alone(session, term)

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        named = GroupRow.name.istartswith(begun, autoescape=True)
        names = sa.select(GroupRow.name).where(named).order_by(GroupRow.name)
        return read_texts(session, names, limit)

    def clause(self, field: Field, term: Term, *, negative: bool) -> str:
        if term.op == ast.EMPTY:
            return "in some group" if negative else "in no group"
        return _inside(field, term.values, "not " if negative else "")

    def phrase(self, field: Field, term: Term, spell: Spell, *, negative: bool) -> str:
        return self.clause(field, term, negative=negative)


class Set(Kind):
    name = "set"
    operators = (ast.EQUALS,)
    operations = (*MATCH, *LIST)
    expected = ("the number of a set",)
    why_not_counted = ("Hosts are not counted by set.",)

    def check(self, value: str) -> None:
        parse_set(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        return [in_sets(session, term.values)]

    def clause(self, field: Field, term: Term, *, negative: bool) -> str:
        return _inside(field, term.values, "not " if negative else "")

    def phrase(self, field: Field, term: Term, spell: Spell, *, negative: bool) -> str:
        return self.clause(field, term, negative=negative)


def _inside(field: Field, values: Sequence[str], no: str) -> str:
    noun = field.name if len(values) == 1 else f"the {field.name}s"
    return f"{no}in {noun} {listed(values)}"
