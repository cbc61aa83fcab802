"""The hosts that a query means, in an order, read as rows in batches."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of
from ..inventory.variable_order import has_variables, ordered_ids
from ..keyset.cursors import Cursor, Sort
from ..keyset.index_scan import walk
from ..keyset.order_by import order_of
from ..limits import limits
from ..models import Host
from .raw_rows import RawRows


class HostBatches:
    """Reads the same hosts for each select, and what other tables say of a batch.

    They come in the order of ids, which is that of the table, or sorted as a list of
    them.
    """

    def __init__(
        self,
        reader: orm.Session,
        raw: RawRows,
        where: sa.ColumnElement[bool] | None,
        sort: Sort | None,
    ) -> None:
        self._reader, self._raw = reader, raw
        self._where, self._sort = where, sort
        self._found: array[int] | None = None
        if sort is not None and has_variables(sort):
            # Refused for many here, before the first byte.
            self._found = array("q", ordered_ids(reader, where, sort))

    def rows(self, columns: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """Yield batches of rows of these columns; the first one is the id."""
        if self._is_table:
            return self._table_rows(sa.select(*columns))
        is_free = self._where is None and self._found is None
        if is_free and self._sort is not None and not self._sort.then:
            return self._walked_rows(columns, self._sort)
        return self._found_rows(sa.select(*columns))

    def _table_rows(self, select: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        last = 0
        ordered = select.order_by(Host.id).limit(limits.export_batch)
        while batch := self._raw.read(ordered.where(Host.id > last)):
            yield batch
            last = batch[-1][0]

    def _walked_rows(
        self, columns: Sequence[Any], sort: Sort
    ) -> Iterator[Sequence[Any]]:
        """Yield all rows along the index of the order: the first ones at once.

        To find their ids first and then the rows by them takes twice as long.
        """
        place: Cursor | None = None
        while batch := self._walked_batch(columns, sort, place):
            yield batch
            if len(batch) < limits.export_batch:
                return
            last = batch[-1][0]
            key = self._reader.scalar(sa.select(sort.column).where(Host.id == last))
            place = Cursor(key, last, 0)

    def _walked_batch(
        self, columns: Sequence[Any], sort: Sort, place: Cursor | None
    ) -> list[Any]:
        batch: list[Any] = []
        rows, engine = sa.select(*columns), engine_of(self._reader)
        for stretch in walk(engine, rows, None, sort, place, backward=False):
            missing = limits.export_batch - len(batch)
            if missing:
                select = stretch.with_only_columns(*columns).limit(missing)
                batch += self._raw.read(select)
        return batch

    def _found_rows(self, select: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        for ids in self.ids():
            found = {r[0]: r for r in self.rows_of(select, Host.id, ids)}
            yield [found[id_] for id_ in ids]

    def rows_of(
        self, select: sa.Select[Any], host_id: Any, ids: Sequence[int]
    ) -> Sequence[Any]:
        """Return the rows of these hosts; their ids are in the order of the file."""
        if self._is_table:
            # Without gaps: nothing of another host lies between.
            return self._raw.read(select.where(host_id.between(ids[0], ids[-1])))
        return self._raw.read_among(select, host_id, ids)

    @property
    def is_empty(self) -> bool:
        """Whether the query found nothing, once its hosts were asked for."""
        return self._where is not None and self._found is not None and not self._found

    @property
    def _is_table(self) -> bool:
        """Whether the hosts are all there are, as they are in the table."""
        return self._where is None and self._sort is None

    def ids(self) -> Iterator[list[int]]:
        """Yield the ids of what was asked for, in its order, found once and for all.

        A condition that goes along with each batch would be looked up, and perhaps
        sorted, again for each of them.
        """
        if self._found is None:
            select = sa.select(Host.id)
            if self._where is not None:
                select = select.where(self._where)
            select = select.order_by(*self._order())
            self._found = array("q")
            # Eight bytes each; the driver would first hold them all as objects.
            result = self._reader.execute(
                select, execution_options={"yield_per": 10_000}
            )
            for ids in result.scalars().partitions():
                self._found.extend(ids)
        for start in range(0, len(self._found), limits.export_batch):
            yield self._found[start : start + limits.export_batch].tolist()

    def _order(self) -> list[sa.ColumnElement[Any]]:
        if self._sort is None:
            return [Host.id.asc()]
        keys = [part.column for part in self._sort.parts]
        return order_of(self._sort, keys, Host.id, backward=False)
