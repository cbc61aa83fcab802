"""Names of hosts and their aliases, which are equal by their folded keys."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ...models import Host, HostAlias
from ...validation.values import fold_name
from .. import ast
from ..ast import Term
from ..clauses import Alternative
from ..sql.names import alias_named, named_in_order
from ..sql.text_match import HIGHEST
from .base import Field, Found, Kind, Parts, read_texts

OWN = "cannot be set for many hosts. Edit the host."


class Name(Kind):
    name = "name"
    has_patterns = True
    why_not_set = OWN

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        return [Alternative(named_in_order(session, term))]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        return _starting(session, Host.hostname, Host.hostname_key, begun, limit)


class Alias(Name):
    name = "alias"

    def parts(self, session: Session, field: Field, term: Term) -> Parts:
        hosts = sa.select(HostAlias.host_id)
        if term.op == ast.EMPTY:
            return [Alternative(Host.id.not_in(hosts))]
        return [Alternative(Host.id.in_(hosts.where(alias_named(session, term))))]

    def suggest(self, session: Session, field: Field, begun: str, limit: int) -> Found:
        return _starting(session, HostAlias.name, HostAlias.name_key, begun, limit)


def _starting(session: Session, name: Any, key: Any, begun: str, limit: int) -> Found:
    # A range of the index holds all keys that begin so.
    start = fold_name(begun)
    names = sa.select(name).where(key >= start, key < f"{start}{HIGHEST}")
    return read_texts(session, names.order_by(key), limit)
