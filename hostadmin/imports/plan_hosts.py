"""What an import would do: the rows of a file compared with the inventory."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..formats.rows import RowError
from ..inventory import bulk_read, vocabulary
from ..inventory.bulk_read import StoredHost
from ..models import Host
from ..validation.addresses import ip_key
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.values import fold, name_key, quoted
from . import plan_groups
from .merge import Unfit, merge_host
from .staged_table import BATCH, CHANGED, NEW, SAME, Staged
from .staging import Staging
from .warnings import find_warnings

Progress = Callable[[int], None]
NOTHING_SAME: Mapping[str, str] = MappingProxyType({})

# How many spellings are remembered; more of them are looked up again.
MAX_SPELLINGS = 50_000
MAX_NOTED = 3_000
# So many groups are remembered as known to the staging.
MAX_GROUPS = 50_000
# Hosts that a file does not list are named up to here, and counted.
SHOWN = 20


def make_plan(
    session: orm.Session,
    staging: Staging,
    progress: Progress,
    *,
    replace: bool,
    same: Mapping[str, str] = NOTHING_SAME,
) -> None:
    """Decide what becomes of each staged row.

    ``same`` are names in the file of hosts that have another name here.
    """
    for table in (staging.hosts, staging.groups, staging.inventory):
        table.begin()
    _name_the_nameless(session, staging)
    staging.hosts.rename(same)
    staging.hosts.refuse_doubles()
    plan_groups.check(session, staging, replace=replace)
    named = _Named(staging)
    spellings = _Spellings(session)
    done = 0
    for batch in staging.hosts.batches():
        spellings.learn(batch)
        known = bulk_read.read_hosts(session, [row.key for row in batch])
        decided = []
        for row in batch:
            try:
                _decide(row, known.get(row.key), spellings, replace)
            except Unfit as unfit:
                error = RowError(row.line, row.name, unfit.field, str(unfit))
                staging.hosts.reject(row, [error])
            else:
                decided.append(row)
        staging.hosts.decide(decided)
        named.note(decided)
        done += len(batch)
        progress(done)
    plan_groups.decide(session, staging, replace=replace)
    find_warnings(session, staging, spellings.first_lines)


class _Named:
    """Sees to it that each group that a host names is staged."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._known: set[str] = set()

    def note(self, rows: Iterable[Staged]) -> None:
        found: dict[str, int] = {}
        for row in rows:
            for name in row.fields.get("groups", ()):
                if name not in self._known:
                    found.setdefault(name, row.line)
        if not found:
            return
        self._staging.groups.add_implied(found)
        if len(self._known) > MAX_GROUPS:
            self._known.clear()
        self._known.update(found)


# ---- rows without a name


def _name_the_nameless(session: orm.Session, staging: Staging) -> None:
    """Match rows without a name by address; the address names a new host."""
    for batch in staging.hosts.nameless():
        keys = {str(ip_key(row.fields["ip_addr"])) for row in batch}
        by_address = bulk_read.names_by_address(session, keys)
        named = []
        for row in batch:
            address = row.fields["ip_addr"]
            names = by_address.get(str(ip_key(address)), [])
            if len(names) > 1 and address not in names:
                staging.hosts.reject(row, [_ambiguous(row, names)])
                continue
            name = names[0] if len(names) == 1 else address
            row.key, row.name = name_key(name), name
            row.fields["hostname"] = name
            named.append(row)
        staging.hosts.name(named)


def _ambiguous(row: Staged, names: Sequence[str]) -> RowError:
    some = ", ".join(quoted(name) for name in sorted(names)[:3])
    more = ", …" if len(names) > 3 else ""
    return RowError(
        row.line,
        "",
        "ip_addr",
        f"{row.fields['ip_addr']} belongs to {len(names)} hosts ({some}{more}); "
        "a row without a name must match one.",
    )


# ---- one row


