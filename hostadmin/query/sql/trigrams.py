"""Names that hold a text, by way of the index over every three letters.

The index gives hosts that may match, and the condition itself decides; so an answer is
exact whatever the index holds more. Where it is not there, or finds too many, it is
left out: of many, a page is full soon.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import orm

from ...db.engines import engine_of
from ...limits import limits
from ...validation.values import fold_name
from .. import ast
from ..ast import Quoted, Term
from ..clauses import Clause

LENGTH = 3
# More of them narrow it down no further.
MOST = 8


def near(session: orm.Session, model: Any, term: Term) -> Clause | None:
    """Return a condition on ids that holds wherever the term does, if it has one."""
    wanted = [_needed(term.op, value) for value in term.values]
    if not all(wanted):
        return None
    found = engine_of(session).trigram_search(session, model.__tablename__, wanted)
    if found is None:
        return None
    ids = session.scalars(found.limit(limits.counted_rows + 1)).all()
    if len(ids) > limits.counted_rows:
        return None
    clause: Clause = model.id.in_(
        sorted(ids) if len(ids) <= limits.statement_ids else found
    )
    return clause


def _needed(op: str, value: str) -> list[str]:
    """Return some trigrams that every name has for which the condition holds."""
    text = fold_name(value)
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
