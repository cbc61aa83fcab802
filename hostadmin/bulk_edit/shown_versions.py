"""The hosts that a plan showed, with their versions, small enough for a form."""

import base64
import binascii
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import orm

from ..history import DELETED, changes_of
from ..models import Host
from ..validation.values import quoted
from .selection import MAX_IDS

# Of the hosts that differ, so many are named.
NAMED = 5


@dataclass
class Seen:
    """Ids, ascending, and the version of each."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    versions: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, host_id: int, version: int) -> None:
        self.ids.append(host_id)
        self.versions.append(version)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self.ids, self.versions, strict=True))

    def pack(self) -> str:
        """Return it as text; "" where that would be too long to send around."""
        if len(self) > MAX_IDS:
            return ""
        # Gaps between ids are small numbers, mostly the same ones: they compress well.
        gaps = array("I")
        last = 0
        for host_id in self.ids:
            gaps.append(host_id - last)
            last = host_id
        gaps.extend(array("I", self.versions))
        return base64.b64encode(zlib.compress(gaps.tobytes(), 9)).decode("ascii")

    @classmethod
    def unpack(cls, text: str) -> "Seen | None":
        """Return what was packed; None for anything else, which tells nothing."""
        reader = zlib.decompressobj()
        try:
            packed = base64.b64decode(text.encode("ascii"), validate=True)
            raw = reader.decompress(packed, 2 * 4 * MAX_IDS)
            numbers = array("I", raw)
        except (ValueError, binascii.Error, zlib.error):
            return None
        if len(numbers) % 2 or not reader.eof:
            return None
        half = len(numbers) // 2
        seen = cls()
        host_id = 0
        for gap, version in zip(numbers[:half], numbers[half:], strict=True):
            host_id += gap
            seen.add(host_id, version)
        return seen


def differences(session: orm.Session, before: Seen, now: Seen) -> list[str]:
    """Return sentences that say which hosts changed, went and came since."""
    old, new = dict(before), dict(now)
    changed = [id_ for id_, version in new.items() if old.get(id_, version) != version]
    gone = [id_ for id_ in old if id_ not in new]
    come = [id_ for id_ in new if id_ not in old]
    found = []
    if changed:
        found.append(_phrase(_last_acts(session, changed[:NAMED]), len(changed)))
    if gone:
        acts = _last_acts(session, gone[:NAMED], "no longer matches")
        found.append(_phrase(acts, len(gone)))
    if come:
        names = session.scalars(
            sa.select(Host.hostname).where(Host.id.in_(come[:NAMED]))
        )
        found.append(_phrase([f"{quoted(n)} now matches" for n in names], len(come)))
    return found


def _phrase(named: list[str], count: int) -> str:
    rest = count - len(named)
    more = f"{rest:,} {'more' if named else 'other hosts'}" if rest else ""
    return "; ".join([*named, *([more] if more else [])])


def _last_acts(
    session: orm.Session, ids: Iterable[int], otherwise: str = ""
) -> list[str]:
    """Return what was done last to each of the hosts, and by whom."""
    last = [entry for id_ in ids for entry in changes_of(session, "host", id_, 1)]
    last.sort(key=lambda entry: (entry.change_set.at, entry.id))
    found = []
    for entry in last:
        name = quoted(entry.subject_name)
        by = f"by {entry.change_set.actor} (change {entry.change_set_id})"
        if otherwise and entry.action != DELETED:
            found.append(f"{name} {otherwise}: {entry.action} {by}")
        else:
            found.append(f"{name} was {entry.action} {by}")
    return found
