"""What a format writes, held in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hostadmin.formats.rows import COLUMNS, Column
from hostadmin.validation.json_values import json_text


@dataclass(frozen=True)
class Content:
    """A ``Source`` that is in memory."""

    vars: Mapping[str, Any]
    groups: Sequence[Mapping[str, Any]]
    hosts: Iterable[Mapping[str, Any]]
    members: Callable[[str | None], Iterable[str]]
    columns: Sequence[Column] | None = None

    @property
    def host_columns(self) -> Iterator[Mapping[str, Sequence[Any]]]:
        for host in self.hosts:
            texts = {"vars": json_text(host.get("vars") or {})}
            row = {**dict.fromkeys(COLUMNS), **host, **texts}
            yield {name: [value] for name, value in row.items()}


def content_of_hosts(hosts: Iterable[Mapping[str, Any]]) -> Content:
    """Return an inventory of nothing but these; what they leave out is not set."""
    empty: dict[str, Any] = {**dict.fromkeys(COLUMNS), "status": "active", "vars": {}}
    lists: dict[str, Any] = {"aliases": (), "addresses": (), "groups": ()}
    rows = [{**empty, **lists, **host} for host in hosts]
    return Content({}, [], rows, lambda _group: [row["hostname"] for row in rows])
