"""Values that no host has yet, and look like one that many have: slips, perhaps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import orm

from ..db.time_limit import TooSlow, time_limit
from ..formatting import counted
from ..inventory import vocabulary
from ..limits import limits
from ..validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS
from .axes import Kind as BucketKind
from .axes import Order
from .counts import count_columns, find_dimensions
from .similar_values import MOST_VALUES, look_alike

_FIELDS = {field.name: field for field in HOST_FIELDS}


@dataclass(frozen=True)
class NewValue:
    """A value that would be new in a field, and the one that it may be meant as."""

    name: str
    label: str
    value: str
    instead: str
    hosts: int

    @property
    def question(self) -> str:
        label = self.label if self.label.isupper() else self.label.lower()
        hosts = counted(self.hosts, "host")
        return f"New {label} “{self.value}”. Did you mean {self.instead} ({hosts})?"


def find_new_values(session: orm.Session, fields: Mapping[str, Any]) -> list[NewValue]:
    """Return which of the values of the short texts are new, and near to one in use.

    What takes too long to find out is not asked.
    """
    found = []
    for name in VOCABULARY_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and (text := " ".join(value.split())):
            new = _new_value(session, name, text)
            found += [new] if new else []
    return found


def _new_value(session: orm.Session, name: str, text: str) -> NewValue | None:
    spelling = vocabulary.find_spellings(session, name, {text})[text]
    if vocabulary.in_use(session, name, spelling):
        return None
    counts = _counts(session, _FIELDS[name].query)
    near = [known for known in counts if look_alike(text, known)]
    if not near:
        return None
    instead = max(near, key=lambda known: counts[known])
    return NewValue(name, _FIELDS[name].label, text, instead, counts[instead])


def _counts(session: orm.Session, query_name: str) -> dict[str, int]:
    """Return the most frequent values of a field, and how many hosts have each."""
    try:
        with time_limit(session, limits.count_seconds):
            dimensions = find_dimensions(session, [query_name])
            [table] = count_columns(session, dimensions, order=Order(top=MOST_VALUES))
    except TooSlow:
        return {}
    pairs = zip(table.buckets, table.counts, strict=True)
    return {b.label: number for b, number in pairs if b.kind is BucketKind.VALUE}
