"""A query in words."""

import pytest
from hypothesis import given, settings

from hostadmin.query.ast import EVERYTHING
from hostadmin.query.parser import parse
from hostadmin.query.to_english import describe, describe_count, spelling

from ..helpers.random_queries import trees

SENTENCES = [
    ("", "All hosts"),
    (
        "env:PROD (os:debian* or os:ubuntu*) -owner:search",
        "Hosts in prod that run Debian or Ubuntu, not owned by search",
    ),
    ("status:active env:prod,dev web*", "Active hosts in prod or dev matching web*"),
    ("status:active status:staged", "Active hosts staged"),
    ("-owner:search", "Hosts not owned by search"),
    ("owner:none port:22", "Hosts without an owner on port 22"),
    ("-owner:none", "Hosts with an owner"),
    ("ip:10.0.0.1", "Hosts with the address 10.0.0.1"),
    ("ip:10.0.0.0/8 updated>-7d", "Hosts within 10.0.0.0/8 updated in the last 7 days"),
    ("-ip:10.0.0.0/8", "Hosts not within 10.0.0.0/8"),
    ("env:prod or owner:x", "Hosts where environment is prod or owner is x"),
    (
        "(env:prod or owner:x) (os:x or port:22) env:dev",
        "Hosts in dev where (environment is prod or owner is x) and "
        "(OS is x or port is 22)",
    ),
    ("group:web,db -status:retired", "Hosts in the groups web or db, not retired"),
    ("group is empty", "Hosts in no group"),
    ("confirmed:none", "Hosts never confirmed"),
    ("confirmed<-90d", "Hosts confirmed more than 90 days ago"),
    ("-updated:2026-11 -env:x", "Hosts not in x, where updated not in 2026-11"),
    ("env~pro", "Hosts where environment contains pro"),
    (
        "var.rack:25 role:'web server'",
        "Hosts with the role web server where variable rack is 25",
    ),
    ("alias:a name:b", "Hosts named b also named a"),
    ("env:nowhere", "Hosts in nowhere"),
    ("os:'*'", "Hosts that run *"),
    ("os:w?n*", "Hosts that run w?n*"),
]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES)
def test_a_query_reads_as_a_sentence(session, make_host, text, sentence):
    make_host(environment="prod", os="Debian 13", owner="search")
    make_host(environment="dev", os="Ubuntu 26.04")

    assert describe(parse(text), spelling(session())) == sentence


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("env:prod -owner:search", "environment is prod and owner is not search"),
        ("env:prod,dev", "environment is prod or dev"),
        ("-env:prod,dev", "environment is neither prod nor dev"),
        ("port>1024", "port is above 1024"),
        ("web", "name, alias or address has web"),
        (
            "-(a b)",
            "not (name, alias or address has a and name, alias or address has b)",
        ),
        ("group:web,db", "in the groups web or db"),
        ("-group:web", "not in group web"),
        ("group:none", "in no group"),
        ("set:7", "in set 7"),
        ("change:7", "in change 7"),
        ("-change:7,8", "not in the changes 7 or 8"),
        ("check:same-address", "found by the check same-address"),
        ("ip:10.0.0.0/8", "address is in 10.0.0.0/8"),
        ("hostname:web*", "hostname matches web*"),
        ("-os~deb", "OS does not contain deb"),
        ("port:1..9", "port is in 1 to 9"),
        ("var.rack:7", "variable rack is 7"),
        ("-owner:none", "owner is set"),
        ("-web*", "neither name, alias nor address matches web*"),
        ("updated>-7d", "updated in the last 7 days"),
        ("updated<-1y", "updated more than 1 year ago"),
        ("updated:2026", "updated in 2026"),
        ("created:2025..2026", "created from 2025 to 2026"),
        ("port:1,2,3,4,5,6,7,8,9", "port is 1, 2, 3, 4, 5, 6, 7 or 2 more"),
    ],
)
def test_what_is_beside_an_or_is_a_clause_of_the_sentence(text, clause):
    inner = f"({clause})" if " and " in clause and "not (" not in clause else clause

    assert describe(parse(f"({text}) or role:x")) == f"Hosts where {inner} or role is x"


@given(trees())
@settings(max_examples=100, deadline=None)
def test_every_query_has_a_sentence(node):
    text = describe(node)

    assert (text == "All hosts") == (node == EVERYTHING)
    assert "  " not in text.replace("line\nbreak", "")


@pytest.mark.parametrize(
    ("total", "text", "expected"),
    [
        (0, "", "0 hosts"),
        (1, "", "1 host"),
        (1301, "env:prod status:active", "1,301 active hosts in prod"),
        (1, "status:active group:hosts", "1 active host in group hosts"),
        (2, "env:prod or owner:x", "2 hosts where environment is prod or owner is x"),
    ],
)
def test_how_many_hosts_there_are_in_words(total, text, expected):
    assert describe_count(total, parse(text)) == expected
