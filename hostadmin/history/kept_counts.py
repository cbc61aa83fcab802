"""Keeps the numbers of hosts by value and by pairs of values (``models.host_counts``).

Each transaction adds what it changed of them. ``fold`` makes one row of many.

Of a column, or a pair, with too many values the numbers are given up: a row says that
they are not kept, and their own rows are worth nothing from then on. Only who counts
all hosts anew deletes such rows, and of these only what was there when it counted. So
nobody waits for anybody: who gives them up meanwhile has added a row of its own.
"""

import itertools
import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..db.bulk_insert import batched, insert_rows
from ..db.engines import will_write
from ..limits import limits
from ..models import COUNTED_COLUMNS, KEPT_COUNTS, NOT_KEPT, Host, host_counts
from ..validation.values import plain

# A value of each of COUNTED_COLUMNS, as the history has it.
Values: TypeAlias = tuple[Any, ...]
# One of KEPT_COUNTS with commas between, and a value of each of its columns.
Key: TypeAlias = tuple[str, Values]
# The id of a host, and what an entry says of it.
_Changed: TypeAlias = tuple[int, Mapping[str, Any]]
# Values of many hosts, column by column.
Columns: TypeAlias = list[tuple[Any, ...]]

BATCH = 500
_KEPT = ("fields", "first", "second", "hosts")
_NAMES = frozenset(COUNTED_COLUMNS)
_PLACES = {name: place for place, name in enumerate(COUNTED_COLUMNS)}
_PARTS = [
    (",".join(names), frozenset(names), [_PLACES[name] for name in names])
    for names in KEPT_COUNTS
]
_HOSTS = cast(sa.Table, Host.__table__)
# Texts as they are: to make a status of each takes longer than to read it.
VALUE_COLUMNS = [
    sa.type_coerce(column, sa.String) if column.name == "status" else column
    for column in (_HOSTS.c[name] for name in COUNTED_COLUMNS)
]
_OF_HOSTS = sa.select(_HOSTS.c.id, *VALUE_COLUMNS).where(
    _HOSTS.c.id.in_(sa.bindparam("ids", expanding=True))
)

log = logging.getLogger(__name__)


class Numbers:
    """Hosts by each value and by each pair of values: how many more, or less.

    Only whole columns are counted, which Python does in C. ``too_many`` are those of
    KEPT_COUNTS that have more values than are kept.
    """

    def __init__(self) -> None:
        self.too_many: set[str] = set()
        self._numbers: defaultdict[str, Counter[Values]] = defaultdict(Counter)

    def add(self, hosts: Sequence[Values]) -> None:
        """Count hosts that there are."""
        for fields, values in _parts(_by_column(hosts)):
            self._numbers[fields].update(values)
            self._bound(fields)

    def take(self, hosts: Sequence[Values]) -> None:
        """Count hosts that there are no more."""
        for fields, values in _parts(_by_column(hosts)):
            self._numbers[fields].subtract(Counter(values))
            self._bound(fields)

    def change(self, before: Columns, after: Columns, names: Collection[str]) -> None:
        """Count hosts that are others now; only the columns of these names differ."""
        for fields, part, places in _PARTS if before else ():
            if part.isdisjoint(names):
                continue
            both = [side[at] for side in (before, after) for at in places]
            numbers = self._numbers[fields]
            for values, number in Counter(zip(*both, strict=True)).items():
                numbers[values[: len(places)]] -= number
                numbers[values[len(places) :]] += number
            self._bound(fields)

    def _bound(self, fields: str) -> None:
        """Forget numbers that are too many."""
        numbers = self._numbers[fields]
        if len(numbers) > _most(fields):
            numbers = Counter({key: n for key, n in numbers.items() if n})
        if len(numbers) > _most(fields) or fields in self.too_many:
            self.too_many.add(fields)
            numbers.clear()
        self._numbers[fields] = numbers

    def differences(self) -> dict[Key, int]:
        """Return what is more, or less, for each key of which there is."""
        return {
            (fields, values): number
            for fields, numbers in self._numbers.items()
            for values, number in numbers.items()
            if number
        }


