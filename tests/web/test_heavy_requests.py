"""One account never holds all threads that it may with exports and statistics."""

import contextlib

import pytest

from ..helpers.pages import parse

MOST = 2


@pytest.fixture
def running(client):
    """As many exports as the admin may have, begun and not read to their end."""
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            response = client.get("/export/csv", buffered=False)
            assert response.status_code == 200
            stack.callback(response.close)
        yield


@pytest.mark.parametrize("url", ["/export/json", "/stats/", "/stats/table.csv?by=os"])
def test_who_has_enough_of_them_waits(client, running, url):
    response = client.get(url, headers={"Accept": "text/html"})

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "5"
    assert "You already have 2 exports or counts running" in parse(response).main.text


def test_others_and_other_pages_go_on(client, client_of, running):
    assert client_of("viewer").get("/export/csv").status_code == 200
    assert client.get("/hosts/").status_code == 200


def test_those_that_ended_count_no_more(client):
    for _ in range(MOST + 1):
        assert client.get("/export/csv").status_code == 200
        assert client.get("/export/csv?q=nonsense:x").status_code == 400
