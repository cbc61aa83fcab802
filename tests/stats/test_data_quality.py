"""The checks of the inventory: each number equals the list behind its link."""

import contextlib
from datetime import timedelta

import pytest

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.errors import InvalidInput
from hostadmin.inventory import hosts as inventory
from hostadmin.inventory.list_hosts import iter_hosts, list_hosts
from hostadmin.limits import limits
from hostadmin.models import Host
from hostadmin.query.checks import CHECKS
from hostadmin.query.parser import parse
from hostadmin.stats import data_quality
from hostadmin.stats.counts import count_hosts
from hostadmin.stats.similar_values import find_similar_values, group_alike, look_alike
from hostadmin.validation.values import name_key

from ..helpers.hosts import add_hosts
from ..helpers.pages import parse as parse_page

ODD = (
    {"hostname": "web-1.example.net", "ip_addr": "10.0.0.1", "environment": "prod"},
    {"hostname": "web-1.example.org", "ip_addr": "10.0.0.1", "environment": "prod"},
    {"hostname": "db", "ip_addr": "10.0.0.2", "aliases": ["web-1.example.net"]},
    {"hostname": "twin", "ip_addr": "10.0.0.1", "port": 2222, "environment": "prod"},
    {"hostname": "moved", "addresses": ["10.0.0.2"], "environment": "Production"},
    {"hostname": "10.0.0.9", "ip_addr": "10.0.0.9"},
    {"hostname": "10.0.0.8", "ip_addr": "127.0.0.1"},
)
EXPECTED = {
    "look-alike-name": set(),
    "former-name": set(),
    "group-is-name": set(),
    "placeholder": set(),
    "same-address-and-port": {"web-1.example.net", "web-1.example.org"},
    "same-address": {"web-1.example.net", "web-1.example.org", "twin", "db", "moved"},
    "same-short-name": {"web-1.example.net", "web-1.example.org"},
    "alias-is-name": {"db", "web-1.example.net"},
    "special-address": {"10.0.0.8"},
    "no-environment": {"db", "10.0.0.9", "10.0.0.8", "fine"},
    "not-confirmed": set(),
}


TWINS = (
    # Each row is one machine under several names.
    ("web-1", "web–1", "web\u20111", "“web-1”", "http://web-1/"),
    ("bücher.example", "xn--bcher-kva.example", "B\u0075\u0308cher.example."),
    ("\u0440\u0430ypal.example", "paypal.example"),
    ("straße", "strasse"),
)
SINGLE = ("web-2", "xn--x-\xfc", "größe", "漢字", "xn--nxasmq6b", "grosse", "db/1")


def test_names_that_look_alike_are_twins_and_no_others(session, make_host):
    for names in (*TWINS, SINGLE):
        for name in names:
            with contextlib.suppress(InvalidInput):
                make_host(hostname=name)

    found = names_of(session, "check:look-alike-name")

    together = {name_key(name) for names in TWINS for name in names}
    assert {name_key(name) for name in found} == together
    narrowed = names_of(session, "check:look-alike-name -web-1")
    assert narrowed == {name for name in found if "web-1" not in name.lower()}


def test_a_name_that_came_back_after_a_renaming_is_shown(session, make_host):
    with history.writing("tests"):
        renamed = inventory.add_host({"hostname": "web-7"}).id
        inventory.add_host({"hostname": "other"})
    with history.writing("tests"):
        host = session.get(Host, renamed)
        inventory.change_host(renamed, {"hostname": "front-7"}, host.version)
    assert names_of(session, "check:former-name") == set()
    with history.writing("tests", "import"):
        again = inventory.add_host({"hostname": "WEB-7"}).id

    assert names_of(session, "check:former-name") == {"front-7", "WEB-7"}
    with history.writing("tests"):
        inventory.delete_host(again)
    assert names_of(session, "check:former-name") == set()


def test_a_host_with_the_name_of_a_group_is_shown(session, make_host, make_group):
    make_group(name="Web")
    make_group(name="db")
    for name in ("web", "db", "web-1"):
        make_host(hostname=name)

    assert names_of(session, "check:group-is-name") == {"web", "db"}


