"""Names that hold a text, by way of the index over every three letters.

The index gives hosts that may match, and the condition itself decides; so an answer is
exact whatever the index holds more. Where it is not there, or finds too many, it is
left out: of many, a page is full soon.
"""

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ...keyset.pages import CAP
from ...models import table_name, trigger_names
from ...validation.values import fold
from .. import ast
from ..ast import Quoted, Term
from ..clauses import FEW, Clause

LENGTH = 3
# More of them narrow it down no further.
MOST = 8


def near(session: orm.Session, model: Any, term: Term) -> Clause | None:
    """Return a condition on ids that holds wherever the term does; None if it has none.

    PostgreSQL takes its index by itself.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    wanted = [_needed(term.op, value) for value in term.values]
    if not all(wanted) or not _is_kept(session, model):
        return None
    match = " OR ".join(f"({' AND '.join(map(_quoted, some))})" for some in wanted)
    name = table_name(model)
    names = sa.table(name, sa.column("rowid"), sa.column(name))
    found = sa.select(names.c.rowid).where(names.c[name].op("MATCH")(match))
    ids = session.scalars(found.limit(CAP + 1)).all()
    if len(ids) > CAP:
        return None
    clause: Clause = model.id.in_(sorted(ids) if len(ids) <= FEW else found)
    return clause


def _is_kept(session: orm.Session, model: Any) -> bool:
    """Whether the index is there with all that keeps it right.

    To rebuild a table, as SQLite's ALTER TABLE has to, takes its triggers away.
    """
    triggers = trigger_names(model)
    found = session.scalar(
        sa.text(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name = :table AND name IN :names"
        ).bindparams(sa.bindparam("names", expanding=True)),
        {"table": model.__tablename__, "names": triggers},
    )
    return bool(found == len(triggers))


def _needed(op: str, value: str) -> list[str]:
    """Return some trigrams that every name has for which the condition holds."""
    text = fold(value)
    if op in (ast.CONTAINS, ast.ENDS):
        return _some(_trigrams(text))
    if op == ast.EQUALS and not isinstance(value, Quoted):
        runs = re.split(r"[*?]+", text)
        # How a name begins is a range of another index.
        if len(runs) > 1 and not (runs[0] and not any(runs[1:])):
            return _some(one for run in runs for one in _trigrams(run))
    return []


def _trigrams(text: str) -> list[str]:
    return [text[at : at + LENGTH] for at in range(len(text) - LENGTH + 1)]


def _some(found: Iterable[str]) -> list[str]:
    every = list(dict.fromkeys(found))
    step = -(-len(every) // MOST) or 1
    return every[::step]


def _quoted(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'
