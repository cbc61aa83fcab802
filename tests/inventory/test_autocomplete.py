"""What the query bar offers while somebody types."""

import time

import pytest

from hostadmin.limits import limits


@pytest.fixture(autouse=True)
def enough_time(monkeypatch):
    """A busy machine must not change what is found."""
    monkeypatch.setattr(limits, "completion_seconds", 30.0)


@pytest.fixture
def some(make_host, make_group):
    make_group(name="web servers")
    make_group(name="Web")
    for number in range(3):
        make_host(
            hostname=f"web-{number}",
            environment="prod",
            owner="Data Team",
            ip_addr=f"10.4.0.{number + 1}",
            port=8080,
            aliases=[f"shop{number}"],
            vars={"rack": "B14", "bgp": {"asn": 65001}},
        )
    make_host(hostname="db-1", environment="preview", ip_addr="fd00::1")


def offered(client, text, cursor=None):
    given = {"q": text} | ({} if cursor is None else {"cursor": cursor})
    response = client.get("/hosts/complete/", query_string=given)
    assert response.status_code == 200
    return response.json["suggestions"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:", [("prod ", 3), ("preview ", 1), ("none ", None)]),
        ("env:pro", [("prod ", 3)]),
        ("env:PR", [("prod ", 3), ("preview ", 1)]),
        ("env:prod,pre", [("preview ", 1)]),
        ("owner:d", [('"Data Team" ', 3)]),
        ('owner:"data t', [('"Data Team" ', 3)]),
        ("status:of", [("offline ", None)]),
        ("group:web", [("Web ", None), ('"web servers" ', None)]),
        ("host:web-", [("web-0 ", None), ("web-1 ", None), ("web-2 ", None)]),
        ("alias:shop2", [("shop2 ", None)]),
        ("ip:10.4", [(f"10.4.0.{n} ", None) for n in (1, 2, 3)]),
        ("ip:1", [(f"10.4.0.{n} ", None) for n in (1, 2, 3)]),
        ("ip:fd", [("fd00::1 ", None)]),
        ("port:80", [("8080 ", 3)]),
        ("var.r", [("var.rack:", None)]),
        ("var.rack:b", [("B14 ", None)]),
        ("var.bgp.asn:6", [("65001 ", None)]),
        ("env:nope", []),
        ("env:%", []),
        ("host:_", []),
    ],
)
def test_values_complete_what_is_typed(client, some, text, expected):
    found = [(one["text"], one["count"]) for one in offered(client, text)]

    assert sorted(found, key=str) == sorted(expected, key=str)


def test_fields_and_operators_complete_where_the_cursor_is(client, some):
    fields = offered(client, "upd")
    inside = offered(client, "env:pro owner:x", 7)

    assert [(one["kind"], one["text"]) for one in fields] == [("field", "updated:")]
    assert (inside[0]["text"], inside[0]["start"], inside[0]["end"]) == ("prod ", 4, 7)
    assert {one["kind"] for one in offered(client, "port")} >= {"operator", "field"}


@pytest.mark.parametrize(
    "text",
    ["(" * 5000, "x" * 11_000, "a\0b", "ip:10.0.0.1/8", 'env:"', "env:\ud7ff", "var."],
)
def test_nothing_that_is_typed_is_an_error(client, some, text):
    start = time.process_time()

    assert len(offered(client, text)) <= 20
    assert time.process_time() - start < 1


@pytest.mark.parametrize("cursor", ["x", "-5", "99999999999999999999"])
def test_a_cursor_that_makes_no_sense_does_no_harm(client, some, cursor):
    offered(client, "env:", cursor)


def test_at_most_twenty_are_offered(client, make_host):
    for number in range(25):
        make_host(hostname=f"web-{number}", owner=f"team{number:02}")

    assert len(offered(client, "owner:t")) == 20
    assert len(offered(client, "host:web")) == 20
