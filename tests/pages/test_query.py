"""One query in the address of the list, the stats and the files."""

import csv
import io
import re
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from ..helpers.pages import parse


@pytest.fixture
def three(make_host, make_group):
    make_group(name="web servers")
    make_host(hostname="web-1", environment="prod", groups=["web servers"])
    make_host(hostname="web-2", environment="dev", owner="search")
    make_host(hostname="db-1", environment="prod", aliases=["webshop"])


def page_of(response):
    return parse(response)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=env:prod", {"web-1", "db-1"}),
        ("q=env:prod -db*", {"web-1"}),
        ("q=web", {"web-1", "web-2", "db-1"}),
        ("q=web-2 or group:'web servers'", {"web-1", "web-2"}),
        ("q=web&q=env:prod", {"web-1", "db-1"}),
        ("q=web&flt_owner_empty=0", {"web-2"}),
        ("q=%25", set()),
        ("q=", {"web-1", "web-2", "db-1"}),
    ],
)
def test_list_stats_and_file_agree(client, three, query, found):
    listed = page_of(client.get(f"/hosts/?{query}"))
    counted = client.get(f"/stats/?{query}")
    by = client.get(f"/stats/table.json?by=env&{query}").json
    sent = csv.DictReader(io.StringIO(client.get(f"/export/csv?{query}").text))

    assert {cell.text for cell in listed.select("td.is-main a")} == found
    assert {row["hostname"] for row in sent} == found
    assert by["total"] == len(found)
    assert page_of(counted).h1.text.startswith(f"{len(found)} host")


def test_the_page_says_the_whole_query_and_its_parts(client, three):
    page = page_of(client.get("/hosts/?q=web (env:dev or env:prod)&flt_env_equals=dev"))

    assert page.select_one("#find")["value"] == "web (env:dev or env:prod) env:dev"
    chips = {chip.contents[0].strip(): chip["href"] for chip in page.select("a.filter")}
    assert list(chips) == ["web", "(env:dev or env:prod)", "env:dev"]
    rest = parse_qs(urlsplit(chips["(env:dev or env:prod)"]).query)
    assert rest == {"q": ["web env:dev"]}


MEANT = [
    # what was asked, what is shown, and the query behind it
    ("debian", "debian is an OS: os:debian* (3 hosts)", "os:debian*"),
    ("platform", "platform is an owner: owner:platform (2 hosts)", "owner:platform"),
    ("env prod", "env is a field: env:prod (2 hosts)", "env:prod"),
    ("ops web", "ops is a group: group:ops web (1 host)", "group:ops web"),
    ("retired", "retired is a status: status:retired (1 host)", "status:retired"),
    ("debian prod", "Did you mean os:debian* env:prod (2 hosts)?", None),
    ("os:Debian 12", 'Did you mean os:"Debian 12" (2 hosts)?', 'os:"Debian 12"'),
    ("os:Debian 12 web", 'Did you mean os:"Debian 12" web (1 host)?', None),
    ("env:prdo", "Did you mean env:prod (2 hosts)?", "env:prod"),
    ("00-1a-2b-33-44-5f", "00-1a-2b-33-44-5f is a MAC address: var.mac:", None),
    ("001a.2b33.445f", "is a MAC address: var.mac:001a.2b33.445f (1 host)", None),
    ("AA:bb:33:44:55:66", "a MAC address: notes~AA:bb:33:44:55:66 (1 host)", None),
    ("owner platform", "owner is a field: owner:platform (2 hosts)", None),
    ("port 22", "port is a field: port:22 (4 hosts)", "port:22"),
]


@pytest.fixture
def labelled(make_host, make_group):
    make_group(name="ops")
    make_host(hostname="web-1", environment="prod", os="Debian 12", groups=["ops"])
    make_host(hostname="a", environment="prod", os="Debian 12", owner="platform")
    make_host(
        hostname="b",
        environment="dev",
        os="Debian 13",
        owner="Platform",
        status="retired",
    )
    make_host(
        hostname="c", vars={"mac": "00:1A:2B:33:44:5F"}, notes="nic aa:BB:33:44:55:66"
    )


def test_what_finds_nothing_leads_to_queries_that_find_something(
    client, labelled, subtests
):
    for asked, expected, link in MEANT:
        with subtests.test(asked):
            nothing = page_of(client.get("/hosts/", query_string={"q": asked}))
            hint = nothing.select_one(".nothing")
            assert expected in " ".join(hint.text.split())
            for code in hint.select("a code"):
                target = page_of(client.get(code.parent["href"]))
                assert target.select_one("#find")["value"] == code.text
                assert target.select("td.is-main")
            assert link in (None, *(code.text for code in hint.select("a code")))


def test_counts_and_files_of_nothing_lead_there_too(client, labelled):
    for address in ("/stats/?q=debian", "/stats/?q=debian&by=env"):
        hint = page_of(client.get(address)).select_one("h1 + .hint")
        assert hint.text == "debian is an OS: os:debian* (3 hosts)."
        target = page_of(client.get(hint.a["href"]))
        assert target.h1.text.startswith("3 hosts")
    for format in ("csv", "prometheus", "ansible-yaml"):
        note = client.get(f"/export/{format}?q=debian").headers["X-Hostadmin-Note"]
        assert note == "No host matches; debian is an OS: os:debian* (3 hosts)."
    assert "X-Hostadmin-Note" not in client.get("/export/csv?q=os:debian*").headers


def test_of_near_values_the_one_with_more_hosts_is_shown_first(client, make_host):
    make_host(hostname="a", location="fra-2")
    make_host(hostname="b", location="fra-1")
    make_host(hostname="c", location="fra-1")

    page = page_of(client.get("/hosts/?q=location:fra-3"))

    codes = [code.text for code in page.select(".nothing a code")]
    assert codes == ["location:fra-1", "location:fra-2"]


