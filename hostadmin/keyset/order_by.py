"""Orders of rows that no index has to serve: by several columns, both ways, any mix.

Used where the rows are few. Empty values come last in every column, whichever way.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from .cursors import Cursor, Sort

Keys = Sequence[Any]


def order_of(
    sort: Sort, keys: Keys, row_id: Any, backward: bool
) -> list[ColumnElement[Any]]:
    """Return what to order by: the keys of all parts of the sort, then the id."""
    order: list[ColumnElement[Any]] = []
    for part, key in zip(sort.parts, keys, strict=True):
        if part.nullable:
            last = sa.case((key.is_(None), 1), else_=0)
            order.append(last.desc() if backward else last.asc())
        order.append(_turned(key, part, backward))
        if part.unique:
            return order
    return [*order, _turned(row_id, sort, backward)]


def _turned(column: Any, part: Sort, backward: bool) -> ColumnElement[Any]:
    turned: ColumnElement[Any] = (
        column.desc() if part.descending != backward else column.asc()
    )
    return turned


def beyond(
    sort: Sort, keys: Keys, row_id: Any, place: Cursor, backward: bool
) -> ColumnElement[bool]:
    """Return the condition that a row comes after the place, or before it."""
    found: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    given = (place.key, *place.then)
    for part, key, value in zip(sort.parts, keys, given, strict=True):
        found.append(sa.and_(*same, _key_beyond(part, key, value, backward)))
        same.append(key.is_(None) if value is None else key == value)
        if part.unique:
            return sa.or_(*found)
    down = sort.descending != backward
    found.append(sa.and_(*same, row_id < place.id if down else row_id > place.id))
    if sort.nullable:
        return sa.or_(*found)
    # So every engine sees a range of the key, where there is an index.
    key = keys[0]
    return sa.and_(key <= place.key if down else key >= place.key, sa.or_(*found))


def _key_beyond(
    part: Sort, key: Any, value: Any, backward: bool
) -> ColumnElement[bool]:
    if value is None:
        # Before the empty ones come all that are not; after them comes nothing.
        empty_last: ColumnElement[bool] = key.is_not(None) if backward else sa.false()
        return empty_last
    down = part.descending != backward
    further: ColumnElement[bool] = key < value if down else key > value
    if part.nullable and not backward:
        return sa.or_(further, key.is_(None))
    return further
