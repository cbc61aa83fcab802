"""What a query finds. Run on every database: all of them must find the same."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import QueryError
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, Host
from hostadmin.query import parse_times
from hostadmin.query.ast import (
    EQUALS,
    EVERYTHING,
    And,
    Not,
    Or,
    Quoted,
    Term,
    any_of,
    negated,
)
from hostadmin.query.fields import FIELDS, find_field
from hostadmin.query.parser import parse
from hostadmin.query.sql.compiler import compile_node, nearest_values, select_hosts
from hostadmin.query.url_filters import parse_filters
from hostadmin.stats.counts import count_hosts

from ..helpers.random_queries import add_changes, add_sets

NOW = datetime(2026, 11, 15, 12, 30, 45, 678, tzinfo=UTC)


@pytest.fixture
def hosts(session, make_host, make_group, monkeypatch):
    """Six hosts, a to f. The last one has nothing but a name."""
    monkeypatch.setattr("hostadmin.query.parse_values.utcnow", lambda: NOW)
    make_group(name="eu-west")
    make_group(name="eu", children=["eu-west"])
    make_group(name="world", children=["eu"])
    make_group(name="web%")
    make_host(
        hostname="a.example",
        aliases=["Straße", "shop_1"],
        ip_addr="10.0.0.1",
        addresses=["2001:db8::1", "10.9.0.1"],
        port=22,
        environment="prod",
        owner="Ärzte",
        os="Debian 13",
        groups=["eu-west", "eu", "world"],
        notes="100% ready\nCall Bob",
        vars={"rack": 25, "a": {"b": "deep"}, "tags": ["x", "y"], "on": True},
    )
    make_host(
        hostname="B.example",
        aliases=["shop-1"],
        ip_addr="10.0.0.9",
        port=8022,
        status="offline",
        environment="prod",
        owner="search",
        os="Debian*",
        groups=["web%"],
        notes="100 ready",
        vars={"rack": "25", "a": "flat", 'q"u\\o.te': "1", "ключ": "да", "on": "true"},
    )
    make_host(
        hostname="c_1",
        ip_addr="10.255.255.255",
        environment="dev",
        owner="sea_rch",
        vars={"rack": None, "a": {"b": ""}, "ratio": 2.5, "x%": "50%", "$": "1"},
    )
    make_host(hostname="c-1", ip_addr="2001:db8:1::5", status="retired", groups=["eu"])
    make_host(hostname="e 1", ip_addr="9.255.255.255", port=None, role="a,b")
    make_host(hostname="f", port=None)
    for number, host in enumerate(session.scalars(sa.select(Host).order_by(Host.id))):
        host.created_at = NOW - timedelta(days=number)
        host.updated_at = datetime(2026, 1 + 2 * number, 1, tzinfo=UTC)
        host.confirmed_at = (
            None if number == 5 else datetime(2020 + number, 6, 1, tzinfo=UTC)
        )
    add_sets(session)
    add_changes(session)
    session.commit()


def names(session, node):
    found = session.scalars(select_hosts(session, node).order_by(Host.id))
    return "".join(
        host.hostname[:1] if host.hostname != "c-1" else "d" for host in found
    )


FOUND = [
    ("hostname", "=", "b.EXAMPLE.", "B"),
    ("hostname", "=", "straße", ""),
    ("hostname", "=", "f|a.example", "af"),
    ("hostname", "=", "?.ex*", "aB"),
    ("hostname", "=", "c*", "cd"),
    ("hostname", "=", "c_?", "c"),
    ("hostname", "=", Quoted("c*"), ""),
    ("hostname", "~", "EXAMPLE", "aB"),
    ("hostname", "~", "_", "c"),
    ("hostname", "~", "%", ""),
    ("hostname", "~", "/", ""),
    ("hostname", "^=", "C", "cd"),
    ("hostname", "$=", "1", "cde"),
    ("alias", "=", "STRASSE", ""),
    ("alias", "=", "STRAẞE", "a"),
    ("alias", "=", "shop?1", "aB"),
    ("alias", "~", "p_", "a"),
    ("alias", "^=", "SHOP-", "B"),
    ("alias", "empty", "", "cdef"),
    ("ip", "=", "10.0.0.1", "a"),
    ("ip", "=", "2001:DB8:0::1", "a"),
    ("ip", "=", "10.0.0.0/8", "aBc"),
    ("ip", "=", "10.9.0.0/16", "a"),
    ("ip", "=", "2001:db8::/32", "ad"),
    ("ip", "=", "10.0.0.2..10.0.0.10", "B"),
    ("ip", "=", "9.0.0.0/8|2001:db8:1::5", "de"),
    ("ip", "<", "10.0.0.0", "e"),
    ("ip", ">", "10.0.0.0/8", "ad"),
    ("ip", ">=", "2001:db8:1::5", "d"),
    ("ip", "<=", "10.0.0.1", "ae"),
    ("ip", "~", "255.255", "ce"),
    ("ip", "^=", "2001:DB8", "ad"),
    ("ip", "$=", ".9", "B"),
    ("ip", "empty", "", "f"),
    ("port", "=", "22", "acd"),
    ("port", "=", "22|8022", "aBcd"),
    ("port", "=", "23..9000", "B"),
    ("port", ">", "22", "B"),
    ("port", ">=", "22", "aBcd"),
    ("port", "<", "8022", "acd"),
    ("port", "<=", "8022", "aBcd"),
    ("port", "empty", "", "ef"),
    ("status", "=", "Offline", "B"),
    ("status", "=", "offline|retired", "Bd"),
    ("env", "=", "PROD", "aB"),
    ("env", "=", "prod|dev", "aBc"),
    ("env", "=", "nowhere", ""),
    ("env", "=", "p*", "aB"),
    ("env", "empty", "", "def"),
    ("owner", "=", "ÄRZTE", "a"),
    ("owner", "~", "ÄR", "a"),
    ("owner", "~", "_", "c"),
    ("owner", "^=", "SEA", "Bc"),
    ("owner", "$=", "RCH", "Bc"),
    ("owner", "=", "sea_*|ärzte", "ac"),
    ("os", "=", "debian*", "aB"),
    ("os", "=", Quoted("debian*"), "B"),
    ("role", "=", "a,b", "e"),
    ("group", "=", "eu", "ad"),
    ("group", "=", "world", "ad"),
    ("group", "=", "eu-west|web%", "aB"),
    ("group", "=", "all", "aBcdef"),
    ("group", "=", "ungrouped", "cef"),
    ("group", "=", "ungrouped|web%", "Bcef"),
    ("group", "empty", "", "cef"),
    ("notes", "~", "100%", "a"),
    ("notes", "~", "READY\ncall", "a"),
    ("notes", "~", "READY|bob", "aB"),
    ("notes", "empty", "", "cdef"),
    ("created", "=", "today", "a"),
    ("created", "=", "yesterday", "B"),
    ("created", "=", "now", "a"),
    ("created", ">", "-2d", "aB"),
    ("created", ">=", "-2d", "aBc"),
    ("created", "<", "yesterday", "cdef"),
    ("created", "<=", "yesterday", "Bcdef"),
    ("created", "=", "2026-11-14T12:30", "B"),
    ("created", "=", "2026-11-14T13:30:45+01:00", "B"),
    ("created", "=", "2026-11-14 12:30:45.000678Z", "B"),
    ("created", "=", "2026-11-14T12:30:45.000677", ""),
    ("updated", "=", "2026", "aBcdef"),
    ("updated", "=", "2026-03", "B"),
    ("updated", "=", "2026-11-01", "f"),
    ("updated", "=", "2026-01..2026-03", "aB"),
    ("updated", ">", "2026-05", "def"),
    ("confirmed", "=", "2021|2023", "Bd"),
    ("confirmed", "<", "9999", "aBcde"),
    ("confirmed", "<=", "9999-12-31", "aBcde"),
    ("confirmed", "empty", "", "f"),
    ("var.rack", "=", "25", "aB"),
    ("var.rack", "=", Quoted("25"), "B"),
    ("var.rack", "~", "5", "aB"),
    ("var.rack", "empty", "", "cdef"),
    ("var.a.b", "=", "deep", "a"),
    ("var.a.b", "=", "DEEP", ""),
    ("var.a.b", "~", "DEE", "a"),
    ("var.a.b", "=", "D*p", "a"),
    ("var.a.b", "empty", "", "Bcdef"),
    ("var.a", "^=", "FL", "B"),
    ("var.a.b.c", "=", "deep", ""),
    ("var.tags", "~", "y", "a"),
    ("var.tags", "empty", "", "Bcdef"),
    ("var.on", "=", "true", "aB"),
    ("var.on", "=", Quoted("true"), "B"),
    ("var.ratio", "=", "2.5", "c"),
    ("var.ключ", "=", "да", "B"),
    ("var.x%", "$=", "%", "c"),
    ("var.$", "=", "1", "c"),
    ("var.'; drop table hosts; --", "=", "1", ""),
    ('var.q"]', "empty", "", "aBcdef"),
    ("var.rack[0]", "=", "25", ""),
]


def test_a_term_finds_its_hosts_and_its_negation_all_others(session, hosts, subtests):
    for field, op, values, expected in FOUND:
        kind = Quoted if isinstance(values, Quoted) else str
        given = tuple(map(kind, values.split("|"))) if values else ()
        node = Term(field, op, given)
        others = "".join(char for char in "aBcdef" if char not in expected)

        with subtests.test(f"{field} {op} {values}"):
            assert (names(session, node), names(session, Not(node))) == (
                expected,
                others,
            )


WORDS = [
    ("EXAMPLE", "aB"),
    ("a.ex", "a"),
    ("a.ex*", "a"),
    ("*.ex*", "aB"),
    ("c?1", "cd"),
    ("c", "cd"),
    ("_", "ac"),
    ("%", ""),
    ('"c*"', ""),
    ("straße", "a"),
    ("STRAẞE*", "a"),
    ("STRASSE*", ""),
    ("shop", "aB"),
    ("10.0.0.1", "a"),
    ("10.0", "aB"),
    ("10.*", "aBc"),
    ("10.9.0.0/16", "a"),
    ("2001:db8:*", "ad"),
    ("2001:DB8::1", "a"),
    ("10.0.0.2..10.0.0.99", "B"),
    ("255", ""),
    ("e", "aBe"),
    ('"e 1"', "e"),
]


def test_a_word_is_part_of_a_name_or_alias_or_says_an_address(session, hosts, subtests):
    for text, expected in WORDS:
        others = "".join(char for char in "aBcdef" if char not in expected)
        with subtests.test(text):
            assert (
                names(session, parse(text)),
                names(session, parse(f"-({text})")),
            ) == (
                expected,
                others,
            )


WITH_MARKS = [
    # how people paste them, and which hosts that finds
    ("web-1.example.net.", "a"),
    ("WEB-1.EXAMPLE.NET.", "a"),
    ("eb-1.example.net.", ""),
    ("mail.example.", "b"),
    ("web-1.", "a"),
    ("2001:db8", "ab"),
    ("2001:db8:", "ab"),
    ("2001:db8::", "ab"),
    ("2001:DB8:0", "a"),
    ("2001:db8:*", "ab"),
    ("2001:db8::*", "ab"),
    ("ip:2001:db8:1:*", "b"),
    ("fe80::", "c"),
    ("fe80", ""),
    ("[2001:db8::1]", "a"),
    ("[::1]", ""),
    ("ip:[fe80::7]", "c"),
    ("ip!=[fe80::7]", "ab"),
    ("ip:[2001:db8::1],[fe80::7]", "ac"),
    ("00:1A:2b:33:44:5f", ""),
    ("var.mac:00:1A:2b:33:44:5f", "abc"),
    ("var.mac:001a.2b33.445f", "abc"),
    ("var.mac:00-1a-2b-33-44-5f,x", "abc"),
    ("var.mac:001A2B-33445F", "abc"),
    ("var.mac:001a2b33445f", "abc"),
    ("var.mac!=00:1a:2b:33:44:5f", ""),
    ("var.serial:001122334455", "a"),
    ("var.serial:00:11:22:33:44:55", "ab"),
]


def test_names_and_addresses_are_found_as_other_programs_write_them(
    session, make_host, subtests
):
    make_host(
        hostname="a",
        aliases=["web-1.example.net"],
        ip_addr="2001:db8::1",
        vars={"mac": "00:1a:2b:33:44:5f", "serial": "001122334455"},
    )
    make_host(
        hostname="b",
        aliases=["mail.example"],
        ip_addr="2001:db8:1::1",
        vars={"mac": "001A.2B33.445F", "serial": "00-11-22-33-44-55"},
    )
    make_host(hostname="c", ip_addr="fe80::7", vars={"mac": "001A2B33445F"})

    for text, expected in WITH_MARKS:
        others = "".join(char for char in "abc" if char not in expected)
        with subtests.test(text):
            assert names(session, parse(text)) == expected
            assert names(session, parse(f"-({text})")) == others


NAMES = (
    "web",
    "web-1",
    "web-01",
    "web-9",
    "web-10",
    "web-007",
    "web-0",
    "1",
    "10-a",
    "0",
)


def test_the_beginning_of_a_name_is_found_whatever_its_digits(
    session, make_host, subtests
):
    for name in NAMES:
        make_host(hostname=name)

    for start in {name[:end] for name in NAMES for end in range(1, len(name) + 1)}:
        found = session.scalars(select_hosts(session, Term("hostname", "^=", (start,))))
        with subtests.test(start):
            assert {host.hostname for host in found} == {
                name for name in NAMES if name.startswith(start)
            }


DOTTED = {
    "z1": {"net.mtu": 9000},
    "z2": {"net": {"mtu": 9000}},
    "z3": {"net": {"mtu": 9000}, "net.mtu": 1500},
    "z4": {"net": {"mtu": 9000}, "net.mtu": None},
    "z5": {"net.mtu": {"min": "68"}, "net-mtu": 1, "a b.c": "1", "a b": {"c": 2}},
    "z6": {"net": "flat", "n.m.o": True, "n": {"m": {"o": False}}},
}
ASKED = [
    ("var.net.mtu:9000", "z1 z2"),
    ("var.net.mtu:1500", "z3"),
    ("var.net.mtu is empty", "z4 z6"),
    ("var.net.mtu~6", "z5"),
    ("var.net.mtu in (1500, 9000)", "z1 z2 z3"),
    ("var.net.mtu!=9000", "z3 z4 z5 z6"),
    ("var.net-mtu:1", "z5"),
    ("'var.a b.c':1", "z5"),
    ("'var.a b.c':2", ""),
    ("var.n.m.o:true", "z6"),
]


def test_a_variable_is_found_by_its_whole_name_before_any_path(
    session, make_host, subtests
):
    for name, variables in DOTTED.items():
        make_host(hostname=name, vars=variables)

    for text, expected in ASKED:
        with subtests.test(text):
            assert _names(session, text) == set(expected.split())
            assert _names(session, f"-({text})") == DOTTED.keys() - expected.split()


def _names(session, text):
    return {
        host.hostname for host in session.scalars(select_hosts(session, parse(text)))
    }


def test_all_levels_that_a_query_may_have_are_compiled(session, make_host):
    make_host(hostname="a")
    deep = "var." + ".".join("abcdefghijklmnopqrst")
    text = " ".join(f"{deep}!=x{number}" for number in range(15))

    assert _names(session, text) == {"a"}


def test_a_quotation_mark_in_the_name_of_a_variable_does_no_harm(session, make_host):
    make_host(hostname="a", vars={'q"u\\o': {"'": "1"}})

    assert names(session, Term("var.q\"u\\o.'", "=", ("1",))) == "a"


PROD = Term("env", "=", ("prod",))
SEARCH = Term("owner", "=", ("search",))
EU = Term("group", "=", ("eu",))


def test_values_are_looked_for_in_the_order_in_which_they_were_written(session):
    """The page shows its SQL; the same query shall not read otherwise each time."""
    for field in ("env", "hostname"):
        values = ["nine", "one", "eight", "two", "seven", "three", "six", "one"]
        where = select_hosts(session, parse(f"{field}:{','.join(values)}")).whereclause

        compiled = where.compile(compile_kwargs={"literal_binds": True})

        places = [str(compiled).index(f"'{value}'") for value in values[:-1]]
        assert places == sorted(places)


def test_terms_join(session, hosts):
    assert compile_node(session, EVERYTHING) is None
    assert names(session, EVERYTHING) == "aBcdef"
    assert names(session, And((PROD, SEARCH))) == "B"
    assert names(session, Or((SEARCH, EU))) == "aBd"
    assert names(session, Not(And((PROD, SEARCH)))) == "acdef"
    assert names(session, Not(Or((SEARCH, EU)))) == "cef"
    assert names(session, Not(Not(SEARCH))) == "B"
    assert names(session, Not(EVERYTHING)) == ""
    assert names(session, Or(())) == ""


def test_a_change_finds_the_hosts_that_are_still_there_on_both_ways(
    session, hosts, monkeypatch
):
    for counted in (10_000, 0):
        monkeypatch.setattr(limits, "counted_rows", counted)

        assert names(session, Term("change", EQUALS, ("900001",))) == "ae"
        assert names(session, Term("change", EQUALS, ("900002", "900001"))) == "aBcdef"
        assert names(session, Not(Term("change", EQUALS, ("900001",)))) == "Bcdf"


@pytest.mark.parametrize("value", ["0", "x", "-1", "1.5", "9" * 40, "\u0661"])
def test_what_is_no_number_of_a_change_is_refused(session, value):
    with pytest.raises(QueryError, match="not a valid change ID"):
        names(session, Term("change", EQUALS, (value,)))


def test_a_change_that_is_not_there_is_an_error_and_names_the_newest(session, hosts):
    for value in ("99999999", str(2**63 - 1)):
        with pytest.raises(QueryError) as error:
            names(session, Term("change", EQUALS, (value,)))

        assert str(error.value).startswith(f"Change “{value}” does not exist.")
        # Others have left some here whose ids are not in order of time.
        by_time = sa.select(ChangeSet.id).order_by(ChangeSet.at, ChangeSet.id)
        newest = session.scalars(by_time).all()[-1]
        assert error.value.hint == f"The newest is change {newest}."


# For each kind of field, values of which some are there, some not, some empty.
SAMPLES = {
    "hostname": ("a.example", "x"),
    "alias": ("shop-1", "x"),
    "ip": ("10.0.0.1", "192.168.0.1"),
    "port": ("22", "8022"),
    "status": ("offline", "active"),
    "env": ("prod", "x"),
    "os": ("debian*", "x"),
    "location": ("x", "y"),
    "role": ("a", "b"),
    "owner": ("search", "x"),
    "group": ("eu", "web%"),
    "notes": ("ready", "x"),
    "created": ("today", "2026-11"),
    "updated": ("2026-03", "2020"),
    "confirmed": ("2021", "-1y"),
    "check": ("same-address", "same-short-name"),
    "set": ("7001", "7002"),
    "change": ("900001", "900002"),
}


def value_for(operation, first, second):
    return {
        "empty": "1",
        "between": f"{min(first, second)} to {max(first, second)}",
        "in_list": f"{first},{second}",
        "not_in_list": f"{first},{second}",
        "in_network": "10.0.0.0/8",
    }.get(operation, first)


def every_filter():
    for name, field in FIELDS.items():
        for operation in field.operations:
            value = value_for(operation, *sorted(SAMPLES[name]))
            if operation == "between" and name in ("created", "confirmed"):
                value = "2020 to today"
            yield f"flt_{name}_{operation}", value


def test_every_filter_and_its_opposite_part_the_hosts(session, hosts, subtests):
    for param, value in every_filter():
        node = parse_filters([(param, value)])

        both = count_hosts(session, node), count_hosts(session, negated(node))

        with subtests.test(param):
            assert sum(both) == 6


def trees(depth=3):
    terms = st.sampled_from(
        [
            Term(name, "=", values[:count])
            for name, values in SAMPLES.items()
            for count in (1, 2)
            if name != "notes"
        ]
        + [Term(name, "empty") for name, field in FIELDS.items() if field.nullable]
    )
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            inner.map(negated),
            st.lists(inner, max_size=3).map(lambda nodes: And(tuple(nodes))),
            st.lists(inner, min_size=1, max_size=3).map(lambda nodes: any_of(*nodes)),
        ),
        max_leaves=depth,
    )


def test_any_tree_parts_the_hosts(session, hosts):
    @given(trees())
    @settings(max_examples=40, deadline=None, database=None)
    def check(node):
        both = names(session, node) + names(session, Not(node))
        assert sorted(both) == sorted("aBcdef")

    check()


def test_a_host_in_two_groups_counts_once(session, hosts):
    node = Term("group", "=", ("eu", "world", "eu-west"))

    assert count_hosts(session, node) == 2
    assert names(session, node) == "ad"


def test_many_members_are_probed_and_found_alike(session, hosts, monkeypatch):
    expected = names(session, EU), names(session, Not(EU))

    monkeypatch.setattr(limits, "counted_rows", 0)

    assert (names(session, EU), names(session, Not(EU))) == expected


def test_many_further_addresses_are_looked_up_and_found_alike(
    session, hosts, monkeypatch
):
    node = Term("ip", "=", ("10.9.0.0/16", "10.0.0.9", "2001:db8::/64"))
    expected = names(session, node), names(session, Not(node))

    monkeypatch.setattr(limits, "statement_ids", 0)

    assert (
        (names(session, node), names(session, Not(node))) == expected == ("aB", "cdef")
    )


REFUSED = [
    (Term("statu", "=", ("x",)), "Unknown field “statu”. Did you mean “status”"),
    (Term("status", "=", ("actve",)), "Did you mean “active”"),
    (Term("status", "empty"), "“status” is always set"),
    (Term("group", "=", ("eu-wst",)), "not exist. Did you mean “eu-west”"),
    (Term("group", "=", ("EU",)), "Group “EU” does not exist. Did you mean “eu”"),
    (Term("port", "~", ("2",)), "“~” cannot be used with “port”. Use =, <, <="),
    (Term("port", "=", ("9" * 20,)), "is not a valid port"),
    (Term("notes", "=", ("x",)), "cannot be used with “notes”"),
]


def test_a_term_that_makes_no_sense_is_refused(session, hosts, subtests):
    for term, words in REFUSED:
        with subtests.test(words), pytest.raises(QueryError, match=words):
            compile_node(session, And((PROD, Not(term))))


def test_the_nearest_values_are_shown(session, hosts):
    env = find_field("env")
    near = nearest_values(session, Term("env", "=", ("prd", "prod")))
    assert near == [(env, "prd", "prod")]
    assert nearest_values(session, And((PROD, Not(SEARCH)))) == []
    assert nearest_values(session, Term("owner", "=", ("zzzz", "p*"))) == []
    assert nearest_values(session, Term("hostname", "=", ("a.exampl",))) == []


ELSEWHERE = {"oracle": "oracle+oracledb://", "mysql": "mysql+pymysql://"}


@pytest.mark.parametrize("dialect", list(ELSEWHERE))
def test_every_filter_compiles_for_engines_we_cannot_run(session, hosts, dialect):
    engine = sa.create_mock_engine(ELSEWHERE[dialect], lambda *_: None)
    for param, value in every_filter():
        hosts = select_hosts(session, parse_filters([(param, value)]))

        assert str(hosts.compile(dialect=engine.dialect))


# ---- times


def span(text):
    found = parse_times.parse_time(text, NOW)
    return found.start.isoformat()[:19], found.end.isoformat()[:19]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-2", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("2026-12", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2026-11-03T10:00Z", "2026-11-03T10:00:00", "2026-11-03T10:01:00"),
        ("2026-11-03t10:00:05-02:00", "2026-11-03T12:00:05", "2026-11-03T12:00:06"),
        ("2026-11-03 10:00", "2026-11-03T10:00:00", "2026-11-03T10:01:00"),
        ("Today", "2026-11-15T00:00:00", "2026-11-16T00:00:00"),
        ("yesterday", "2026-11-14T00:00:00", "2026-11-15T00:00:00"),
        ("-2w", "2026-11-01T12:30:45", "2026-11-01T12:30:45"),
        ("+90s", "2026-11-15T12:32:15", "2026-11-15T12:32:15"),
        ("-1mo", "2026-10-16T12:30:45", "2026-10-16T12:30:45"),
        ("9999", "9999-01-01T00:00:00", "9999-12-31T23:59:59"),
        ("9999-12", "9999-12-01T00:00:00", "9999-12-31T23:59:59"),
        ("9999-12-31", "9999-12-31T00:00:00", "9999-12-31T23:59:59"),
    ],
)
def test_a_time_is_a_half_open_span(text, start, end):
    assert span(text) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2023-02-29", "2026-00", "-7", "-7x", "26-1-1", "2026-11-03T25:00",
     "2026-11-03T10:00+99:99", "0999", "-9999y", "+9999y", "9999-12-31T23:59:59-01:00",
     "1000-01-01T00:00+01:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(QueryError, match="is not a valid time"):
        span(text)
