"""Variables in SQL: the text and the kind of what stands at a path in a JSON column.

Every engine has its own functions, and its own trouble with names that hold quotation
marks, dots or letters beyond ASCII; names are therefore never written into a path by
hand unless they are escaped as JSON.
"""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON as PostgresJSON
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

# As the engines call them.
_TEXT = ("text", "string", "STRING")
_NULL = ("null", "NULL")


class Variable:
    """One variable of a row, as SQL of one engine. No part of it is ever NULL."""

    def __init__(
        self,
        dialect: str,
        column: InstrumentedAttribute[dict[str, Any]],
        path: tuple[str, ...],
    ) -> None:
        build = {"sqlite": _sqlite, "postgresql": _postgresql}.get(dialect, _mysql)
        text, kind = build(column, path)
        self._kind = sa.func.coalesce(kind, "null")
        # Nothing, null and an empty text are all the same: empty.
        self.text: ColumnElement[str] = sa.case(
            (self._kind.in_(_NULL), ""), else_=sa.func.coalesce(text, "")
        )

    def is_text(self) -> ColumnElement[bool]:
        return self._kind.in_(_TEXT)


_Pair = tuple[ColumnElement[Any], ColumnElement[Any]]


def _sqlite(column: Any, path: tuple[str, ...]) -> _Pair:
    # json_each compares unescaped names; a path would compare the escaped spelling,
    # and has no way at all to write a quotation mark.
    document: Any = column
    levels: list[Any] = []
    for number, name in enumerate(path):
        level = sa.func.json_each(document).table_valued(
            "key", "value", "type", name=f"level_{number}", joins_implicitly=True
        )
        levels.append((level, level.c.key == name))
        # Only an object can be taken apart; a text would be malformed JSON.
        document = sa.case((level.c.type == "object", level.c.value))
    last = levels[-1][0]
    literal = sa.case(
        (last.c.type == "true", "true"),
        (last.c.type == "false", "false"),
        else_=sa.cast(last.c.value, sa.Text),
    )

    def read(what: ColumnElement[Any]) -> ColumnElement[Any]:
        return (
            sa.select(what)
            .select_from(*(level for level, _ in levels))
            .where(*(condition for _, condition in levels))
            .limit(1)
            .correlate(column.class_.__table__)
            .scalar_subquery()
        )

    return read(literal), read(last.c.type)


def _postgresql(column: Any, path: tuple[str, ...]) -> _Pair:
    # One step at a time: json -> text takes any name, and gives NULL below a scalar.
    value: Any = column
    for name in path[:-1]:
        value = value.op("->", return_type=PostgresJSON())(sa.literal(name, sa.Text))
    last = sa.literal(path[-1], sa.Text)
    text = value.op("->>", return_type=sa.Text())(last)
    return text, sa.func.json_typeof(value.op("->", return_type=PostgresJSON())(last))


def _mysql(column: Any, path: tuple[str, ...]) -> _Pair:
    # MariaDB compares names as they are spelt in the document, and that was written
    # by the same function.
    steps = "".join(f".{json.dumps(name)}" for name in path)
    found = sa.func.json_extract(column, sa.literal(f"${steps}", sa.String))
    return sa.func.json_unquote(found), sa.func.json_type(found)
