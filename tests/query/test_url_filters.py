"""Filters in URLs: what they mean, how they read, and that nonsense is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import QueryError
from hostadmin.query.ast import (
    EVERYTHING,
    And,
    Not,
    Or,
    Quoted,
    Term,
    all_of,
    any_of,
    negated,
)
from hostadmin.query.fields import FIELDS, SORTABLE, find_field
from hostadmin.query.to_text import to_text, value_text
from hostadmin.query.url_filters import (
    FILTER_WORDS,
    filter_arg,
    parse_filter_list,
    parse_filters,
)


def parse(param, value):
    return parse_filters([(param, value)])


@pytest.mark.parametrize(
    ("param", "value", "node", "text"),
    [
        ("flt_env_equals", "prod", Term("env", "=", ("prod",)), "env:prod"),
        ("flt0_env_equals", "prod", Term("env", "=", ("prod",)), "env:prod"),
        ("flt12_environment_equals", "p q", Term("env", "=", ("p q",)), 'env:"p q"'),
        ("flt_ENV_equals", " prod ", Term("env", "=", ("prod",)), "env:prod"),
        (
            "flt_owner_not_equal",
            "search",
            Not(Term("owner", "=", ("search",))),
            "-owner:search",
        ),
        ("flt_name_contains", "web", Term("hostname", "~", ("web",)), "hostname~web"),
        (
            "flt_host_not_contains",
            "web",
            Not(Term("hostname", "~", ("web",))),
            "-hostname~web",
        ),
        ("flt_alias_starts_with", "w", Term("alias", "^=", ("w",)), "alias^=w"),
        (
            "flt_loc_in_list",
            'ams, "fra, 1",',
            Term("location", "=", ("ams", "fra, 1")),
            'location:ams,"fra, 1"',
        ),
        (
            "flt_groups_not_in_list",
            "web,db",
            Not(Term("group", "=", ("web", "db"))),
            "-group:web,db",
        ),
        ("flt_owner_empty", "1", Term("owner", "empty"), "owner is empty"),
        ("flt_owner_empty", "0", Not(Term("owner", "empty")), "owner is not empty"),
        ("flt_port_greater_than", "1024", Term("port", ">", ("1024",)), "port>1024"),
        ("flt_port_smaller_than", "99", Term("port", "<", ("99",)), "port<99"),
        ("flt_port_between", "1 to 9", Term("port", "=", ("1..9",)), "port:1..9"),
        ("flt_port_between", "1..9", Term("port", "=", ("1..9",)), "port:1..9"),
        (
            "flt_ip_addr_in_network",
            "10.0.0.0/8",
            Term("ip", "=", ("10.0.0.0/8",)),
            "ip:10.0.0.0/8",
        ),
        ("flt_ip_equals", "2001:db8::1", Term("ip", "=", ("2001:db8::1",)), None),
        (
            "flt_updated_at_greater_than",
            "-7d",
            Term("updated", ">", ("-7d",)),
            "updated>-7d",
        ),
        (
            "flt_created_between",
            "2026-01-01 00:00:00 to 2027-01-01 00:00:00",
            Term("created", "=", ("2026-01-01 00:00:00..2027-01-01 00:00:00",)),
            'created:"2026-01-01 00:00:00..2027-01-01 00:00:00"',
        ),
        (
            "flt_confirmed_not_equal",
            "-180d..now",
            Not(Term("confirmed", "=", ("-180d..now",))),
            "-confirmed:-180d..now",
        ),
        (
            "flt_var.rack_no_not_equal",
            "7",
            Not(Term("var.rack_no", "=", ("7",))),
            "-var.rack_no:7",
        ),
        ("flt_owner_equals", "a*", Term("owner", "=", (Quoted("a*"),)), 'owner:"a*"'),
        ("flt_owner_equals", "or", Term("owner", "=", ("or",)), 'owner:"or"'),
        ("flt_owner_equals", "-x", Term("owner", "=", ("-x",)), "owner:-x"),
        ("flt_owner_equals", 'a"\\', Term("owner", "=", ('a"\\',)), r'owner:"a\"\\"'),
    ],
)
def test_a_filter_is_a_node_and_reads_like_the_query(param, value, node, text):
    (found,) = parse_filter_list([(param, value)])

    assert found.node == node
    assert (found.param, found.value) == (param, value)
    if text is not None:
        assert found.text == text


def test_all_filters_must_hold():
    args = [
        ("q", "x"),
        ("flt_env_equals", "prod"),
        ("flt_env_equals", "dev"),
        ("flt_owner_equals", "  "),
        ("flt_owner_empty", ""),
        ("flt_port_greater_than", "1"),
        ("sort", "-ip"),
    ]

    assert to_text(parse_filters(args)) == "env:prod env:dev port>1"
    assert parse_filters([]) == parse_filters([("page", "1")]) == EVERYTHING


@pytest.mark.parametrize(
    ("param", "value", "words"),
    [
        ("flt_statu_equals", "x", "Unknown field “statu”. Did you mean “status”"),
        ("flt_0", "x", "Unknown field “0”"),
        ("flt0", "x", "Unknown field"),
        ("flt_", "x", "Unknown field"),
        ("flt_env", "x", "unknown operator “”"),
        ("flt_env_equal", "x", "unknown operator “equal”. Did you mean “equals”"),
        ("flt_ip_addr_like", "x", "unknown operator “like”. Use one of: equals"),
        ("flt_port_contains", "2", "“contains” cannot be used with “port”. Use equals"),
        ("flt_status_empty", "1", "“empty” cannot be used with “status”"),
        ("flt_hostname_in_network", "x", "“in_network” cannot be used"),
        ("flt_status_equals", "actve", "not a valid status. Did you mean “active”"),
        ("flt_status_in_list", "active,gone", "“gone” is not a valid status"),
        ("flt_owner_empty", "maybe", "Use 1 .empty."),
        ("flt_port_equals", "9" * 20, "is not a valid port. Use 1–65535"),
        ("flt_port_equals", "-1", "is not a valid port"),
        ("flt_port_equals", "²", "is not a valid port"),
        ("flt_port_greater_than", "70000", "is not a valid port"),
        ("flt_port_between", "5", "is not a range"),
        ("flt_port_between", "9 to 1", "ends before it starts. Did you mean “1..9”"),
        ("flt_ip_equals", "10.0.0", "is not a valid IP address"),
        ("flt_ip_equals", "1" * 40, "is not a valid IP address"),
        ("flt_ip_in_network", "10.1.2.3/8", "host bits set. Did you mean 10.0.0.0/8"),
        ("flt_ip_equals", "10.1.2.3/8", "host bits set. Did you mean 10.0.0.0/8"),
        ("flt_ip_in_network", "10.0.0.0/33", "is not a valid network"),
        ("flt_ip_in_network", "nowhere", "is not a valid network"),
        (
            "flt_updated_equals",
            "yesterdy",
            "not a valid time. Did you mean “yesterday”",
        ),
        ("flt_updated_equals", "2026-13", "is not a valid time"),
        ("flt_updated_equals", "0001", "is not a valid time"),
        ("flt_updated_equals", "-999999999y", "is not a valid time"),
        ("flt_updated_equals", "9999999999999999999", "is not a valid time"),
        ("flt_updated_between", "2026 to 2025", "ends before it starts"),
        ("flt_owner_in_list", ",", "has no values"),
        ("flt_owner_in_list", '"a', "is not a list"),
        ("flt_owner_in_list", "a,b" * 50_000, "has 150,000 characters"),
        ("flt_owner_in_list", ",".join(map(str, range(1001))), "1,001 values"),
        ("flt_owner_equals", "x" * 2001, "2,001 characters"),
        ("flt_owner_equals", "a\0b", "U.0000"),
        ("flt_owner_contains", "a\ud800", "U.D800"),
        ("flt_hostname_starts_with", "a\nb", "U.000A"),
        ("flt_var._equals", "1", "is not a variable"),
        ("flt_var.a..b_equals", "1", "is not a variable"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(param, value, words):
    with pytest.raises(QueryError, match=words) as caught:
        parse(param, value)

    assert str(caught.value).startswith("Invalid filter “flt")


@given(st.text(), st.text(min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_filter_is_read_or_refused(name, value):
    for operation in ("equals", "in_list", "between"):
        try:
            parse(f"flt_{name}_{operation}", value)
            parse(f"flt_owner_{operation}", value)
        except QueryError:
            pass


def test_a_filter_is_written_under_the_one_name_of_its_field():
    assert filter_arg("environment", "equals", "prod") == ("flt_env_equals", "prod")
    assert filter_arg("loc", "empty", "1") == ("flt_location_empty", "1")


def test_a_list_keeps_commas_within_quotation_marks():
    node = parse("flt_owner_in_list", 'a,"b, ""c""", d ,a')

    assert node.values == ("a", 'b, "c"', "d")


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_every_operation_has_words_and_every_name_finds_its_field(field):
    assert set(field.operations) <= set(FILTER_WORDS)
    for name in (field.name, *field.aliases):
        assert find_field(name) is field
        assert find_field(name.upper()) is field


