"""Numbers: each is the number of hosts behind its filter, and together they add up."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hostadmin.clock import utcnow
from hostadmin.errors import QueryError
from hostadmin.models import Host
from hostadmin.query.ast import EVERYTHING, Not, Term, all_of
from hostadmin.query.to_text import to_text
from hostadmin.stats.counts import (
    FACTS,
    count_by_many,
    count_hosts,
    count_table,
    find_dimension,
    groupable_names,
)

PROD = Term("env", "=", ("prod",))
SINGLE = (
    "status",
    "env",
    "os",
    "location",
    "role",
    "owner",
    "port",
    "created",
    "var.r",
)


@pytest.fixture
def hosts(session, make_host, make_group):
    make_group(name="eu-west")
    make_group(name="eu-east")
    make_group(name="eu", children=["eu-west", "eu-east"])
    make_group(name="world", children=["eu"])
    make_group(name="pci*")
    make_group(name="nobody")
    make_host(
        hostname="a",
        ip_addr="10.1.2.3",
        environment="prod",
        owner="x",
        groups=["eu-west", "eu-east", "pci*"],
        vars={"r": 1},
    )
    make_host(
        hostname="b",
        ip_addr="10.1.99.3",
        environment="prod",
        owner="(not set)",
        groups=["eu", "eu-west"],
        vars={"r": "1"},
        status="offline",
    )
    make_host(
        hostname="c",
        ip_addr="10.2.2.3",
        environment="dev",
        owner="x*",
        port=8022,
        groups=["world"],
        vars={"r": [1, "ü"]},
    )
    make_host(
        hostname="d",
        ip_addr="2001:db8:1:ff::1",
        environment="Dev",
        port=8022,
        groups=["pci*"],
        vars={"r": "two\nlines"},
    )
    make_host(hostname="e", ip_addr="2001:db8:2::1", port=443, owner="a,b")
    make_host(hostname="f", port=None, vars={"r": None})
    for number, host in enumerate(session.scalars(sa.select(Host).order_by(Host.id))):
        host.created_at = datetime(2025 + number // 4, 1 + number, 9, tzinfo=UTC)
        host.confirmed_at = None if number == 5 else utcnow()
        if number == 4:
            host.confirmed_at = host.created_at
    session.commit()


@pytest.fixture
def further_addresses(session, hosts, make_host):
    make_host(
        hostname="g",
        ip_addr="10.1.2.9",
        addresses=["10.1.2.10", "10.9.0.1", "10.9.0.2", "2001:db8:1::9"],
    )
    make_host(hostname="h", addresses=["10.1.77.1"])
    session.commit()


def count_by(session, node, by):
    return count_by_many(session, node, [by])


def shown(cells):
    return [(*cell.labels, cell.count) for cell in cells]


COUNTED = [
    ("status", [("active", 5), ("offline", 1)]),
    ("environment", [("dev", 2), ("prod", 2), ("(not set)", 2)]),
    (
        "owner",
        [("(not set)", 1), ("a,b", 1), ("x", 1), ("x*", 1), ("(not set)", 2)],
    ),
    ("port", [("22", 2), ("8022", 2), ("443", 1), ("(not set)", 1)]),
    (
        "groups",
        [
            ("world", 3),
            ("eu", 2),
            ("eu-west", 2),
            ("pci*", 2),
            ("eu-east", 1),
            ("(not set)", 2),
        ],
    ),
    (
        "network",
        [
            ("10.1.0.0/16", 2),
            ("10.2.0.0/16", 1),
            ("2001:db8:1::/48", 1),
            ("2001:db8:2::/48", 1),
            ("(not set)", 1),
        ],
    ),
    (
        "network/24",
        [
            ("10.1.2.0/24", 1),
            ("10.1.99.0/24", 1),
            ("10.2.2.0/24", 1),
            ("2001:db8:1:ff::/64", 1),
            ("2001:db8:2::/64", 1),
            ("(not set)", 1),
        ],
    ),
    (
        "network/14",
        [("10.0.0.0/14", 3), ("2001:db8::/44", 2), ("(not set)", 1)],
    ),
    ("network/0", [("0.0.0.0/0", 3), ("::/0", 2), ("(not set)", 1)]),
    ("created:year", [("2025", 4), ("2026", 2)]),
    (
        "created:day",
        [
            ("2025-01-09", 1),
            ("2025-02-09", 1),
            ("2025-03-09", 1),
            ("2025-04-09", 1),
            ("2026-05-09", 1),
            ("2026-06-09", 1),
        ],
    ),
]


def test_hosts_are_counted_by_value(session, hosts, subtests):
    for by, expected in COUNTED:
        found = shown(count_by(session, EVERYTHING, by))

        with subtests.test(by):
            assert sorted(found) == sorted(expected)


def test_the_highest_come_first_then_by_value_and_what_is_not_set(session, hosts):
    assert shown(count_by(session, EVERYTHING, "env")) == [
        ("dev", 2),
        ("prod", 2),
        ("(not set)", 2),
    ]
    assert shown(count_by(session, EVERYTHING, "port")) == [
        ("22", 2),
        ("8022", 2),
        ("443", 1),
        ("(not set)", 1),
    ]


EVERY_WAY = [
    *groupable_names(),
    *("network/24", "network/9", "network/15", "network/30", "network/32"),
    *("network/47", "network/61", "network/128"),
    *("created:year", "updated:month", "confirmed:day", "var.r"),
    *(
        "created:week",
        "confirmed:quarter",
        "hostname",
        "domain",
        "ip",
        "alias",
        "notes",
    ),
]


@pytest.mark.parametrize("data", ["hosts", "further_addresses"])
def test_every_number_is_that_of_the_hosts_behind_its_link(
    session, request, subtests, data
):
    request.getfixturevalue(data)
    for by in EVERY_WAY:
        for node in (EVERYTHING, PROD, Not(PROD)):
            buckets = count_by(session, node, by)

            with subtests.test(f"{by} of {to_text(node)}"):
                assert buckets
                for bucket in buckets:
                    link = all_of(node, bucket.condition)
                    assert count_hosts(session, link) == bucket.count, bucket
                if by in SINGLE:
                    total = count_hosts(session, node)
                    assert sum(bucket.count for bucket in buckets) == total


def test_a_host_counts_once_in_each_of_its_networks(session, further_addresses):
    found = dict(shown(count_by(session, EVERYTHING, "network")))

    assert found == {
        "10.1.0.0/16": 4,
        "10.2.0.0/16": 1,
        "10.9.0.0/16": 1,
        "2001:db8:1::/48": 2,
        "2001:db8:2::/48": 1,
        "(not set)": 1,
    }


def test_the_share_is_of_all_hosts_even_where_a_host_counts_twice(session, hosts):
    table = count_table(session, find_dimension(session, "group"))
    shares = {slot.value: table.share(at) for at, slot in enumerate(table.buckets)}

    assert table.total == 6
    assert shares["world"] == 3 / 6
    assert shares[None] == 2 / 6


MANY = (
    ("env", "port"),
    ("group", "env"),
    ("network", "group"),
    ("network", "network/24"),
    ("status", "env", "created:month"),
    ("var.r", "network/24"),
)


def test_every_cell_is_that_of_the_hosts_behind_its_link(
    session, further_addresses, subtests
):
    for by in MANY:
        for node in (EVERYTHING, PROD):
            cells = count_by_many(session, node, by)

            with subtests.test(f"{by} of {to_text(node)}"):
                assert len({cell.values for cell in cells}) == len(cells)
                for cell in cells:
                    link = all_of(node, cell.condition)
                    assert count_hosts(session, link) == cell.count, cell


def test_cells_are_shown_by_all_their_values(session, hosts):
    cells = count_by_many(session, PROD, ["env", "status"])

    assert [(cell.values, cell.labels, cell.count) for cell in cells] == [
        (("prod", "active"), ("prod", "active"), 1),
        (("prod", "offline"), ("prod", "offline"), 1),
    ]
    assert to_text(cells[0].condition) == "env:prod status:active"


def test_nothing_is_counted_where_there_is_nothing(session):
    assert count_by(session, EVERYTHING, "group") == []
    assert count_by(session, EVERYTHING, "env") == []
    assert count_by_many(session, EVERYTHING, ["env", "network"]) == []


def test_facts_tell_what_is_worth_a_look(session, hosts):
    found = {fact.name: count_hosts(session, fact.condition) for fact in FACTS}

    assert found == {
        "active": 5,
        "without_owner": 2,
        "without_address": 1,
        "unconfirmed": 2,
        "offline": 1,
    }


REFUSED = [
    ("statu", "Unknown field “statu”. Did you mean “status”"),
    ("", "Unknown field “”"),
    ("network/129", "/129 is not a valid prefix length"),
    ("network/x", "Unknown field “network/x”"),
    ("env:month", "“env” cannot be counted by “month”"),
    ("created:fortnight", "“fortnight” is not a period"),
    ("var.", "is not a variable"),
]


def test_what_cannot_be_counted_by_is_refused(session, subtests):
    for by, words in REFUSED:
        with subtests.test(by), pytest.raises(QueryError, match=words):
            find_dimension(session, by)


def test_counting_twice_by_the_same_is_refused(session):
    with pytest.raises(QueryError, match="“env” is used twice"):
        count_by_many(session, EVERYTHING, ["env", "os", "environment"])


def test_the_title_of_a_network_says_both_lengths(session):
    titles = [find_dimension(session, f"network/{n}").title for n in (16, 24, 32, 48)]

    assert titles == [
        "Network (/16, IPv6 /48)",
        "Network (/24, IPv6 /64)",
        "Network (/32, IPv6 /128)",
        "Network (/32, IPv6 /48)",
    ]
