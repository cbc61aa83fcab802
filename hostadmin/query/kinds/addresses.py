"""Addresses: the one of a host, and its further ones."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...errors import QueryError
from ...models import Host, HostAddress
from .. import ast
from ..ast import Term
from ..clauses import Alternative, Clause, Column, by_ids, has_none
from ..parse_values import Range, parse_addresses, word_range
from ..sql.text_match import like_of
from .base import (
    COMPARISONS,
    LIST,
    MATCH,
    PART,
    RANGE,
    TEXT_OPERATORS,
    Field,
    Found,
    Parts,
    Spell,
    listed,
    read_texts,
)
from .names import OWN
from .ordered import Number, within


class Address(Number):
    name = "address"
    operators = (*TEXT_OPERATORS, *COMPARISONS)
    operations = (*MATCH, "in_network", *PART, *LIST, *RANGE)
    expected = ("an address, a network or a range",)
    why_not_set = OWN

    def read(self, value: str) -> Range:
        return parse_addresses(value)

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        if term.op == ast.EMPTY:
            no_other = has_none(session, HostAddress.host_id)
            return [Alternative(sa.and_(Host.ip_key.is_(None), no_other))]
        if term.op in (ast.CONTAINS, ast.STARTS, ast.ENDS):
            own = _match_text(Host.ip_addr, term)
            other = _match_text(HostAddress.ip_addr, term)
            nullable: Column = Host.ip_addr
        else:
            own = self.compare(Host.ip_key, term)
            other = self.compare(HostAddress.ip_key, term)
            nullable = Host.ip_key
        others = sa.select(HostAddress.host_id).where(other)
        return [Alternative(own, nullable), *by_ids(session, others)]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        try:
            inside = word_range(begun)
        except QueryError:
            return []
        begins = Host.ip_addr.startswith(begun, autoescape=True)
        some = sa.select(Host.ip_addr).where(Host.ip_key.is_not(None), begins)
        if inside is not None:
            some = some.where(within(Host.ip_key, inside))
        return read_texts(session, some.order_by(Host.ip_key), limit)

    def holding(
        self, field: Field, values: Sequence[str], spell: Spell, no: str
    ) -> str:
        is_one = not any(re.search(r"/|\*|\.\.", value) for value in values)
        return f"{no}{'with the address' if is_one else 'within'} {listed(values)}"


def _match_text(column: Column, term: Term) -> Clause:
    needles = [str(value).casefold() for value in term.values]
    match = like_of(column, term.op)
    return sa.or_(*(match(needle, autoescape=True) for needle in needles))