def test_placeholders_are_shown_whatever_field_they_are_in(
    session, make_host, make_group
):
    make_group(name="none")
    make_host(hostname="w1", os="NULL", owner="#N/A", environment="-", location="n/a")
    make_host(hostname="w2", os="#REF!", role="unknown")
    # ocsreports 1440: what the maker of a board left as it was
    make_host(hostname="w4", owner="To be filled by O.E.M.", environment="prod")
    make_host(hostname="w5", role="Default string", environment="prod")
    make_host(hostname="w3", groups=["none"])
    make_host(hostname="fine", os="Unknown Linux", owner="nan-team", role="tbdb")

    assert names_of(session, "check:placeholder") == {f"w{n}" for n in "12345"}
    assert names_of(session, "-check:placeholder") == {"fine"}
    assert names_of(session, "check:placeholder env is empty") == {"w2", "w3"}


@pytest.fixture
def odd(make_host, make_group):
    make_group(name="parent", children=[])
    make_group(name="empty")
    make_group(name="web")
    for fields in ODD:
        make_host(**fields, groups=[])
    make_host(hostname="fine", owner="ops", location="ams", groups=["web"])


def test_checks_find_what_is_odd_and_nothing_else(session, odd):
    for check in data_quality.host_checks():
        found = {host.hostname for host in iter_hosts(session, check.condition)}
        if check.name in EXPECTED:
            assert found == EXPECTED[check.name], check.name
        else:
            assert found == {fields["hostname"] for fields in ODD}, check.name


@pytest.mark.parametrize("limit", ["statement_ids", "looked_up_ids"])
@pytest.mark.parametrize("check", CHECKS)
def test_what_many_hosts_share_is_found_alike(session, odd, monkeypatch, check, limit):
    query = f"check:{check}"
    texts = (query, f"not {query}", f"{query} or owner:ops", f"{query} env:prod")
    expected = [names_of(session, text) for text in texts]

    # One value with all ids, or a statement that looks for them.
    session.rollback()
    monkeypatch.setattr(limits, "looked_up_ids", 10)
    monkeypatch.setattr(limits, limit, 0)

    assert [names_of(session, text) for text in texts] == expected
    assert len(expected[0]) + len(expected[1]) == len(ODD) + 1


def test_a_check_is_looked_up_once_for_a_page_and_again_after_a_write(
    client, odd, statements, make_host
):
    make_host(hostname="web-2.example.net", groups=[])
    with statements() as sent:
        page = client.get("/stats/?q=check:same-short-name")
    make_host(hostname="web-2.example.org", groups=[])
    after = client.get("/stats/?q=check:same-short-name")

    # Once for the numbers of the page, and once for its statement at most.
    assert sum("alike" in statement for statement in sent) == 1
    assert "2 hosts" in page.text
    assert "4 hosts" in after.text


def names_of(session, text):
    return {host.hostname for host in iter_hosts(session, parse(text))}


@pytest.mark.parametrize("check", CHECKS)
def test_thousands_of_hosts_are_checked_in_time(session, check):
    with history.writing("tests"):
        names = [
            f"host{number}.example.{top}" for number in range(1_500) for top in "ab"
        ]
        add_hosts({"hostname": name} for name in names)

    page = list_hosts(session, parse(f"check:{check}"))

    assert page.stopped_after == 0
    assert page.count.value == (len(names) if check == "same-short-name" else 0)


def test_those_who_may_see_sql_see_one_value_for_many_ids(client, odd, monkeypatch):
    monkeypatch.setattr(limits, "statement_ids", 0)

    page = client.get("/hosts/?q=check:same-address")

    assert page.status_code == 200
    assert "5 of 8 hosts" in page.text


def test_every_number_of_the_page_is_the_number_of_its_list(client, odd):
    page = parse_page(client.get("/data-quality/"))
    links = page.select(".findings b a")

    assert len(links) >= 10
    for link in links:
        number = link.find(string=True, recursive=False)
        listed = parse_page(client.get(link["href"]))
        assert listed.select_one(".list h2").text.startswith(f"{number} of 8 hosts")