def test_what_means_nothing_has_no_hint(client, labelled):
    page = page_of(client.get("/hosts/?q=zzzz owner:qqqq"))

    assert not page.select(".nothing a code")


def test_a_dotted_variable_is_a_column_and_counted_by_its_name(client, make_host):
    make_host(hostname="a", vars={"net.mtu": 9000, "net": {"mtu": 1}})
    make_host(hostname="b", vars={"net": {"mtu": 9000}})

    page = page_of(client.get("/hosts/?cols=hostname,var.net.mtu&q=var.net.mtu:9000"))
    counts = client.get("/stats/table.json?by=var.net.mtu").json

    assert len(page.select("td.is-main")) == 2
    assert page.select_one(".rows").text.count("9000") == 2
    assert counts["total"] == 2
    assert [row for row in counts["rows"] if "9000" in str(row)] == counts["rows"]


ERRORS = [
    ("statu:active", "Unknown field “statu”", "statu", "status:active"),
    ("group:'web server'", "does not exist", "'web server'", 'group:"web servers"'),
    ("-(env:prod", "not closed", "(", "-(env:prod)"),
    ("env:prod or", "The query ends after “or”", " ", None),
    ("ip:10.1.2.3/8", "host bits", "10.1.2.3/8", "ip:10.0.0.0/8"),
]


@pytest.mark.parametrize(
    "path", ["/hosts/", "/stats/", "/stats/table.csv", "/export/csv"]
)
@pytest.mark.parametrize(("text", "message", "marked", "fixed"), ERRORS)
def test_an_error_shows_the_place_the_text_and_a_way_out(
    client, three, path, text, message, marked, fixed
):
    by = "by=env&" if "stats" in path else ""
    browser = {"Accept": "text/html"}
    response = client.get(f"{path}?{by}q={quote(text)}", headers=browser)

    page = page_of(response)
    assert response.status_code == 400
    assert message in page.h1.text
    assert page.mark.text == marked
    box = page.select_one("#find")
    assert box["value"] == text
    assert (box["aria-invalid"], box["aria-describedby"]) == ("true", "query-error")
    assert page.select_one("#query-error[role=alert]")
    assert "web-1" not in response.text
    links = page.select("#query-error a")
    assert [link.text for link in links] == ([fixed] if fixed else [])
    if fixed:
        assert client.get(links[0]["href"]).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "x" * 1_000_000,
        "a\0b",
        "\ud7ff\ufffe<script>alert(1)</script>",
        "port:abc",
        "ip:10.0.0.0/33",
        "updated:2026-02-30",
        'owner:"',
        "'; drop table hosts; --",
        "env in ()",
        "-",
        "a or " * 500 + "b",
    ],
)
def test_nonsense_is_answered_quickly_and_shows_no_host(client, three, text):
    start = time.process_time()

    response = client.get("/hosts/", query_string={"q": text})

    assert time.process_time() - start < 1
    # Some addresses are too long even to be looked at.
    assert response.status_code in (400, 414)
    assert "web-1" not in response.text
    assert "<script>alert" not in response.text


@pytest.mark.parametrize(
    ("field", "url"),
    [
        ("owner", "/hosts/"),
        ("notes", "/export/csv"),
        ("alias", "/hosts/"),
        ("var.a", "/hosts/"),
        ("var.a", "/stats/"),
    ],
)
def test_a_thousand_patterns_are_answered_or_refused_in_words(
    client, three, field, url
):
    patterns = ",".join(f"*{number}x*" for number in range(1_000))
    answer = client.get(url, query_string={"q": f"{field}:{patterns}"})
    # SQLite has its limits; the others take it.
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert "too large for the database" in answer.text


def test_variables_deeper_than_any_are_refused(client, three):
    for way in (".".join("a" * 21), ".".join("a" * 400)):
        answer = client.get("/hosts/", query_string={"q": f"var.{way}:x"})
        assert answer.status_code == 400
        assert "at most 20 levels" in page_of(answer).main.text


def test_a_field_twice_is_two_conditions(client, three):
    page = page_of(client.get("/hosts/?q=env:prod env:dev"))

    assert "No hosts match" in page.main.text


def test_many_queries_in_one_address_have_the_limits_of_one(client, three):
    many = "&".join(f"q=a{number}" for number in range(101))
    assert "more than 100 conditions" in client.get(f"/hosts/?{many}").text
    long = "&".join(f"q=name:{letter * 1_500}" for letter in "abcdefgh")
    assert client.get(f"/hosts/?{long}").status_code == 400
    blank = "q=&" * 200
    assert client.get(f"/hosts/?{blank}q=env:prod").status_code == 200


def test_a_number_leads_to_the_same_query_narrowed(client, three):
    page = page_of(client.get("/stats/?by=env&q=web"))

    link = next(a for a in page.select(".counted a") if "env:prod" in a["href"])
    assert parse_qs(urlsplit(link["href"]).query) == {"q": ["web env:prod"]}
    hosts = page_of(client.get(link["href"]))
    assert {a.text for a in hosts.select("td.is-main a")} == {"web-1", "db-1"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("env in (a b)", "Expected: “,” or “)”."),
        ("env is prod", "Expected: “empty” or “not empty”."),
        ("env:prod or or", None),
    ],
)
def test_an_error_says_once_what_was_expected(client, query, expected):
    page = page_of(client.get("/hosts/", query_string={"q": query}))
    panel = page.select_one("#query-error")
    if expected:
        assert panel.select("p")[-1].text == expected
    assert len(re.findall("expected", panel.text, re.IGNORECASE)) == 1
