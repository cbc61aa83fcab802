"""Whether the kept counts are those of the hosts, and how they become so again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..db.engines import engine_of, will_write
from ..errors import Busy
from ..history.kept_counts import (
    VALUE_COLUMNS,
    Key,
    Numbers,
    delete_rows,
    given_up,
    insert_counts,
    kept_values,
    read_not_kept,
)
from ..models import host_counts

# Hosts that are counted at a time.
BATCH = 10_000


@dataclass(frozen=True)
class WrongCount:
    """A kept number that is not that of the hosts; None is "not set"."""

    values: Mapping[str, str | None]
    kept: int
    counted: int


@dataclass(frozen=True)
class CountCheck:
    """What is kept, against the hosts.

    ``not_kept`` are the columns, or pairs with a comma between, that were found to have
    too many values; ``few_again`` are those of them that have so many no longer.
    """

    wrong: list[WrongCount]
    not_kept: list[str]
    few_again: list[str]


def check_counts(engine: sa.Engine) -> CountCheck:
    """Count all hosts and compare with what is kept, all as of one moment."""
    with _one_moment(engine) as connection:
        not_kept = read_not_kept(connection).keys()
        kept, (counted, too_many) = _kept(connection), _counted(connection)
    unknown = not_kept | too_many
    wrong = [
        WrongCount(_values(key), kept[key], counted.get(key, 0))
        for key in sorted(kept.keys() | counted, key=str)
        if key[0] not in unknown and kept[key] != counted.get(key, 0)
    ]
    return CountCheck(wrong, sorted(not_kept), sorted(not_kept - too_many))


def wrong_counts(engine: sa.Engine) -> list[WrongCount]:
    """Return the kept numbers that are not those of the hosts."""
    return check_counts(engine).wrong


def repair_counts(engine: sa.Engine) -> None:
    """Write the kept counts anew; what others write meanwhile is added to them.

    Raises ``Busy`` where somebody else did so, or put rows together, meanwhile.
    """
    token = will_write.set(True)
    try:
        with _one_moment(engine) as connection, connection.begin():
            counted, too_many = _counted(connection)
            # Who reads these just now must find them; ``fold`` deletes them.
            newly = too_many - read_not_kept(connection).keys()
            of_others = host_counts.c.fields.not_in(newly)
            ids = connection.scalars(sa.select(host_counts.c.id).where(of_others)).all()
            if not delete_rows(connection, ids):
                raise Busy(
                    "The counts were changed by someone else. Nothing was changed."
                )
            insert_counts(connection, counted | given_up(too_many))
    finally:
        will_write.reset(token)


def _one_moment(engine: sa.Engine) -> sa.Connection:
    return engine.connect().execution_options(**engine_of(engine).snapshot_options)


def _kept(connection: sa.Connection) -> defaultdict[Key, int]:
    columns = (host_counts.c.fields, host_counts.c.first, host_counts.c.second)
    rows = connection.execute(
        sa.select(*columns, sa.func.sum(host_counts.c.hosts)).group_by(*columns)
    )
    found: defaultdict[Key, int] = defaultdict(int)
    for fields, *values, number in rows:
        found[fields, tuple(values)] = int(number)
    return found


def _counted(connection: sa.Connection) -> tuple[dict[Key, int], set[str]]:
    """Return the numbers of the hosts, and what has too many values to be kept."""
    numbers = Numbers()
    rows = connection.execute(
        sa.select(*VALUE_COLUMNS), execution_options={"yield_per": BATCH}
    )
    for some in rows.partitions():
        numbers.add(some)
    counted = {
        (fields, kept_values(values)): number
        for (fields, values), number in numbers.differences().items()
    }
    return counted, numbers.too_many


def _values(key: Key) -> dict[str, str | None]:
    fields, values = key
    return dict(zip(fields.split(","), values, strict=False))
