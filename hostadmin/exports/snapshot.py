"""The inventory as of one moment, as plain rows for files: no objects, flat memory."""

import contextlib
import functools
import time
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.engines import engine_of, waits
from ..db.session import LONG_TEXT
from ..errors import Busy, QueryError
from ..formats.rows import EVERY_VARIABLE, Column
from ..keyset.cursors import Sort
from ..limits import limits
from ..models import Group, Host, HostAddress, HostAlias, Inventory, group_members
from ..query import ast
from ..query.ast import Node
from ..query.sql.compiler import compile_node
from ..query.sql.group_tree import children_by_parent, with_descendants
from ..validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS
from .host_batches import HostBatches
from .json_cells import JsonCells
from .raw_rows import RawRows

HostRow = dict[str, Any]
HostColumns = dict[str, Sequence[Any]]

_CELLS = (
    "id",
    "hostname",
    "ip_addr",
    "port",
    *VOCABULARY_FIELDS,
    "notes",
    "status",
    "vars",
)
# As they are in the table: neither enumeration nor JSON is made of them here.
_COLUMNS = (
    *(getattr(Host, name) for name in _CELLS[:-2]),
    sa.type_coerce(Host.status, sa.String).label("status"),
    sa.cast(Host.vars, LONG_TEXT).label("vars"),
)
# Read only where a column shows them.
_TIMES = tuple(f.name for f in HOST_FIELDS if f.kind == "time")
_NAMES = (Host.id, Host.hostname)
_VALUES: tuple[tuple[str, Any, Any, Any], ...] = (
    ("aliases", HostAlias.host_id, HostAlias.name, HostAlias.name_key),
    ("addresses", HostAddress.host_id, HostAddress.ip_addr, HostAddress.ip_key),
)
_LISTS = [
    (name, host_id, sa.select(host_id, value).order_by(host_id, key))
    for name, host_id, value, key in _VALUES
]
_GROUPS: sa.Select[Any] = sa.select(group_members.c.host_id, group_members.c.group_id)


BUSY = (
    "Too many exports are running while hosts are being changed. "
    "Try again when one of them has finished."
)


@contextlib.contextmanager
def snapshot(
    engine: sa.Engine,
    node: Node = ast.EVERYTHING,
    sort: Sort | None = None,
    columns: Sequence[Column] | None = None,
) -> Iterator["Snapshot"]:
    """Read on a connection of its own, in one transaction that sees one moment.

    Raises ``QueryError``. What a session has not committed is not there.
    """
    _wait_for_a_moment(engine)
    level = engine_of(engine).snapshot_options
    with (
        engine.connect().execution_options(**level) as connection,
        orm.Session(connection) as reader,
    ):
        yield Snapshot(reader, node, sort, columns)


def _wait_for_a_moment(engine: sa.Engine) -> None:
    """Begin no export where those that run keep too much of what was written since."""
    until = time.monotonic() + waits.LOCK_SECONDS
    while not engine_of(engine).may_hold_a_moment(engine):
        if time.monotonic() > until:
            raise Busy(BUSY)
        time.sleep(0.1)