def _most(fields: str) -> int:
    return limits.kept_pairs if "," in fields else limits.kept_values


def _by_column(hosts: Sequence[Values]) -> Columns:
    return list(zip(*hosts, strict=True))


def _parts(columns: Columns) -> Iterator[tuple[str, Iterator[Values]]]:
    """Yield each of KEPT_COUNTS with the values that hosts have there."""
    for fields, _, places in _PARTS if columns else ():
        yield fields, zip(*[columns[at] for at in places], strict=True)


class CountChanges:
    """What this transaction changes of the counts, by entries of the history."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._added: list[Values] = []
        self._gone: list[Values] = []
        # Those that the same columns change of, together.
        self._changed: dict[frozenset[str], list[_Changed]] = {}

    def note(self, entry: Mapping[str, Any]) -> None:
        """Take in an entry that is about to be written."""
        if entry["subject"] != "host":
            return
        changes = entry["changes"]
        if entry["action"] == "created":
            self._added.append(_values(changes, 1))
        elif entry["action"] == "deleted":
            self._gone.append(_values(changes, 0))
        elif names := _NAMES.intersection(changes):
            self._changed.setdefault(names, []).append((entry["subject_id"], changes))

    def count(self, connection: sa.Connection, known: Mapping[int, Values]) -> None:
        """Count what was noted; the other values of hosts not known are read."""
        self._numbers.add(self._added)
        self._numbers.take(self._gone)
        all_changed = itertools.chain.from_iterable(self._changed.values())
        if unknown := [host_id for host_id, _ in all_changed if host_id not in known]:
            known = {**known, **dict(_read_values(connection, unknown))}
        for names, changed in self._changed.items():
            # An entry could be about a host that never was.
            there = [one for one in changed if one[0] in known]
            self._count_changed(there, known, names)
        for noted in (self._added, self._gone, self._changed):
            noted.clear()

    def _count_changed(
        self,
        changed: Sequence[_Changed],
        known: Mapping[int, Values],
        names: frozenset[str],
    ) -> None:
        before = _by_column([known[host_id] for host_id, _ in changed])
        after = before.copy()
        for name in names if before else ():
            at = _PLACES[name]
            pairs = [changes[name] for _, changes in changed]
            before[at], after[at] = zip(*pairs, strict=True)
        self._numbers.change(before, after, names)

    def write(self, connection: sa.Connection) -> int:
        """Add the differences; return how many rows these are."""
        rows = self._numbers.differences() | given_up(self._numbers.too_many)
        insert_counts(connection, rows)
        return len(rows)


def _values(changes: Mapping[str, Sequence[Any]], side: int) -> Values:
    """Return the values that an entry says, of before or after."""
    return tuple(
        [changes[name][side] if name in changes else None for name in COUNTED_COLUMNS]
    )


def values_of(host: Host) -> Values:
    """Return what a host is counted by."""
    return tuple([plain(getattr(host, name)) for name in COUNTED_COLUMNS])


def _read_values(
    connection: sa.Connection, host_ids: Sequence[int]
) -> Iterator[tuple[int, Values]]:
    for ids in batched(host_ids, BATCH):
        for host_id, *values in connection.execute(_OF_HOSTS, {"ids": ids}):
            yield host_id, tuple(values)


def given_up(names: Iterable[str]) -> dict[Key, int]:
    """Return what says that these of KEPT_COUNTS are not kept."""
    return {(NOT_KEPT, (fields,)): 0 for fields in names}


def insert_counts(connection: sa.Connection, counts: Mapping[Key, int]) -> None:
    """Add rows to the kept counts."""
    rows = (
        dict(zip(_KEPT, (fields, *kept_values(values), number), strict=True))
        for (fields, values), number in counts.items()
    )
    insert_rows(connection, host_counts, rows)


def kept_values(values: Values) -> tuple[str | None, str | None]:
    """Return one value or two as the two texts that a row holds."""
    first, second = values if len(values) == 2 else (values[0], None)
    return _text(first), _text(second)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


# ---- many rows into one


def fold_sometimes(engine: sa.Engine, written: int) -> None:
    """Fold about every so many rows: a chance needs no count of them, and no lock.

    What goes wrong is only logged: the counts are right as they are, if longer to read.
    """
    if secrets.randbelow(limits.fold_rows) >= written:
        return
    try:
        if not _is_too_long(engine):
            fold(engine)
    except SQLAlchemyError as error:
        log.info("stored counts were not summed up: %s", type(error).__name__)


def _is_too_long(engine: sa.Engine) -> bool:
    """Whether to let it be this time: of many rows, a quarter as many should be new."""
    with engine.connect() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(host_counts))
    return secrets.randbelow((rows or 0) // 4 + 1) >= limits.fold_rows


def fold(engine: sa.Engine) -> None:
    """Make one row of all that are about the same values; give up what has too many.

    Of two that do so at once, the second finds rows gone and takes back what it did.
    """
    token = will_write.set(True)
    try:
        with engine.begin() as connection:
            not_kept = read_not_kept(connection)
            # One after the other, so that memory never holds all of them.
            done = (
                _clear(connection, fields, not_kept[fields])
                if fields in not_kept
                else _fold(connection, fields)
                for fields in map(",".join, KEPT_COUNTS)
            )
            if not all(done):
                connection.rollback()
    finally:
        will_write.reset(token)


def read_not_kept(connection: sa.Connection) -> dict[str, list[int]]:
    """Return which of KEPT_COUNTS are given up, with the ids of rows that say so."""
    columns = host_counts.c
    found: dict[str, list[int]] = {}
    for fields, id_ in connection.execute(
        sa.select(columns.first, columns.id).where(columns.fields == NOT_KEPT)
    ):
        found.setdefault(fields, []).append(id_)
    return found


def _clear(connection: sa.Connection, fields: str, marks: Sequence[int]) -> bool:
    """Delete the rows of numbers that are given up; return whether all were there.

    So is the row that says so, and written anew: who counted the hosts anew meanwhile
    has deleted it, and one of the two must notice the other.
    """
    columns = host_counts.c
    rows = connection.scalars(sa.select(columns.id).where(columns.fields == fields))
    gone = [*marks, *rows]
    if len(gone) == 1:
        return True
    insert_counts(connection, given_up([fields]))
    return delete_rows(connection, gone)


def _fold(connection: sa.Connection, fields: str) -> bool:
    """Do so for numbers by these columns; return whether all was as it was read."""
    columns = host_counts.c
    statement = sa.select(columns.id, columns.first, columns.second, columns.hosts)
    sums: Counter[Values] = Counter()
    ids: defaultdict[Values, list[int]] = defaultdict(list)
    for id_, *values, number in connection.execute(
        statement.where(columns.fields == fields)
    ):
        key = tuple(values)
        ids[key].append(id_)
        sums[key] += number
    if sum(map(bool, sums.values())) > _most(fields):
        # Who reads them just now must find them; they go the next time.
        insert_counts(connection, given_up([fields]))
        return True
    many = [key for key, some in ids.items() if len(some) > 1 or not sums[key]]
    gone = itertools.chain.from_iterable(ids[key] for key in many)
    if not delete_rows(connection, gone):
        return False
    insert_counts(connection, {(fields, key): sums[key] for key in many if sums[key]})
    return True


def delete_rows(connection: sa.Connection, ids: Iterable[int]) -> bool:
    """Delete these rows of the counts; return whether all of them were there."""
    for some in batched(sorted(ids), BATCH):
        statement = sa.delete(host_counts).where(host_counts.c.id.in_(some))
        if connection.execute(statement).rowcount != len(some):
            return False
    return True
