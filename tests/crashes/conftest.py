"""Servers that tests may end."""

from collections.abc import Iterator

import pytest

from ..helpers import servers
from ..helpers.apps import START, chosen_engines, unavailable

SERVERS = [engine for engine in START if engine in chosen_engines()]


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """A server of these tests' own, since others would not survive its end."""
    try:
        found = START[request.param]()
    except servers.Unavailable as error:
        unavailable(str(error))
    yield found
    found.stop()