def _decide(
    row: Staged, known: StoredHost | None, spellings: "_Spellings", replace: bool
) -> None:
    row.changes = row.kept = None
    if known is None:
        row.action, row.name = NEW, row.fields["hostname"]
        # Most terms are spelled as they are in use; only others are kept.
        row.changes = {
            field: [None, spelled]
            for field, text in _terms(row)
            if (spelled := spellings.find(field, text)) != text
        }
        return
    row.name = known.fields["hostname"]
    row.object_id, row.version = known.id, known.version
    merged = merge_host(row.fields, known.fields, replace=replace)
    for field in merged.changes.keys() & set(VOCABULARY_FIELDS):
        pair = merged.changes[field]
        if pair[1] is not None:
            pair[1] = spellings.find(field, pair[1])
    row.changes, row.kept = merged.changes, merged.unstated
    row.action = CHANGED if row.changes else SAME


# ---- terms


def _terms(row: Staged) -> list[tuple[str, str]]:
    fields = row.fields
    return [(field, fields[field]) for field in VOCABULARY_FIELDS if field in fields]


class _Spellings:
    """How each term will be written: as in use, else as it came first in the file."""

    def __init__(self, session: orm.Session) -> None:
        self._session = session
        self._known: dict[tuple[str, str], str] = {}
        # Where each term came first, of as many as somebody would compare.
        self.first_lines: dict[tuple[str, str], int] = {}
        self._folded: dict[tuple[str, str], str] = {}

    def learn(self, rows: Iterable[Staged]) -> None:
        """Look up the terms of these rows that are not known yet."""
        if len(self._known) > MAX_SPELLINGS:
            self._known.clear()
            self._folded.clear()
        unknown = {term for row in rows for term in _terms(row)} - self._known.keys()
        if not unknown:
            return
        self._note_lines(rows, unknown)
        self._look_up(term for row in rows for term in _terms(row) if term in unknown)
        for field, text in unknown:
            self._known[field, text] = self._folded[field, fold(text)]

    def _note_lines(
        self, rows: Iterable[Staged], unknown: Container[tuple[str, str]]
    ) -> None:
        for row in rows if len(self.first_lines) < MAX_NOTED else ():
            for term in _terms(row):
                if term in unknown:
                    self.first_lines.setdefault(term, row.line)

    def _look_up(self, terms: Iterable[tuple[str, str]]) -> None:
        missing: dict[str, dict[str, str]] = {}
        for field, text in terms:
            # Of several that fold alike, the first is what the others become.
            missing.setdefault(field, {}).setdefault(fold(text), text)
        for field, by_fold in missing.items():
            new = {f: t for f, t in by_fold.items() if (field, f) not in self._folded}
            found = vocabulary.find_spellings(self._session, field, new.values())
            for folded, text in new.items():
                self._folded[field, folded] = found[text]

    def find(self, field: str, text: str) -> str:
        return self._known[field, text]


# ---- what the file does not list


def count_unlisted(session: orm.Session, staging: Staging) -> int:
    """Return how many hosts of the inventory the file does not list."""
    total = session.scalar(sa.select(sa.func.count()).select_from(Host)) or 0
    listed = staging.hosts.count(CHANGED) + staging.hosts.count(SAME)
    # A bad row lists its host, too.
    bad = (key for key in staging.bad_keys("host") if not staging.hosts.holds(key))
    for keys in batched(bad, BATCH):
        there = sa.select(sa.func.count()).where(Host.hostname_key.in_(keys))
        listed += session.scalar(there) or 0
    return total - listed


def first_unlisted(session: orm.Session, staging: Staging) -> list[str]:
    """Return the first names of hosts that the file does not list."""
    bad = set(islice(staging.bad_keys("host"), MAX_SPELLINGS))
    found: list[str] = []
    last = ""
    while len(found) < SHOWN:
        rows = session.execute(
            sa.select(Host.hostname_key, Host.hostname)
            .where(Host.hostname_key > last)
            .order_by(Host.hostname_key)
            .limit(BATCH)
        ).all()
        if not rows:
            break
        last = rows[-1].hostname_key
        found += [
            row.hostname
            for row in rows
            if row.hostname_key not in bad and not staging.hosts.holds(row.hostname_key)
        ]
    return found[:SHOWN]
