"""Tables of counts over random hosts: every number is that of the hosts behind it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.db.time_limit import TooSlow, time_limit
from hostadmin.errors import QueryError
from hostadmin.inventory.check_counts import repair_counts
from hostadmin.limits import limits
from hostadmin.models import Host
from hostadmin.query.ast import EVERYTHING, Not, Term, all_of, any_of
from hostadmin.query.to_text import to_text
from hostadmin.stats.axes import Kind, Order
from hostadmin.stats.counts import (
    cells_of,
    count_columns,
    count_hosts,
    count_table,
    cross_table,
    find_dimension,
    find_dimensions,
)

from ..helpers.slow_sql import SLOW

TEXTS = (None, None, "a", "b", "(not set)", "(other)", "x*", "a,b", "null", "<i>ü</i>")
VARS = (1, "1", True, "true", None, "", -5, 1.5, "x*", [1, "b"], {"k": "v"}, "two w")
BYS = (
    *("status", "env", "os", "owner", "port", "group", "network", "network/24"),
    *("network/0", "hostname", "domain", "alias", "ip", "notes", "var.v", "var.d.e"),
    *("created:day", "created:week", "created:month", "created:quarter"),
    *("created:year", "confirmed:month"),
)
PAIRS = (
    *(("env", "owner"), ("owner", "env"), ("status", "port"), ("group", "env")),
    *(("env", "group"), ("group", "network"), ("network/24", "owner")),
    *(("created:month", "env"), ("env", "created:week"), ("domain", "var.v")),
    *(("group", "created:quarter"), ("owner", "alias")),
)


def random_host(number: int, chance: random.Random) -> dict[str, object]:
    def pick(values):
        return chance.choice(values)

    return {
        "hostname": f"h{number}{pick(('', '.x.net', '.b.x.net', '.net'))}",
        "ip_addr": pick((None, f"10.{number % 3}.{number % 5}.{number + 1}",
                         f"2001:db8:{number % 3}::{number + 1}")),
        "addresses": pick(((), (), (f"10.1.{number % 4}.{100 + number}",))),
        "aliases": pick(((), (), (f"alias{number}",), (f"p{number}", f"q{number}"))),
        "port": pick((None, 22, 22, 443)),
        "status": pick(("active", "active", "offline", "retired")),
        **{name: pick(TEXTS) for name in ("environment", "os", "owner")},
        "groups": pick(((), ("in",), ("in", "out"), ("other",), ("other", "in"))),
        "notes": pick((None, "some")),
        "vars": {"v": pick(VARS), "d": pick(({"e": 1}, {"e": "z"}, 7))},
    }  # fmt: skip


@pytest.fixture(params=[1, 2])
def hosts(request, session, make_host, make_group):
    for name in ("in", "other", "empty"):
        make_group(name=name)
    make_group(name="out", children=["in"])
    make_group(name="world", children=["out", "other"])
    chance = random.Random(request.param)
    for number in range(30):
        make_host(**random_host(number, chance))
    now = utcnow()
    for host in session.scalars(sa.select(Host)):
        host.created_at = now - timedelta(days=chance.randint(0, 500))
        host.confirmed_at = chance.choice(
            (None, now, now - timedelta(days=chance.randint(0, 900)))
        )
    # Times that a broken clock or a file may bring.
    some = session.scalars(sa.select(Host).limit(2)).all()
    some[0].created_at = datetime(1970, 1, 1, tzinfo=UTC)
    some[1].created_at = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    session.commit()


OWNED = Term("owner", "=", ("(not set)", "a"))
NODES = (
    EVERYTHING,
    Not(OWNED),
    any_of(Term("env", "empty"), Term("group", "=", ("out",))),
    all_of(Term("ip", "=", ("10.0.0.0/8",)), Not(Term("port", "=", ("22",)))),
    Term("owner", "=", ("nobody",)),
)
ORDERS = (Order(None), Order(2), Order(3, by_key=True, zeros=True))


def test_every_number_of_a_table_is_that_of_its_hosts(session, hosts, subtests):
    for place, by in enumerate(BYS):
        dimension = find_dimension(session, by)
        # Any query by any dimension is for the laws of counts.
        for number, node in enumerate((EVERYTHING, NODES[1 + place % 4])):
            order = ORDERS[(number + place) % len(ORDERS)]
            table = count_table(session, dimension, node, order)

            with subtests.test(f"{by} of {to_text(node)}, {order}"):
                check_table(session, table, node)


def check_table(session, table, node):
    assert table.total == count_hosts(session, node)
    for slot, number in zip(table.buckets, table.counts, strict=True):
        if slot.can_be_asked:
            behind = all_of(node, slot.condition)
            assert count_hosts(session, behind) == number, slot
    assert len({(s.kind, s.key) for s in table.buckets}) == len(table.buckets)
    if not table.dimension.is_several:
        assert sum(table.counts) == table.total


def test_every_number_of_a_cross_table_is_that_of_its_hosts(session, hosts, subtests):
    for by in PAIRS:
        dimensions = find_dimensions(session, by)
        for node in (EVERYTHING, NODES[2]):
            order = Order(2)
            table = cross_table(session, dimensions, node, (order, order))

            with subtests.test(f"{by} of {to_text(node)}"):
                check_cross_table(session, table, node)


def check_cross_table(session, table, node):
    check_table(session, table.rows, node)
    check_table(session, table.columns, node)
    for row, column, number in cells_of(table):
        if row.can_be_asked and column.can_be_asked:
            behind = all_of(node, row.condition, column.condition)
            assert count_hosts(session, behind) == number, (row, column)
    if not table.columns.dimension.is_several:
        for cells, count in zip(table.cells, table.rows.counts, strict=True):
            assert sum(cells) == count


def test_more_cells_than_are_read_at_once_are_the_same(session, hosts, monkeypatch):
    order = Order(2)
    for by in PAIRS:
        dimensions = find_dimensions(session, by)
        orders = (order, order)
        whole = cross_table(session, dimensions, NODES[1], orders)
        monkeypatch.setattr(limits, "count_cells", 1)
        parts = cross_table(session, dimensions, NODES[1], orders)
        monkeypatch.undo()

        assert parts.cells == whole.cells, by


def test_columns_read_together_are_as_each_by_itself(session, hosts):
    dimensions = [find_dimension(session, by) for by in ("env", "owner", "port")]
    for node in NODES:
        for order in ORDERS:
            together = count_columns(session, dimensions, node, order)
            for dimension, table in zip(dimensions, together, strict=True):
                alone = count_table(session, dimension, node, order)
                assert (table.buckets, table.counts) == (alone.buckets, alone.counts)


def test_what_reads_like_nothing_is_kept_apart(session, make_host):
    make_host(owner="(not set)")
    make_host(owner="(not set)")
    make_host()
    table = count_table(session, find_dimension(session, "owner"))

    assert [
        (s.kind, s.value, n) for s, n in zip(table.buckets, table.counts, strict=True)
    ] == [
        (Kind.VALUE, "(not set)", 2),
        (Kind.NOT_SET, None, 1),
    ]


def test_periods_without_hosts_are_there(session, make_host):
    make_host(hostname="old")
    make_host(hostname="new")
    old, new = session.scalars(sa.select(Host).order_by(Host.id))
    old.created_at = datetime(2025, 11, 30, 23, 59, 59, 999999, tzinfo=UTC)
    new.created_at = datetime(2026, 2, 1, tzinfo=UTC)
    session.commit()

    def shown(by, top=24):
        table = count_table(
            session, find_dimension(session, by), EVERYTHING, Order(top)
        )
        return [(s.label, n) for s, n in zip(table.buckets, table.counts, strict=True)]

    assert shown("created:month") == [
        ("2025-11", 1),
        ("2025-12", 0),
        ("2026-01", 0),
        ("2026-02", 1),
    ]
    assert shown("created:quarter") == [("2025-Q4", 1), ("2026-Q1", 1)]
    assert shown("created:year", 1) == [("(earlier)", 1), ("2026", 1)]
    # 2026-02-01 is a Sunday.
    assert shown("created:week")[::9] == [("2025-W48", 1), ("2026-W05", 1)]


def test_ten_thousand_values_are_counted_exactly(session, make_host):
    rows = [
        {
            "hostname": f"h{n}",
            "hostname_key": f"h{n}",
            "hostname_sort": f"h{n}",
            "owner": f"o{n:05}",
            "status": "active",
            "vars": {},
            "version": 1,
            "created_at": utcnow(),
            "updated_at": utcnow(),
        }
        for n in range(10_001)
    ]
    with history.recording(session) as connection:
        connection.execute(sa.insert(Host.__table__), rows)
    session.commit()
    repair_counts(db.engine)
    table = count_table(session, find_dimension(session, "owner"), EVERYTHING)

    assert [slot.label for slot in table.buckets[:2]] == ["o00000", "o00001"]
    assert table.buckets[-1].label == "(9,981 others)"
    assert table.counts[-1] == 9_981
    assert table.total == 10_001


def test_zeros_are_values_that_hosts_could_have(session, hosts):
    dimension = find_dimension(session, "status")
    node = Term("status", "=", ("active",))
    table = count_table(session, dimension, node, Order(zeros=True))

    assert [slot.value for slot in table.buckets] == [
        "active",
        *("staged", "maintenance", "offline", "retired"),
    ]
    assert list(table.counts[1:]) == [0, 0, 0, 0]


def test_what_takes_too_long_is_stopped_and_the_session_goes_on(session):
    with pytest.raises(TooSlow), time_limit(session(), 0.2):
        session.execute(sa.text(SLOW[session.get_bind().dialect.name]))

    assert count_hosts(session) == 0
    with time_limit(session(), 5):
        assert count_hosts(session) == 0


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("created:fortnight", "not a period"),
        ("created:mont", "Did you mean “month”"),
        ("network/129", "/129 is not a valid prefix length"),
        ("var.", "is not a variable"),
        ("nothing", "Unknown field “nothing”"),
    ],
)
def test_nonsense_is_refused(session, by, words):
    with pytest.raises(QueryError, match=words):
        find_dimension(session, by)
