"""Places in a list, as opaque texts for addresses, and the order they belong to."""

import base64
import binascii
import enum
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.elements import ColumnElement

from ..db.session import UTCDateTime
from ..errors import QueryError
from ..validation.numbers import MAX_BIG_ID, MAX_ID

MAX_CURSOR = 4096


@dataclass(frozen=True)
class Sort:
    """One order of a list, by one column, and ``then`` by others.

    ``implied`` returns what a condition on another column, of which this one gives the
    order, says about this one, if it says something. ``path`` leads to what gives the
    order inside of a column of JSON, which no index has. A ``unique`` column, which is
    never empty, needs no tie-break; every other one gets the id.
    """

    name: str
    column: orm.InstrumentedAttribute[Any]
    id_column: orm.InstrumentedAttribute[int]
    nullable: bool = False
    descending: bool = False
    unique: bool = False
    then: tuple["Sort", ...] = ()
    implied: Callable[[ColumnElement[bool]], ColumnElement[bool] | None] | None = field(
        default=None, compare=False
    )
    path: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How the order is written in a URL: ``-ip,hostname``."""
        return ",".join(
            f"-{part.name}" if part.descending else part.name for part in self.parts
        )

    @property
    def parts(self) -> tuple["Sort", ...]:
        return (self, *self.then)

    @property
    def alone(self) -> "Sort":
        """The order by the first column only."""
        return replace(self, then=())


@dataclass(frozen=True)
class Cursor:
    """A place between two rows: after (or before) the row with this key and id.

    ``position`` is the number of the row that comes next, seen forwards. ``then`` are
    the keys of the further columns of the order.
    """

    key: Any
    id: int
    position: int
    backward: bool = False
    then: tuple[Any, ...] = ()


def write_cursor(sort: Sort, cursor: Cursor) -> str:
    """Return the cursor as an opaque text that is safe in a URL."""
    parts: list[Any] = [
        sort.text.removeprefix("-"),
        int(sort.descending),
        int(cursor.key is None),
        _plain(cursor.key),
        cursor.id,
        cursor.position,
        int(cursor.backward),
    ]
    if cursor.then:
        parts.append([_plain(key) for key in cursor.then])
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(key: Any) -> Any:
    if isinstance(key, enum.Enum):
        return key.value
    return key.isoformat() if isinstance(key, datetime) else key


def read_cursor(sort: Sort, text: str) -> Cursor:
    """Return the cursor of that text; ``QueryError`` unless it is one for this sort."""
    try:
        parts = _decoded(text)
        then = parts.pop() if sort.then else []
        name, descending, empty, key, row_id, position, backward = parts
        wanted = sort.text.removeprefix("-"), int(sort.descending)
        if (name, descending) != wanted or not isinstance(then, list):
            raise ValueError
        flags = _whole(empty, 0, 1), _whole(backward, 0, 1)
        return Cursor(
            _key(sort, key, empty=bool(flags[0])),
            _whole(row_id, 1, MAX_BIG_ID),
            _whole(position, 1, MAX_BIG_ID),
            bool(flags[1]),
            tuple(
                _key(part, key, empty=key is None)
                for part, key in zip(sort.then, then, strict=True)
            ),
        )
    except (ValueError, TypeError, RecursionError):
        raise QueryError(
            "This page address is not valid.", "Start again at the first page."
        ) from None


def _decoded(text: str) -> list[Any]:
    if len(text) > MAX_CURSOR:
        raise ValueError
    try:
        raw = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True
        )
    except binascii.Error as error:
        raise ValueError from error
    parts = json.loads(raw.decode())
    if not isinstance(parts, list) or len(parts) not in (7, 8):
        raise ValueError
    return parts


def _whole(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError
    return value


def _key(sort: Sort, value: object, *, empty: bool) -> Any:
    """Return the key as the column's type wants it: no driver may choke on it."""
    if empty or value is None:
        if not (empty and value is None and sort.nullable):
            raise ValueError
        return None
    kind = sort.column.type
    if isinstance(kind, sa.Integer):
        limit = MAX_BIG_ID if isinstance(kind, sa.BigInteger) else MAX_ID
        return _whole(value, -limit, limit)
    if not isinstance(value, str):
        raise ValueError
    return _text_key(kind, value)


def _text_key(kind: sa.types.TypeEngine[Any], value: str) -> Any:
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    if isinstance(kind, UTCDateTime):
        return _time(value)
    value.encode()  # refuses surrogates
    if "\0" in value:
        raise ValueError
    return value


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None or time.isoformat() != value or time.utcoffset():
        raise ValueError
    return time.astimezone(UTC)
