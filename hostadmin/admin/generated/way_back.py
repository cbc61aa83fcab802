"""From which list somebody came: its query, page and columns, to get back there.

The address of a page about one row says it as ``url``. Links of the list need not: a
browser tells where it followed them.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import request, url_for

from ...formatting import shortened
from ...validation.local_path import own_path
from .urls import QUERY

BACK = "url"
MOST_SHOWN = 60


@dataclass(frozen=True)
class WayBack:
    """The list of a model as it was seen; ``is_known`` unless it is just the list."""

    name: str
    home: str
    url: str
    is_known: bool

    @property
    def args(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """What is before a row: the list, and the query that led to it."""
        query = self.args.get(QUERY, "").strip()
        if not query or self.url == self.home:
            return [(self.name, self.url)]
        return [(self.name, self.home), (shortened(query, MOST_SHOWN), self.url)]

    def to(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page that leads back there, too."""
        if self.is_known:
            values[BACK] = self.url
        return url_for(endpoint, **values)


def find_way_back(name: str, home: str) -> WayBack:
    """Return the list at ``home`` as the address or the browser says it was seen."""
    for url in (own_path(request.args.get(BACK)), referring_path()):
        if url and urlsplit(url).path == home:
            return WayBack(name, home, url, True)
    return WayBack(name, home, home, False)


def referring_path() -> str | None:
    """Return the page of ours on which the link to this one was followed."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return None
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
