"""What an import would do: the rows of a file compared with the inventory."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import orm

from ..errors import InvalidValue
from ..inventory import stored, vocabulary
from ..inventory.stored import StoredHost
from ..values import (
    HOST_RULES,
    MAX_ADDRESSES,
    MAX_ALIASES,
    VOCABULARY_FIELDS,
    clean_vars,
    fold,
    ip_key,
    name_key,
    quoted,
    same_json,
)
from .rows import RowError
from .staging import CHANGED, NEW, SAME, StagedRow, Staging

Progress = Callable[[int], None]

# How many spellings are remembered; more of them are looked up again.
MAX_SPELLINGS = 50_000


def make_plan(session: orm.Session, staging: Staging, progress: Progress) -> None:
    """Decide what becomes of each staged row."""
    _name_the_nameless(session, staging)
    staging.refuse_doubles()
    spellings = _Spellings(session)
    done = 0
    for batch in staging.batches():
        spellings.learn(batch)
        known = stored.read_hosts(session, [row.key for row in batch])
        decided = []
        for row in batch:
            try:
                _decide(row, known.get(row.key), spellings)
            except _Unfit as unfit:
                error = RowError(row.line, row.name, *unfit.args)
                staging.reject(row, [error])
            else:
                decided.append(row)
        staging.decide(decided)
        done += len(batch)
        progress(done)


class _Unfit(Exception):
    """Field and reason: what the file adds does not fit to what is there."""


# ---- rows without a name


def _name_the_nameless(session: orm.Session, staging: Staging) -> None:
    """Match rows without a name by address; the address names a new host."""
    for batch in staging.nameless():
        keys = {str(ip_key(row.fields["ip_addr"])) for row in batch}
        by_address = stored.names_by_address(session, keys)
        named = []
        for row in batch:
            address = row.fields["ip_addr"]
            names = by_address.get(str(ip_key(address)), [])
            if len(names) > 1 and address not in names:
                staging.reject(row, [_ambiguous(row, names)])
                continue
            name = names[0] if len(names) == 1 else address
            row.key, row.name = name_key(name), name
            row.fields["hostname"] = name
            named.append(row)
        staging.name(named)


def _ambiguous(row: StagedRow, names: Sequence[str]) -> RowError:
    some = ", ".join(quoted(name) for name in sorted(names)[:3])
    more = ", …" if len(names) > 3 else ""
    return RowError(
        row.line,
        "",
        "ip_addr",
        f"{row.fields['ip_addr']} belongs to {len(names)} hosts ({some}{more}); "
        "a row without a name must fit one.",
    )


# ---- one row


def _decide(row: StagedRow, known: StoredHost | None, spellings: "_Spellings") -> None:
    if known is None:
        row.action, row.name = NEW, row.fields["hostname"]
        # Most terms are spelled as they are in use; only others are kept.
        row.changes = {
            field: [None, spelled]
            for field, text in _terms(row)
            if (spelled := spellings.find(field, text)) != text
        }
        return
    row.name, row.host_id, row.version = (
        known.fields["hostname"],
        known.id,
        known.version,
    )
    row.changes = _differences(row.fields, known, spellings)
    row.action = CHANGED if row.changes else SAME


def _differences(
    given: dict[str, Any], known: StoredHost, spellings: "_Spellings"
) -> dict[str, list[Any]]:
    """Return field → [from, to]. The name itself stays as it is spelled there."""
    changes: dict[str, list[Any]] = {}
    for field in [name for name in HOST_RULES if name in given]:
        value, before = given[field], known.fields.get(field)
        if field == "hostname" or (before == value and field != "vars"):
            continue
        after = value
        if field in VOCABULARY_FIELDS:
            if before is not None and fold(before) == fold(value):
                continue
            after = spellings.find(field, value)
        elif field in _MERGED:
            after = _MERGED[field](before, value, given, known)
            if after is None:
                continue
        changes[field] = [before, after]
    return changes


def _merged_vars(
    before: dict[str, Any] | None, value: dict[str, Any], *_: object
) -> dict[str, Any] | None:
    merged = {**(before or {}), **value}
    if same_json(merged, before or {}):
        return None
    try:
        return clean_vars(merged)
    except InvalidValue as error:
        raise _Unfit("vars", f"with those that the host has, {error}") from None


def _merged_aliases(
    before: list[str] | None,
    value: list[str],
    _given: object,
    known: StoredHost,
) -> list[str] | None:
    have = {name_key(name) for name in (known.fields["hostname"], *(before or ()))}
    gained = [name for name in value if name_key(name) not in have]
    return _grown("aliases", before, gained, MAX_ALIASES)


def _merged_addresses(
    before: list[str] | None,
    value: list[str],
    given: dict[str, Any],
    known: StoredHost,
) -> list[str] | None:
    own = given.get("ip_addr") or known.fields.get("ip_addr")
    gained = [text for text in value if text != own and text not in (before or ())]
    return _grown("addresses", before, gained, MAX_ADDRESSES)


def _grown(
    field: str, before: list[str] | None, gained: list[str], limit: int
) -> list[str] | None:
    if not gained:
        return None
    grown = sorted([*(before or ()), *gained])
    if len(grown) > limit:
        raise _Unfit(
            field,
            f"with those that the host has, {len(grown)} entries; "
            f"at most {limit} are kept.",
        )
    return grown


def _merged_groups(
    before: list[dict[str, Any]] | None, value: list[str], *_: object
) -> list[dict[str, Any]] | None:
    """Return groups as the history keeps them; new ones have no id yet."""
    have = {group["name"] for group in before or ()}
    gained: list[dict[str, Any]] = [{"name": n} for n in value if n not in have]
    if not gained:
        return None
    return sorted([*(before or ()), *gained], key=lambda group: str(group["name"]))


_MERGED: dict[str, Callable[..., Any]] = {
    "vars": _merged_vars,
    "aliases": _merged_aliases,
    "addresses": _merged_addresses,
    "groups": _merged_groups,
}


# ---- terms


def _terms(row: StagedRow) -> list[tuple[str, str]]:
    fields = row.fields
    return [(field, fields[field]) for field in VOCABULARY_FIELDS if field in fields]


class _Spellings:
    """How each term will be written: as in use, else as it came first in the file."""

    def __init__(self, session: orm.Session) -> None:
        self._session = session
        self._known: dict[tuple[str, str], str] = {}
        self._folded: dict[tuple[str, str], str] = {}

    def learn(self, rows: Iterable[StagedRow]) -> None:
        """Look up the terms of these rows that are not known yet."""
        if len(self._known) > MAX_SPELLINGS:
            self._known.clear()
            self._folded.clear()
        missing: dict[str, dict[str, str]] = {}
        for row in rows:
            for term in _terms(row):
                if term in self._known:
                    continue
                field, text = term
                # Of several that fold alike, the first is what the others become.
                missing.setdefault(field, {}).setdefault(fold(text), text)
        for field, by_fold in missing.items():
            new = {f: t for f, t in by_fold.items() if (field, f) not in self._folded}
            found = vocabulary.find_spellings(self._session, field, new.values())
            for folded, text in new.items():
                self._folded[field, folded] = found[text]
        for row in rows if missing else ():
            for term in _terms(row):
                if term not in self._known:
                    self._known[term] = self._folded[term[0], fold(term[1])]

    def find(self, field: str, text: str) -> str:
        return self._known[field, text]
