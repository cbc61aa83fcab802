"""Variables in SQL: the text and the kind of what is at a path in a JSON column.

Every engine has its own functions, and its own trouble with names that hold quotation
marks, dots or letters beyond ASCII; names are therefore never written into a path by
hand unless they are escaped as JSON.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from ...db.engines import Engine

# As the engines call them.
_TEXT = ("text", "string", "STRING")
_NULL = ("null", "NULL")


class Variable:
    """One variable of a row, as SQL of one engine. No part of it is ever NULL."""

    def __init__(
        self,
        engine: Engine,
        column: InstrumentedAttribute[dict[str, Any]],
        path: tuple[str, ...],
    ) -> None:
        text, kind = engine.json_at(column, path)
        if len(path) > 1:
            # A variable may be called so, dots and all; see validation.json_values.
            own_text, own_kind = engine.json_at(column, (".".join(path),))
            text = sa.case((own_kind.is_not(None), own_text), else_=text)
            kind = sa.func.coalesce(own_kind, kind)
        self._kind = sa.func.coalesce(kind, "null")
        # Nothing, null and an empty text are all the same: empty.
        self.text: ColumnElement[str] = sa.case(
            (self._kind.in_(_NULL), ""), else_=sa.func.coalesce(text, "")
        )

    def is_text(self) -> ColumnElement[bool]:
        return self._kind.in_(_TEXT)