def test_what_can_be_sorted():
    assert list(SORTABLE) == [
        "hostname",
        "ip",
        "port",
        "status",
        "env",
        "os",
        "location",
        "role",
        "owner",
        "created",
        "updated",
        "confirmed",
    ]


def test_an_unknown_field_without_a_near_one_lists_them_all():
    with pytest.raises(QueryError, match=re.escape("Use one of: hostname, alias, ip")):
        find_field("zzz")


A, B, C = (Term(name, "=", ("1",)) for name in ("env", "os", "role"))


def test_trees_are_flat():
    assert all_of() == EVERYTHING
    assert all_of(A) == A
    assert all_of(EVERYTHING, A, EVERYTHING) == A
    assert all_of(And((A, B)), C) == And((A, B, C))
    assert any_of(Or((A, B)), C) == Or((A, B, C))
    assert any_of(A, EVERYTHING) == EVERYTHING
    assert negated(negated(A)) == A


def test_a_tree_reads_like_the_query():
    node = And((A, Or((B, C)), Not(Or((A, B))), Not(And((A, B)))))

    assert to_text(node) == "env:1 (os:1 or role:1) -(env:1 or os:1) -(env:1 os:1)"
    assert to_text(Or((And((A, B)), C))) == "env:1 os:1 or role:1"
    assert to_text(Not(Not(A))) == "--env:1"


def test_what_is_quoted_is_not_what_is_bare():
    assert Quoted("25") != "25" != Quoted("25")
    assert Quoted("25") == Quoted("25")
    assert len({"25", Quoted("25"), Quoted("25")}) == 2
    assert [value_text(Quoted("25")), value_text("25")] == ['"25"', "25"]
