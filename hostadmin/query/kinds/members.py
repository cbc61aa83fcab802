"""Being a member: of groups, of sets picked before, of what a change touched."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...models import Group as GroupRow
from .. import ast
from ..ast import Term
from ..change_sets import hosts_of_changes, newest_changes, parse_change
from ..clauses import Clause
from ..host_sets import in_sets, parse_set
from ..sql.groups import group_parts, groups_alone
from .base import Exact, Field, Found, Parts, Spell, listed, read_texts


class Member(Exact):
    """What is shown in the same words after "Hosts" and after "where"."""

    def clause(self, field: Field, term: Term, *, negative: bool) -> str:
        if term.op == ast.EMPTY:
            return f"in {'some' if negative else 'no'} {field.name}"
        noun = field.name if len(term.values) == 1 else f"the {field.name}s"
        return f"{'not ' if negative else ''}in {noun} {listed(term.values)}"

    def phrase(self, field: Field, term: Term, spell: Spell, *, negative: bool) -> str:
        return self.clause(field, term, negative=negative)


class Group(Member):
    name = "group"
    expected = ("the name of a group",)
    has_case = True
    why_not_set = "cannot be set. Add hosts to groups, or remove them, instead."

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


class Set(Member):
    name = "set"
    expected = ("the number of a set",)
    why_not_counted = ("Hosts cannot be counted by set.",)

    def check(self, value: str) -> None:
        parse_set(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        return [in_sets(session, term.values)]


class Change(Member):
    name = "change"
    expected = ("the number of a change",)
    why_not_counted = ("Hosts cannot be counted by change.",)

    def check(self, value: str) -> None:
        parse_change(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        return [hosts_of_changes(session, term.values)]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        return [(number, None) for number in newest_changes(session, begun, limit)]
