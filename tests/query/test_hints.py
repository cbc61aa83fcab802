"""What people who keep inventories elsewhere typed, and what they are shown here.

The remarks name the public thread in which somebody missed it.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import QueryError
from hostadmin.inventory.hints import find_hints
from hostadmin.query.parser import parse, read
from hostadmin.query.sql.compiler import select_hosts, select_ids
from hostadmin.query.to_text import to_text

from ..helpers.examples import EXAMPLES
from ..helpers.random_queries import NAMES, TEXTS, trees


@pytest.fixture
def hosts(make_host, make_group):
    make_group(name="tag_node=2")
    make_host(
        hostname="web-1.example.net",
        ip_addr="2a0b:f4c2:1::190",
        environment="prod",
        os="Debian 12",
        owner="platform",
        vars={
            "mac": "00:0C:29:aa:bb:cc",
            "FWversion": "1",
            "dcim.site_postcode": "1010",
            "testing-name-with-hyphen": "some value",
            "asset": "00003001",
        },
    )
    make_host(
        hostname="web-2.example.net",
        ip_addr="192.168.222.111",
        environment="prod",
        os="Debian 13",
        vars={"FWversion": "10", "mac": "000c.29dd.eeff", "asset": "3001"},
    )
    make_host(
        hostname="db-1",
        ip_addr="1234:abcd::7",
        environment="dev",
        os="Ubuntu 22.04 LTS",
        role="database server",
        groups=["tag_node=2"],
    )


def names(session, text):
    found = session.scalars(select_hosts(session, parse(text)))
    return {host.hostname.partition(".")[0] for host in found}


FOUND = [
    # MISP 9042: an address with all its zeros
    ("2a0b:f4c2:0001:0000:0000:0000:0000:0190", "web-1"),
    # phpipam 2051: the beginning with one colon behind it
    ("1234:abcd:", "db-1"),
    ("1234:abcd::", "db-1"),
    # phpipam 674: twelve digits and dots are no MAC address
    ("192.168.222.111", "web-2"),
    # netbox 2054, rackpad 119: any notation
    ("var.mac:000C29AABBCC", "web-1"),
    ("var.mac:00-0c-29-aa-bb-cc", "web-1"),
    ("var.mac:00:0c:29:dd:ee:ff", "web-2"),
    # netbox 19915: equal means equal
    ("var.FWversion:1", "web-1"),
    # netbox 8030, pynetbox 458: dots and dashes in names
    ("var.dcim.site_postcode:1010", "web-1"),
    ('var.testing-name-with-hyphen:"some value"', "web-1"),
    # snipe-it 11701: 00003001 and 3001 are not the same
    ("var.asset:00003001", "web-1"),
    ("var.asset:3001", "web-2"),
    # oci-ansible-modules 80: groups of cloud tags
    ('group:"tag_node=2"', "db-1"),
    # foreman: quotation marks around values with blanks
    ('os = "Debian 12" and hostname ~ web', "web-1"),
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_what_trackers_missed_is_found(session, hosts, text, found):
    assert names(session, text) == {found}
    assert found not in names(session, f"-({text})")


MEANT = [
    # netbox 11544, 4869: the beginning of a MAC address, which tells its maker
    ("00:0c:29", "var.mac^=000c.29,00:0c:29", "web-1 web-2"),
    ("000c.29", "var.mac^=000c.29,00:0c:29", "web-1 web-2"),
    ("var.mac:00-0c-29-aa", "var.mac^=000c.29aa,00:0c:29:aa", "web-1"),
    # foreman 1439: values with blanks, without quotation marks
    ("debian 12", 'os:"debian 12"', "web-1"),
    ("prod database server", 'prod role:"database server"', ""),
    ("os:ubuntu 22.04", 'os^="ubuntu 22.04"', "db-1"),
    ("os = Debian 12 web", 'os:"Debian 12" web', "web-1"),
    # foreman and SQL: operators that are words
    ("hostname like web%", "hostname:web*", "web-1 web-2"),
    ("owner contains plat", "owner~plat", "web-1"),
    ("os startswith deb", "os^=deb", "web-1 web-2"),
    ("env like prod", "env~prod", "web-1 web-2"),
    ("not env dev", "-env:dev", "web-1 web-2"),
    # other wildcards, and addresses as people write them
    ("web%", "web*", "web-1 web-2"),
    ("web.*", "web*", "web-1 web-2"),
    ("192.168.222.x", "192.168.222.*", "web-2"),
    ("192.168.222.1-120", "192.168.222.1..192.168.222.120", "web-2"),
    # lists as they are pasted
    ("web-1.example.net;db-1", "web-1.example.net or db-1", "web-1 db-1"),
    ("web-1.example.net|db-1", "web-1.example.net or db-1", "web-1 db-1"),
    ("web-2.example.net/db-1", "web-2.example.net or db-1", "web-2 db-1"),
    # snipe-it, glpi: what stands for nothing
    ("owner:null env:prod", "owner is empty env:prod", "web-2"),
    ("role:n/a", "role is empty", "web-1 web-2"),
]


@pytest.mark.parametrize(("asked", "meant", "found"), MEANT)
def test_what_finds_nothing_is_shown_as_what_finds_something(
    session, hosts, asked, meant, found
):
    hints = {hint.text: hint for hint in find_hints(session, parse(asked))}

    if not found:
        # What finds nothing is no hint.
        assert meant not in hints
        return
    assert names(session, meant) == set(found.split())
    assert hints[meant].count == len(found.split())


REFUSED = [
    # osidb 1338: capital units of time
    ("created<=-4M", "could be months or minutes", None),
    # foreman: last_report > "2 days ago"
    ('confirmed > "2 days ago"', "Did you mean “-2d”", "confirmed > -2d"),
    ("confirmed > 2 days ago", "“2 days ago” is not a valid", "confirmed > -2d"),
    ("(updated<6 months) web", "Write -6mo", "(updated<-6mo) web"),
    # netbox 7983: "less than 6 months"
    ("created>6months", "Did you mean “-6mo”", "created>-6mo"),
    # netbox 16509, scoped_search: fields by the names that others give them
    ("last_report>-1d", "Did you mean “confirmed”", "confirmed>-1d"),
    ("cf_FWversion=1", "Did you mean “var.FWversion”", "var.FWversion=1"),
    ("facts.os.name:x", "Did you mean “var.os.name”", "var.os.name:x"),
    ("vars.uptime:12", "Did you mean “var.uptime”", "var.uptime:12"),
    ("tag:web", "Did you mean “group”", "group:web"),
    ("site:fra", "Did you mean “location”", "location:fra"),
    ("fqdn:web-1", "Did you mean “hostname”", "hostname:web-1"),
    # foreman: a comma instead of "and"
    ("env:prod, os:debian*", "Leave it out before", "env:prod os:debian*"),
    ("os:a,b, -env:x", "Leave it out before", "os:a,b -env:x"),
    # addresses of browsers and terminals
    ("https://web-1.example.net/login?x=y db", "A URL", "web-1.example.net db"),
    ("-ssh://root@db-1:22", "A URL", "-db-1"),
    ("http://[2001:db8::1]:80/", "A URL", "[2001:db8::1]"),
]


@pytest.mark.parametrize(("text", "words", "fixed"), REFUSED)
def test_what_others_write_is_refused_with_what_is_right_here(text, words, fixed):
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)

    assert caught.value.fixed == fixed


@pytest.mark.parametrize(
    "text",
    [
        "env:prod, dev",
        "env in (prod, os:x)",
        "env:prod,os:x",
        "2001:db8::1",
        "10:2:3:4",
    ],
)
def test_what_only_looks_like_it_is_read_or_refused_otherwise(text):
    error = read(text).error

    assert "A comma" not in str(error)


def test_an_unknown_status_is_shown_once(client):
    page = client.get("/hosts/?q=status:inactive").text

    assert page.count("Did you mean") == 1
    assert "status:offline</code>" in page


def test_no_link_leads_from_one_error_to_the_next():
    with pytest.raises(QueryError) as caught:
        parse("(statu:active and prt~22")

    assert caught.value.fixed is None


words = st.sampled_from(
    [
        *(*NAMES, *TEXTS, "web%", "10.0.0.x", "web;db%", "a/b", "00:0c:29", "null"),
        *("owner:null", "env:Prod x", "os:Debian 12", "env", "like", "status:staged"),
        *("-env", "contains", "10.0.0.1-9", "var.mac:00:0c:29", "owner:prdo", "staged"),
    ]
)


def test_every_hint_is_a_query_that_finds_as_many_as_it_says(session, rows):
    session.rollback()
    hint_count = 0

    @given(trees() | st.lists(words, max_size=4).map(" ".join))
    @settings(max_examples=max(60, EXAMPLES // 5), deadline=None, database=None)
    def check(asked):
        nonlocal hint_count
        try:
            node = parse(asked) if isinstance(asked, str) else asked
        except QueryError as error:
            if error.fixed is not None:
                parse(error.fixed)
            return
        if session.scalars(select_ids(session, node).limit(1)).first():
            return
        hints = find_hints(session, node)
        for hint in hints:
            again = parse(hint.text)
            assert to_text(again) == hint.text
            assert len(session.scalars(select_ids(session, again)).all()) == hint.count
            assert hint.text in hint.sentence
            assert hint.hosts in hint.sentence
        assert [hint.count for hint in hints] == sorted(
            (hint.count for hint in hints), reverse=True
        )
        hint_count += len(hints)

    check()
    assert hint_count
