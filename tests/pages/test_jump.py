"""The jump field: hosts, groups, views and pages by the beginning of their names."""

import pytest

from ..helpers.pages import csrf


def found(client, typed):
    answer = client.get("/jump/", query_string={"q": typed})
    assert answer.status_code == 200
    return [(one["kind"], one["name"]) for one in answer.json]


@pytest.fixture
def some(client, make_host, make_group):
    make_group(name="webservers")
    for number in range(20):
        make_host(hostname=f"web-{number}", ip_addr=f"10.0.0.{number}")
    data = {"csrf_token": csrf(client, "/hosts/new/"), "name": "Web in prod"}
    data |= {"page": "hosts", "q": "env:prod"}
    client.post("/views/new/", data=data)


def test_it_finds_each_kind_and_not_too_many(client, some):
    assert found(client, "web") == [
        ("group", "webservers"),
        ("view", "Web in prod"),
        *(("host", f"web-{number}") for number in range(8)),
    ]
    assert found(client, "10.0.0.7") == [("host", "web-7")]
    assert found(client, "sta") == [("page", "Stats")]


def test_every_place_is_there(client, some):
    for typed in ("web", "s", "new", "help", "your"):
        for one in client.get("/jump/", query_string={"q": typed}).json:
            answer = client.get(one["url"])
            assert answer.status_code in (200, 302), one


@pytest.mark.parametrize("typed", ["", "  ", "%", "x" * 10_000, "a\x00", "((", '"'])
def test_nonsense_finds_nothing_and_is_no_error(client, some, typed):
    assert found(client, typed) == []


def test_pages_that_somebody_may_not_open_are_not_offered(client_of, some):
    viewer = client_of("viewer")

    assert found(viewer, "accounts") == []
    assert found(viewer, "new host") == []
    assert ("host", "web-3") in found(viewer, "web-3")
