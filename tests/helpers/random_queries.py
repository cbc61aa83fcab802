"""Random hosts and random queries, for laws that must hold for any of them."""

import random
from datetime import UTC, datetime

import sqlalchemy as sa
from hypothesis import strategies as st

from hostadmin.models import (
    ChangeEntry,
    ChangeSet,
    FormerName,
    Host,
    HostSet,
    host_set_members,
)
from hostadmin.query.ast import (
    EMPTY,
    EQUALS,
    EVERYTHING,
    Node,
    Quoted,
    Term,
    Word,
    all_of,
    any_of,
    negated,
)
from hostadmin.query.checks import CHECKS
from hostadmin.query.fields import FIELDS, find_field

from .query_reference import Row, note_findings

HOSTS = 60

NAMES = (
    "web",
    "web-1",
    "web-10",
    "WEB_2",
    "db%",
    "db/1",
    "a*b",
    "straße",
    "x 1",
    "o'z",
)
TEXTS = (
    "prod",
    "Prod x",
    "dev",
    "d%v",
    "d_v",
    "p*",
    "Ärzte",
    'a"b\\',
    "or",
    "none",
    "-x",
)
IPS = (
    "10.0.0.1",
    "10.0.0.9",
    "10.4.0.7",
    "10.40.1.1",
    "9.9.9.9",
    "fd00::1",
    "fd00::1:0",
)
PORTS = (1, 22, 80, 8022, 65535)
STATUSES = ("active", "staged", "offline")
GROUPS = {"world": ["eu"], "eu": ["eu-west"], "eu-west": [], "w%b": [], "W%b": []}
VALUES = ("25", 25, 2.5, True, "true", "x*", "Text", "", None, {"b": "deep"}, "-7")
TIMES = ("2025", "2026-01", "2026-02-28", "2026-02-28T10:30", "2025-12..2026-01")
WANTED = {
    "name": (*NAMES, "web*", "*1", "w?b*", "a?b", "zzz", "1", "%", "_"),
    "alias": (*NAMES, "web*", "*1", "w?b*", "zzz"),
    "address": (
        *IPS,
        "10.0.0.0/8",
        "10.4.*",
        "10.*",
        "fd00::/112",
        "10.0.0.2..10.4.0.7",
    ),
    "port": (*map(str, PORTS), "23", "22..8000"),
    "status": STATUSES,
    "text": (*TEXTS, "PROD", "p*d", "*r*", "?ev", "nowhere"),
    "group": tuple(GROUPS),
    "notes": ("100%", "_", "ready", "line\nbreak", "'"),
    "time": TIMES,
    "check": tuple(CHECKS),
    "set": ("7001", "7002"),
    "change": ("900001", "900002"),
    "variable": ("25", "2.5", "true", "x*", "*e*", "deep", "text", "-7", "zzz"),
}
VARIABLES = ("var.a", "var.a.b", "var.odd name", "var.ключ")
PARTS = ("1", "e", "eb", "web", "10.", "d_", "%", "x", "*", "'", "or", "-", "ä", "fd00")


def random_name(dice: random.Random, number: int) -> str:
    """Return a name of one host only; some differ in their domain alone."""
    if number < 4:
        return ("web-1", "db%.1", "W%B", "web–1")[number]
    if number % 4 == 0:
        return f"{dice.choice(('web-1', '10', '10x', 'lone'))}.{number}.test"
    return f"{dice.choice(NAMES)}{number}"


def random_rows(dice: random.Random) -> list[dict[str, object]]:
    """Return fields of hosts, many of them empty, with few different values."""

    def some(values: tuple[object, ...], odds: float = 0.6) -> object:
        return dice.choice(values) if dice.random() < odds else None

    def few(values: tuple[object, ...]) -> list[object]:
        return dice.sample(values, dice.choice((0, 0, 1, 2)))

    rows: list[dict[str, object]] = []
    for number in range(HOSTS):
        variables = {
            name: value
            for name in ("a", "a.b", "odd name", "ключ")
            if (value := some(VALUES)) is not None or dice.random() < 0.2
        }
        rows.append(
            {
                "hostname": random_name(dice, number),
                "aliases": [
                    *(f"{alias}.{number}" for alias in few(NAMES)),
                    *(["WEB-1"] if number == 5 else []),
                ],
                "ip_addr": some(IPS),
                "addresses": few(IPS),
                "port": some(PORTS),
                "status": dice.choice(STATUSES),
                "groups": few(tuple(GROUPS)),
                "vars": variables,
                "notes": some(("100% ready", "a_b", "Line\nbreak's")),
                **{
                    name: some(TEXTS)
                    for name in ("environment", "os", "location", "role", "owner")
                },
            }
        )
    return rows


