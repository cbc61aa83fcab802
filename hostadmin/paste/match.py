"""The hosts that pasted names mean: by name, alias or address, along the indexes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..inventory.bulk_write import ADDRESSES, ALIASES, BATCH, HOSTS
from ..validation.values import MAX_TEXT
from .parse import Cell, Name

# So many candidates of one name are shown; the rest is counted.
MOST_CANDIDATES = 10
# Beyond so many unknown names no similar ones are looked for: each costs a search.
MOST_GUESSES = 2_000
GUESSES_AT_ONCE = 50
# The character that comes after the dot.
_AFTER_DOT = "/"

BY_NAME, BY_ALIAS, BY_ADDRESS, BY_SHORT = "name", "alias", "address", "short name"


class Candidate(NamedTuple):
    """A host that could be meant."""

    id: int
    hostname: str
    port: int | None


class Found(NamedTuple):
    given: str
    how: str
    host: Candidate


class Ambiguous(NamedTuple):
    """A name that several hosts answer to, or only similar ones."""

    given: str
    how: str
    candidates: tuple[Candidate, ...]
    # Whether there are more than are shown.
    more: bool


@dataclass
class Answer:
    """What became of the pasted names, each list in the order of the text."""

    found: list[Found] = field(default_factory=list)
    missing: list[Name] = field(default_factory=list)
    ambiguous: list[Ambiguous] = field(default_factory=list)

    def hosts(self, picked: Iterable[int] = ()) -> dict[int, str]:
        """Return id → name of the hosts found, and of the candidates picked.

        Whatever else is picked was not offered, and is left out.
        """
        hosts = {one.host.id: one.host.hostname for one in self.found}
        offered = {c.id: c.hostname for name in self.ambiguous for c in name.candidates}
        wanted = set(picked)
        return hosts | {id_: name for id_, name in offered.items() if id_ in wanted}


Known = dict[str, list[Candidate]]


def find_pasted(session: orm.Session, cells: Sequence[Cell]) -> Answer:
    """Return which hosts the pasted names mean. Reads only."""
    wholes = {cell.whole.key for cell in cells if cell.whole is not None}
    known = _by_names(session, wholes)
    names = _chosen(cells, known)
    known |= _by_names(session, {name.key for name in names} - known.keys())
    by_address = _by_address(
        session,
        {name.ip_key for name in names if name.ip_key and name.key not in known},
    )
    answer = Answer()
    unknown: list[Name] = []
    for name in names:
        how, candidates = known.get(name.key, (BY_ADDRESS, []))
        if not candidates and name.ip_key is not None:
            candidates = _at_port(by_address.get(name.ip_key, []), name.port)
        if not candidates:
            unknown.append(name)
        elif len(candidates) == 1:
            answer.found.append(Found(name.text, how, candidates[0]))
        else:
            answer.ambiguous.append(_ambiguous(name, how, candidates))
    _guess(session, unknown, answer)
    return answer


def _chosen(cells: Iterable[Cell], known: Mapping[str, object]) -> list[Name]:
    """Return the names, each once: a whole cell where that is one, else its words."""
    names: dict[tuple[str, int | None], Name] = {}
    for cell in cells:
        is_one = cell.whole is not None and cell.whole.key in known
        for name in (cell.whole,) if cell.whole and is_one else cell.names:
            # Only behind an address may a port tell two hosts apart.
            key = name.key, name.port if name.ip_key else None
            if key not in names or names[key].is_prose:
                names[key] = name
    return list(names.values())


def _ambiguous(name: Name, how: str, candidates: Sequence[Candidate]) -> Ambiguous:
    shown = tuple(candidates[:MOST_CANDIDATES])
    return Ambiguous(name.text, how, shown, more=len(candidates) > len(shown))


def _at_port(candidates: list[Candidate], port: int | None) -> list[Candidate]:
    """Return those at the port that was given, if it tells them apart."""
    if port is None or len(candidates) < 2:
        return candidates
    return [one for one in candidates if one.port == port] or candidates


# ---- look-ups


def _by_names(
    session: orm.Session, keys: Iterable[str]
) -> dict[str, tuple[str, list[Candidate]]]:
    """Return key → how it was found and whom it names; a name goes before aliases."""
    wanted = set(keys)
    own = _collect(session, wanted, _own_names)
    others = _collect(session, wanted - own.keys(), _aliases)
    return {key: (BY_NAME, found) for key, found in own.items()} | {
        key: (BY_ALIAS, found) for key, found in others.items()
    }


def _by_address(session: orm.Session, keys: Iterable[str]) -> Known:
    return _collect(session, set(keys), _addresses)


def _collect(
    session: orm.Session,
    keys: set[str],
    statement_of: Callable[[list[str]], sa.Executable],
) -> Known:
    found: Known = {}
    # What no name can be is not asked for: PostgreSQL would stumble over a NUL.
    wanted = sorted(k for k in keys if k.isprintable() and len(k) <= MAX_TEXT)
    for some in batched(wanted, BATCH):
        for key, *host in session.execute(statement_of(some)):
            found.setdefault(key, []).append(Candidate(*host))
    return found


_HOST: tuple[Any, ...] = (HOSTS.c.id, HOSTS.c.hostname, HOSTS.c.port)


def _own_names(keys: list[str]) -> sa.Executable:
    return sa.select(HOSTS.c.hostname_key, *_HOST).where(HOSTS.c.hostname_key.in_(keys))


def _aliases(keys: list[str]) -> sa.Executable:
    return (
        sa.select(ALIASES.c.name_key, *_HOST)
        .join(HOSTS, HOSTS.c.id == ALIASES.c.host_id)
        .where(ALIASES.c.name_key.in_(keys))
        # Two spellings of one alias are still one host.
        .distinct()
        .order_by(ALIASES.c.name_key, HOSTS.c.id)
    )


def _addresses(keys: list[str]) -> sa.Executable:
    own = sa.select(HOSTS.c.ip_key.label("key"), *_HOST).where(HOSTS.c.ip_key.in_(keys))
    further = (
        sa.select(ADDRESSES.c.ip_key.label("key"), *_HOST)
        .join(HOSTS, HOSTS.c.id == ADDRESSES.c.host_id)
        .where(ADDRESSES.c.ip_key.in_(keys))
    )
    return sa.union(own, further).order_by("key", "id")


def hosts_named(session: orm.Session, keys: Iterable[str]) -> dict[str, Candidate]:
    """Return key → host of those keys that are names of hosts."""
    found = _collect(session, set(keys), _own_names)
    return {key: hosts[0] for key, hosts in found.items()}


# ---- what is only similar


def _guess(session: orm.Session, unknown: list[Name], answer: Answer) -> None:
    """Offer web-1.example.net for web-1, and the other way round; nobody is sure."""
    names = [name for name in unknown if name.ip_key is None]
    similar: Known = {}
    if len(names) <= MOST_GUESSES:
        short = {name.key for name in names if "." not in name.key}
        similar = _longer(session, short)
        heads = {name.key: name.key.split(".", 1)[0] for name in names}
        known = _collect(session, set(heads.values()) - short, _own_names)
        for key, head in heads.items():
            if head in known:
                similar.setdefault(key, known[head])
    for name in unknown:
        if candidates := similar.get(name.key):
            answer.ambiguous.append(_ambiguous(name, BY_SHORT, candidates))
        else:
            answer.missing.append(name)


def _longer(session: orm.Session, keys: set[str]) -> Known:
    """Return hosts whose names go on after a dot, a few of each."""
    found: Known = {}
    for some in _few(sorted(keys)):
        parts = [
            sa.select(sa.literal(key).label("key"), *_HOST)
            .where(
                HOSTS.c.hostname_key >= f"{key}.",
                HOSTS.c.hostname_key < f"{key}{_AFTER_DOT}",
            )
            .order_by(HOSTS.c.hostname_key)
            .limit(MOST_CANDIDATES + 1)
            .subquery()
            for key in some
        ]
        union = sa.union_all(*(sa.select(part) for part in parts))
        for key, *host in session.execute(union):
            found.setdefault(key, []).append(Candidate(*host))
    return found


def _few(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), GUESSES_AT_ONCE):
        yield keys[start : start + GUESSES_AT_ONCE]