def test_a_query_narrows_the_checks(client, odd):
    page = parse_page(client.get("/data-quality/?q=env:prod"))

    numbers = {
        item.h3.text: item.b.find(string=True) for item in page.select(".findings li")
    }
    assert numbers["Same address"] == "3"
    assert numbers["No environment"] == "0"
    assert "Groups without hosts" not in numbers


def test_groups_without_hosts_are_named(client, session, make_group, odd):
    make_group(name="around web", children=["web"])
    make_group(name="around empty", children=["empty"])

    names = [name for _, name in data_quality.groups_without_hosts(session)]
    page = client.get("/data-quality/").text

    assert names == ["around empty", "empty", "parent"]
    assert ">around empty</a>" in page
    assert ">around web</a>" not in page


def test_the_command_says_the_same(app, runner, session, odd):
    result = runner.invoke(args=["hosts", "check"])
    lines = [line.split("\t") for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [line[0] for line in lines[:-2]] == [
        c.name for c in data_quality.host_checks()
    ]
    for name, number, query in lines[:-1]:
        assert count_hosts(session, parse(query)) == int(number), name
    assert lines[-2] == ["look-alike-env", "4", "env:prod,Production"]
    assert lines[-1] == ["groups-without-hosts", "2", "empty, parent"]


def test_an_empty_inventory_has_nothing_odd(client, runner):
    page = parse_page(client.get("/data-quality/"))

    assert {item.b.text for item in page.select(".findings li")} == {"0"}
    assert runner.invoke(args=["hosts", "check"]).exit_code == 0


@pytest.mark.parametrize("days", ["0", "-1", "x", "1e3", "99999999999", "٣"])
def test_days_that_are_none_are_refused(client, days):
    answer = client.get("/data-quality/", query_string={"days": days})

    assert answer.status_code == 400
    assert "is not a valid number of days" in answer.text


def test_a_host_not_seen_for_long_is_shown(client, session, make_host):
    make_host(hostname="old")
    session.get(Host, make_host(hostname="never")).confirmed_at = None
    session.query(Host).filter_by(hostname="old").one().confirmed_at = (
        utcnow() - timedelta(days=40)
    )
    session.commit()

    numbers = [
        count_hosts(session, data_quality.unconfirmed(days)) for days in (30, 50, 180)
    ]

    assert numbers == [2, 1, 1]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("prod", "production", True),
        ("Prod", "PROD.", True),
        ("us-east", "us east", True),
        ("Debian 13", "debian13", True),
        ("Debian 12", "Debian 13", False),
        ("ams1", "ams2", False),
        ("platform", "plattform", True),
        ("prdo", "prod", True),
        ("prd", "prod", True),
        ("redsi", "redis", True),
        ("dve", "dev", True),
        ("test", "text", False),
        ("prod", "pdro", False),
        ("bd", "db", False),
        ("db", "dba", False),
        ("search", "payments", False),
        ("日本", "日本", True),
        ("1", "2", False),
    ],
)
def test_values_look_alike_by_their_letters(one, other, alike):
    assert look_alike(one, other) is alike
    assert look_alike(other, one) is alike


def test_values_that_look_alike_come_together():
    values = [("prod", 9), ("dev", 5), ("production", 2), ("Prod.", 1)]

    assert group_alike(values) == [[("prod", 9), ("production", 2), ("Prod.", 1)]]


def test_look_alikes_are_counted_under_the_query(session, make_host):
    for number, owner in enumerate(["ops", "ops-", "ops-", "web"]):
        make_host(hostname=f"h{number}", owner=owner, location="x")

    (found,) = find_similar_values(session)

    assert (found.field.name, found.hosts) == ("owner", 3)
    assert find_similar_values(session, parse("hostname:h0")) == []


def test_what_looks_alike_leads_to_the_change_that_makes_it_one(client, make_host):
    for number, env in enumerate(["prod", "prod", "Production"]):
        make_host(hostname=f"h{number}", environment=env, owner="x", location="x")
    page = parse_page(client.get("/data-quality/?q=hostname:h*"))

    link = page.find("a", string="Rename “Production” to “prod”")
    plan = parse_page(client.get(link["href"]))

    assert "1 host" in plan.h1.text