def add_rows(session, make_host, make_group) -> list[Row]:
    """Add the same random hosts on every engine; return them as the reference does."""
    dice = random.Random(7)
    for name in reversed(GROUPS):
        make_group(name=name, children=GROUPS[name])
    for fields in random_rows(dice):
        make_host(**fields)
    for host in session.scalars(sa.select(Host).order_by(Host.id)):
        moments = [
            datetime(dice.choice((2024, 2025, 2026)), *rest, tzinfo=UTC)
            for rest in (
                (1, 1),
                (1, 31, 23, 59, 59, 999999),
                (2, 28, 10, 30, 15),
                (12, 31),
            )
        ]
        host.created_at, host.updated_at = dice.sample(moments, 2)
        host.confirmed_at = dice.choice((*moments, None))
    add_sets(session)
    add_changes(session)
    add_former_name(session)
    session.commit()
    found = [
        as_row(host) for host in session.scalars(sa.select(Host).order_by(Host.id))
    ]
    note_findings(found, GROUPS)
    for row in (found[0], found[6]):
        row.found.add("former-name")
    for at, row in enumerate(found):
        row.sets = {"7001"} if at % 3 == 0 else set()
        row.sets |= {"7002"} if at < 10 else set()
        row.changes = {"900001"} if at % 4 == 0 else set()
        row.changes |= {"900002"} if at < 7 else set()
    return found


def add_sets(session) -> None:
    """Keep each third host as a set, and the first ten."""
    ids = session.scalars(sa.select(Host.id).order_by(Host.id)).all()
    for number, members in ((7001, ids[::3]), (7002, ids[:10])):
        session.add(HostSet(id=number))
        session.flush()
        rows = [{"set_id": number, "host_id": host_id} for host_id in members]
        session.execute(host_set_members.insert(), rows)


def add_changes(session) -> None:
    """Note a change of each fourth host, one of them twice, and one of the first seven.

    A group with the id of a host, and a host that is gone, are in both.
    """
    ids = session.scalars(sa.select(Host.id).order_by(Host.id)).all()
    for number, touched in ((900_001, [ids[0], *ids[::4]]), (900_002, ids[:7])):
        session.add(ChangeSet(id=number, actor="tests", source="command"))
        session.flush()
        objects = [("host", one) for one in touched]
        objects += [("host", ids[-1] + 1_000), ("group", ids[1]), ("group", ids[-1])]
        for subject, id_ in objects:
            session.add(
                ChangeEntry(
                    change_set_id=number,
                    subject=subject,
                    subject_id=id_,
                    subject_name="some",
                    action="changed",
                    changes={},
                )
            )


def add_former_name(session) -> None:
    """Let the seventh host once have had the name of the first."""
    ids = session.scalars(sa.select(Host.id).order_by(Host.id)).all()
    former = FormerName(name_key="web-1", subject="host", subject_id=ids[6])
    session.add(former)


def as_row(host: Host) -> Row:
    direct = {group.name for group in host.groups}
    upwards = {"eu-west": {"eu", "world"}, "eu": {"world"}}
    own = {
        field.name: getattr(host, field.attribute)
        for field in FIELDS.values()
        if field.attribute
    }
    addresses = [host.ip_addr, *(one.ip_addr for one in host.addresses)]
    return Row(
        id=host.id,
        fields={**own, "status": host.status.value},
        aliases=[alias.name for alias in host.aliases],
        addresses=[address for address in addresses if address],
        groups=direct.union(*(upwards.get(name, set()) for name in direct)),
        variables=host.vars,
    )


# ---- random queries


def terms_of(name: str) -> st.SearchStrategy[Node]:
    field = find_field(name)
    signs = [*field.kind.operators, *([EMPTY] if field.nullable else [])]

    def made(op: str) -> st.SearchStrategy[Node]:
        if op == EMPTY:
            return st.just(Term(field.name, EMPTY))
        values = st.sampled_from(WANTED[field.kind.name])
        if op in ("~", "^=", "$="):
            values = st.sampled_from((*PARTS, *NAMES, *TEXTS))
        elif op == EQUALS:
            exact = values.map(lambda value: field.kind.literal(op, value))
            values = values.filter(lambda value: value != "*") | exact
        # Written by "and" and "or", a bare pattern with a blank cannot be.
        values = values.filter(
            lambda v: isinstance(v, Quoted) or not ("*" in v and " " in v)
        )
        lists = st.lists(values, min_size=1, max_size=3, unique=True)
        return lists.map(lambda found: Term(field.name, op, tuple(found)))

    return st.sampled_from(signs).flatmap(made)


WORDS = st.sampled_from(
    [
        Word(value)
        for value in (
            *NAMES,
            *PARTS,
            *IPS,
            "web*",
            "*1*",
            "10.4",
            "10.0.0.0/8",
            "fd00:*",
            "9.9.*",
        )
        if "*" not in value or (value.strip("*") and not value.startswith("a*"))
    ]
)
TERMS = st.sampled_from([*FIELDS, *VARIABLES]).flatmap(terms_of) | WORDS


def trees() -> st.SearchStrategy[Node]:
    """Return trees as ``parse`` makes them: flat, and "not" never twice."""

    def grown(smaller: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(smaller, min_size=2, max_size=3)
        return (
            several.map(lambda nodes: all_of(*nodes))
            | several.map(lambda nodes: any_of(*nodes))
            | smaller.map(negated)
        )

    return st.recursive(TERMS, grown, max_leaves=6) | st.just(EVERYTHING)
