"""Addresses of a list: the same view with one thing changed."""

import functools
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import g, url_for
from markupsafe import Markup

from ...db.session import db
from ...history import written_change_set_id

Pairs = tuple[tuple[str, str], ...]


FILTER_PREFIX = "flt"
QUERY = "q"
# The saved view that a page was opened with; what it shows, the others say.
VIEW = "view"


def is_filter(name: str) -> bool:
    return name.startswith(FILTER_PREFIX) and "_" in name


@functools.lru_cache(maxsize=4_000)
def _encoded(name: str, value: str) -> str:
    # Left as they are, these keep a query readable.
    return urlencode(((name, value),), safe=":,/*")


@dataclass(frozen=True)
class ViewUrl:
    """A page and its parameters, without the cursor: every change starts anew."""

    endpoint: str
    pairs: Pairs

    def __str__(self) -> str:
        return self.to(self.endpoint)

    def to(self, endpoint: str, **values: Any) -> str:
        """Return the address of another page with the same parameters."""
        path = url_for(endpoint, **values) if values else page_path(endpoint)
        args = "&".join([_encoded(*pair) for pair in self._shown_pairs(endpoint)])
        return f"{path}?{args}" if args else path

    def _shown_pairs(self, endpoint: str) -> Pairs:
        """Return the parameters; all hosts are marked as such where a view may open."""
        names = [name for name, _ in self.pairs]
        opens = VIEW in names or (endpoint == "hosts.index_view" and not names)
        if not opens or QUERY in names:
            return self.pairs
        return (*self.pairs, (QUERY, ""))

    def setting(self, name: str, value: str | None) -> "ViewUrl":
        """Return the view with one parameter set, or taken away."""
        kept = tuple(pair for pair in self.pairs if pair[0] != name)
        return ViewUrl(self.endpoint, kept + (((name, value),) if value else ()))

    def adding(self, name: str, value: str) -> "ViewUrl":
        return ViewUrl(self.endpoint, (*self.pairs, (name, value)))

    def without(self, position: int) -> "ViewUrl":
        """Return the view without the parameter at this position."""
        return ViewUrl(
            self.endpoint, self.pairs[:position] + self.pairs[position + 1 :]
        )

    def only_filters(self) -> "ViewUrl":
        """Return the view with nothing but what says which rows."""
        kept = tuple(p for p in self.pairs if is_filter(p[0]) or p[0] == QUERY)
        return ViewUrl(self.endpoint, kept)

    def only(self, *names: str) -> "ViewUrl":
        """Return the view with nothing but these parameters."""
        names = (*names, VIEW)
        return ViewUrl(self.endpoint, tuple(p for p in self.pairs if p[0] in names))


def page_path(endpoint: str) -> str:
    """Return the path of a page without parameters, made once a request."""
    known: dict[str, str] = g.setdefault("page_paths", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint)
    return known[endpoint]


def row_url(endpoint: str, id_: object) -> str:
    """Return the address of a page about one row.

    All but the id is made once a request: a page has a hundred of these.
    """
    known: dict[str, str] = g.setdefault("row_urls", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint, id="")
    return f"{known[endpoint]}{id_}"


def hosts_of_change_url(change_set_id: int) -> str:
    """Return the list of the hosts that a change added or edited."""
    query = f"change:{change_set_id}"
    return str(ViewUrl("hosts.index_view", ((QUERY, query),)))


def what_next(change_set_id: int, hosts: int) -> Markup:
    """Return links to what a change did to many, and to undo it: "Show them · Undo"."""
    if not hosts:
        return undo_link(change_set_id)
    shown = Markup(' <a href="{}">{}</a>').format(
        hosts_of_change_url(change_set_id), "Show it" if hosts == 1 else "Show them"
    )
    return shown + " ·" + undo_link(change_set_id)


def undo_link(change_set_id: int | None = None) -> Markup:
    """Return a link to undo what was just written; nothing if nothing was."""
    id_ = change_set_id or written_change_set_id(db.session())
    if id_ is None:
        return Markup("")
    return Markup(' <a href="{}">Undo</a>').format(
        url_for("undo.undo_page", change_set_id=id_)
    )
