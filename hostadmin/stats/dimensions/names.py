"""Counting by what a host is called: its name, its domain, its aliases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ...db.engines import engine_of
from ...models import Host, HostAlias
from ...query import ast
from ...query.ast import Node, Not, Term, all_of
from ...query.fields import FIELDS, Field
from ...query.sql.compiler import compile_node
from ...query.sql.text_match import is_pattern
from .base import CountSource, Dimension, empty, equal_to

_NAME = FIELDS["hostname"]
# A name with a dot in it has a domain: what is behind the first one.
_NO_DOMAIN = Not(Term(_NAME.name, ast.EQUALS, ("*.*",)))


def by_hostname(_session: orm.Session, field: Field) -> Dimension:
    return Dimension(
        field.name,
        field.label,
        (CountSource(Host.hostname_key.expression),),
        str,
        lambda key: equal_to(field, key),
        None,
    )


def by_alias(session: orm.Session, field: Field) -> Dimension:
    none = compile_node(session, Term(field.name, ast.EMPTY))
    # Under another name, or a condition on aliases would be taken for one on this.
    alias = orm.aliased(HostAlias)
    has_one = ((alias, alias.host_id == Host.id),)
    return Dimension(
        field.name,
        field.label,
        (
            CountSource(alias.name_key.expression, has_one, is_repeated=True),
            CountSource(None, condition=none),
        ),
        str,
        lambda key: equal_to(field, key),
        empty(field),
        is_several=True,
    )


def by_domain(session: orm.Session) -> Dimension:
    name = Host.hostname_key
    dot = engine_of(session).position_of(name.expression, ".")
    key = sa.case((dot > 0, sa.func.substr(name, dot + 1)))
    return Dimension(
        "domain", "Domain", (CountSource(key),), str, _in_domain, _NO_DOMAIN
    )


def _in_domain(domain: Any) -> Node:
    """Return the condition on hosts of this domain, and not of one inside of it.

    A domain with a star in it is not distinguished from others by any query.
    """
    deeper = f"*.*.{domain}"
    ends = Term(_NAME.name, ast.ENDS, (f".{domain}",))
    if is_pattern(domain):
        return ends
    return all_of(ends, Not(Term(_NAME.name, ast.EQUALS, (deeper,))))