class Snapshot:
    """The hosts that a query means, and what is said of them elsewhere.

    Hosts come in the order of ids, which is that of the table, or sorted as a list of
    them. It is what a file is written from: ``formats.document.Source``.
    """

    def __init__(
        self,
        reader: orm.Session,
        node: Node,
        sort: Sort | None = None,
        columns: Sequence[Column] | None = None,
    ) -> None:
        self._wanted = columns
        self._times = [c.path[0] for c in columns or () if c.path[0] in _TIMES]
        self._reader = reader
        self._where = compile_node(reader, node)
        self._raw = RawRows(reader.connection())
        self._batches = HostBatches(reader, self._raw, self._where, sort)
        self._json = JsonCells()
        groups: Any = reader.execute(sa.select(Group.id, Group.name))
        self._names: dict[int, str] = dict(groups.all())
        self._number: int | None = None
        self._by_group: dict[str | None, list[str]] | None = None

    @functools.cached_property
    def columns(self) -> Sequence[Column] | None:
        """The columns of the file. Raises ``QueryError`` for too many variables."""
        if self._wanted is None or EVERY_VARIABLE not in self._wanted:
            return self._wanted
        found: list[Column] = []
        for column in self._wanted:
            found += self._each_variable() if column == EVERY_VARIABLE else [column]
        return list(dict.fromkeys(found))

    def _each_variable(self) -> list[Column]:
        """Return a column for each variable of these hosts, which are read for it."""
        names: set[str] = set()
        cells = JsonCells()
        for batch in self._batches.rows((Host.id, sa.cast(Host.vars, LONG_TEXT))):
            for _, text in batch:
                names.update(cells.object(text))
            if len(names) > limits.export_variables:
                most = f"{limits.export_variables:,}"
                raise QueryError(
                    f"These hosts have more than {most} variables.",
                    "Choose columns, such as var.rack.",
                )
        return [Column(f"var.{n}", n, ("vars", n)) for n in sorted(names)]

    @property
    def is_empty(self) -> bool:
        """Whether the query found nothing, once its hosts were asked for."""
        return self._batches.is_empty

    @property
    def unread(self) -> int:
        """Return how many values could not be read as the JSON that they should be."""
        return self._json.unread

    # ---- hosts

    @property
    def hosts(self) -> Iterator[HostRow]:
        """Yield what is said of each host, field by field."""
        for columns in self._batch_columns():
            columns["vars"] = map(self._json.object, columns["vars"])
            for row in zip(*columns.values(), strict=True):
                yield dict(zip(columns, row, strict=True))

    @property
    def host_columns(self) -> Iterator[HostColumns]:
        """Yield the same in batches, by field, with the variables as JSON text."""
        for columns in self._batch_columns():
            yield columns | {"vars": list(map(self._json.text, columns["vars"]))}

    def _batch_columns(self) -> Iterator[dict[str, Any]]:
        """Yield for each batch, by field, the values of its hosts.

        A dictionary for each host would take as long as to read it.
        """
        for batch in self._batches.rows(_COLUMNS):
            values = zip(*batch, strict=True)
            columns: dict[str, Any] = dict(zip(_CELLS, values, strict=True))
            ids = columns["id"]
            yield columns | self._lists(ids) | self._times_of(ids)

    def _lists(self, ids: Sequence[int]) -> dict[str, Any]:
        found = {
            name: _by_host(self._batches.rows_of(select, host_id, ids))
            for name, host_id, select in _LISTS
        }
        found["groups"] = _by_host(self._memberships(ids))
        for names in found["groups"].values():
            names.sort()
        return {
            name: [texts.get(id_, ()) for id_ in ids] for name, texts in found.items()
        }

    def _memberships(self, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
        names = self._names
        found = self._batches.rows_of(_GROUPS, group_members.c.host_id, ids)
        return ((host_id, names[group_id]) for host_id, group_id in found)

    def _times_of(self, ids: Sequence[int]) -> dict[str, Any]:
        if not self._times:
            return {}
        columns = (Host.id, *(getattr(Host, name) for name in self._times))
        select = sa.select(*columns).where(Host.id.in_(ids))
        found = {row[0]: row[1:] for row in self._reader.execute(select)}
        times = zip(*(found[id_] for id_ in ids), strict=True)
        return dict(zip(self._times, times, strict=True))

    # ---- what is said of many at once

    @functools.cached_property
    def vars(self) -> dict[str, Any]:
        """The variables of the whole inventory."""
        return self._json.object(
            self._reader.scalar(sa.select(sa.cast(Inventory.vars, LONG_TEXT)))
        )

    @functools.cached_property
    def groups(self) -> list[dict[str, Any]]:
        """The groups by name; of a query those that its hosts are in, and all above."""
        children = children_by_parent(self._reader)
        matter = self._groups_that_matter(children)
        columns = (Group.id, Group.name, Group.description)
        select = sa.select(*columns, sa.cast(Group.vars, LONG_TEXT).label("vars"))
        return [
            {
                "name": row.name,
                "description": row.description,
                "vars": self._json.object(row.vars),
                "children": sorted(
                    self._names[c] for c in children.get(row.id, ()) if c in matter
                ),
            }
            for row in self._reader.execute(select.order_by(Group.name))
            if row.id in matter
        ]

    def _groups_that_matter(self, children: Mapping[int, Sequence[int]]) -> set[int]:
        if self._where is None:
            return set(self._names)
        parents: dict[int, list[int]] = defaultdict(list)
        for parent, inside in children.items():
            for child in inside:
                parents[child].append(parent)
        if self._is_few():
            direct = {id_ for id_, name in self._names.items() if self._few(name)}
        else:
            group_id = group_members.c.group_id
            select = sa.select(group_id).distinct().join_from(group_members, Host)
            direct = set(self._reader.scalars(select.where(self._where)))
        return with_descendants(direct, parents)

    # ---- who is in which group

    def members(self, group: str | None) -> Iterable[str]:
        """Return the hosts that are directly in a group; of None, in no group."""
        return self._few(group) if self._is_few() else self._many(group)

    def _is_few(self) -> bool:
        if self._number is None:
            if self._where is None:
                ids = (
                    sa.select(Host.id)
                    .limit(limits.export_hosts_in_memory + 1)
                    .subquery()
                )
                count = sa.select(sa.func.count()).select_from(ids)
                self._number = self._reader.scalar(count) or 0
            else:
                self._number = sum(map(len, self._batches.ids()))
        return self._number <= limits.export_hosts_in_memory

    def _few(self, group: str | None) -> Sequence[str]:
        if self._by_group is None:
            self._by_group = defaultdict(list)
            for batch in self._batches.rows(_NAMES):
                names: dict[int, str] = dict(batch)
                # They come in no order, and the same file is to be the same twice.
                groups = _by_host(self._memberships(list(names)))
                for id_, host in names.items():
                    for inside in groups.get(id_, (None,)):
                        self._by_group[inside].append(host)
        return self._by_group.get(group, ())

    def _many(self, group: str | None) -> Iterator[str]:
        host_id: Any = Host.id
        select = sa.select(Host.id, Host.hostname)
        if group is None:
            inside = sa.exists().where(group_members.c.host_id == Host.id)
            select = select.where(~inside)
        else:
            [group_id] = [id_ for id_, name in self._names.items() if name == group]
            host_id = group_members.c.host_id
            select = select.join_from(group_members, Host)
            select = select.where(group_members.c.group_id == group_id)
        last = 0
        ordered = select.order_by(host_id).limit(limits.export_batch)
        while batch := self._raw.read(ordered.where(host_id > last)):
            last = batch[-1][0]
            yield from (name for id_, name in batch if self._is_found(id_))

    def _is_found(self, id_: int) -> bool:
        if self._where is None:
            return True
        place = bisect_left(self._by_id, id_)
        return place < len(self._by_id) and self._by_id[place] == id_

    @functools.cached_property
    def _by_id(self) -> "array[int]":
        return array("q", sorted(chain.from_iterable(self._batches.ids())))


def _by_host(found: Iterable[Any]) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = defaultdict(list)
    for id_, text in found:
        texts[id_].append(text)
    return texts
