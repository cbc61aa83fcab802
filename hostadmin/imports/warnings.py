"""What of a plan is worth a look: new hosts that may be known ones, and odd values.

Nothing here stops an import. Of very many new hosts only the first are looked at in
ways that cost a search each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..formatting import counted
from ..inventory import bulk_read
from ..models import FormerName, Host
from ..query import ast
from ..query.fields import FIELDS
from ..stats.axes import Kind, Order
from ..stats.counts import count_columns, find_dimensions
from ..stats.similar_values import MOST_VALUES, look_alike
from ..validation.addresses import ip_key
from ..validation.look_alikes import ODD_SIGNS, skeleton
from ..validation.values import fold, quoted
from .staged_table import NEW, Staged
from .staging import Staging

VALUE, FORMER, ADDRESS, LOOK, SHORT = "value", "former", "address", "look", "short"
# Of each kind so many are shown; the rest is counted.
MAX_SHOWN = 200
# New values that are compared with those in use, and names that are searched for.
_MOST_NEW_VALUES = 50
_MOST_SEARCHED = 2_000
_AT_ONCE = 100


@dataclass(frozen=True)
class Warned:
    """A line that is worth a look; ``other`` is the host that it may be."""

    kind: str
    line: int
    name: str
    message: str
    other: str = ""

    def __str__(self) -> str:
        return f"line {self.line} ({self.name}): {self.message}"


def find_warnings(
    session: orm.Session, staging: Staging, lines: Mapping[tuple[str, str], int]
) -> None:
    """Stage what is worth a look of a plan that was just made.

    ``lines`` are the values of short texts, (field, text), each with its first line.
    """
    staging.clear_warnings()
    if session.scalar(sa.select(Host.id).limit(1)) is None:
        # Nothing is there that the new could be mistaken for.
        return
    found: dict[str, int] = {}
    for warned in _all(session, staging, lines):
        found[warned.kind] = found.get(warned.kind, 0) + 1
        if found[warned.kind] <= MAX_SHOWN:
            staging.add_warnings([warned])
    staging.tell(warnings=found)


def _all(
    session: orm.Session, staging: Staging, lines: Mapping[tuple[str, str], int]
) -> Iterator[Warned]:
    yield from _values(session, lines)
    searched = 0
    for rows in staging.hosts.with_action(NEW):
        yield from _former_names(session, rows)
        yield from _same_addresses(session, rows)
        yield from _look_alikes(session, staging, rows)
        if searched < _MOST_SEARCHED:
            searched += len(rows)
            yield from _same_short_names(session, rows)


# ---- values


def _values(
    session: orm.Session, lines: Mapping[tuple[str, str], int]
) -> Iterator[Warned]:
    """Yield values that no host has and that look like one that hosts have."""
    by_field: dict[str, list[tuple[str, int]]] = {}
    for (field, text), line in lines.items():
        by_field.setdefault(field, []).append((text, line))
    names = [
        field.name
        for field in FIELDS.values()
        if field.kind.has_vocabulary and field.attribute in by_field
    ]
    if not names:
        return
    dimensions = find_dimensions(session, names)
    tables = count_columns(session, dimensions, ast.EVERYTHING, Order(top=MOST_VALUES))
    for name, table in zip(names, tables, strict=True):
        used = [
            (bucket.label, number)
            for bucket, number in zip(table.buckets, table.counts, strict=True)
            if bucket.kind is Kind.VALUE
        ]
        asked = FIELDS[name]
        yield from _near(asked.label.lower(), by_field[str(asked.attribute)], used)


def _near(
    label: str, given: Sequence[tuple[str, int]], used: Sequence[tuple[str, int]]
) -> Iterator[Warned]:
    known = {fold(text) for text, _ in used}
    new = [(text, line) for text, line in given if fold(text) not in known]
    for text, line in new[:_MOST_NEW_VALUES]:
        alike = [(value, number) for value, number in used if look_alike(text, value)]
        if alike:
            value, number = max(alike, key=lambda pair: pair[1])
            yield Warned(
                VALUE,
                line,
                text,
                f"New {label} {quoted(text)}. Did you mean {value} "
                f"({counted(number, 'host')})?",
            )


# ---- hosts that may be known


def _former_names(session: orm.Session, rows: Sequence[Staged]) -> Iterator[Warned]:
    rows_by_key = {row.key: row for row in rows}
    found = session.execute(
        sa.select(FormerName.name_key, Host.hostname)
        .join(Host, Host.id == FormerName.subject_id)
        .where(FormerName.subject == "host", FormerName.name_key.in_(rows_by_key))
        .distinct()
    )
    for key, other in found:
        row = rows_by_key[key]
        message = f"{quoted(other)} used to have this name."
        yield Warned(FORMER, row.line, row.name, message, other)


def _same_addresses(session: orm.Session, rows: Sequence[Staged]) -> Iterator[Warned]:
    keys = {
        str(ip_key(row.fields["ip_addr"])): row
        for row in rows
        if "ip_addr" in row.fields
    }
    if not keys:
        return
    for key, names in bulk_read.names_by_address(session, keys).items():
        row = keys[key]
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        verb = "have" if more else "has"
        message = f"{quoted(names[0])}{more} {verb} the same address."
        other = names[0] if len(names) == 1 else ""
        yield Warned(ADDRESS, row.line, row.name, message, other)


def _look_alikes(
    session: orm.Session, staging: Staging, rows: Sequence[Staged]
) -> Iterator[Warned]:
    odd = {
        row.key: skeleton(row.key)
        for row in rows
        if not row.key.isascii() or any(sign in row.key for sign in ODD_SIGNS)
    }
    odd = {key: look for key, look in odd.items() if key != look}
    if not odd:
        return
    there = _names_of(session, odd.values())
    in_file = staging.hosts.held(list(set(odd.values())))
    for row in rows:
        look = odd.get(row.key)
        if look in there:
            message = f"Looks like the host {quoted(there[look])}."
            yield Warned(LOOK, row.line, row.name, message, there[look])
        elif look in in_file:
            message = f"Looks like {quoted(look)} in the same file."
            yield Warned(LOOK, row.line, row.name, message)


def _names_of(session: orm.Session, keys: Iterable[str]) -> dict[str | None, str]:
    rows = session.execute(
        sa.select(Host.hostname_key, Host.hostname).where(
            Host.hostname_key.in_(list(set(keys)))
        )
    )
    return {row.hostname_key: row.hostname for row in rows}


def _same_short_names(session: orm.Session, rows: Sequence[Staged]) -> Iterator[Warned]:
    """Yield ``web-1`` beside ``web-1.example.net``, whichever is new."""
    full = {row.key.partition(".")[0]: row for row in rows if _is_full(row.key)}
    short = {row.key: row for row in rows if "." not in row.key}
    for key, name in _names_of(session, full).items():
        yield _short_warning(full[str(key)], name)
    for keys in batched(short, _AT_ONCE):
        ranges = [
            sa.and_(Host.hostname_key > f"{key}.", Host.hostname_key < f"{key}/")
            for key in keys
        ]
        found = sa.select(Host.hostname_key, Host.hostname).where(sa.or_(*ranges))
        for key, name in session.execute(found.limit(MAX_SHOWN)):
            yield _short_warning(short[key.partition(".")[0]], name)


def _is_full(key: str) -> bool:
    # An address has dots, too.
    return "." in key and not key.replace(".", "").isdigit()


def _short_warning(row: Staged, name: str) -> Warned:
    message = f"{quoted(name)} has the same short name."
    return Warned(SHORT, row.line, row.name, message, name)
