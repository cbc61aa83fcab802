"""What a format writes, held in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hostadmin.validation.json_values import json_text


@dataclass(frozen=True)
class Content:
    """A ``Source`` that is in memory."""

    vars: Mapping[str, Any]
    groups: Sequence[Mapping[str, Any]]
    hosts: Iterable[Mapping[str, Any]]
    members: Callable[[str | None], Iterable[str]]

    @property
    def host_texts(self) -> Iterator[Mapping[str, Any]]:
        for host in self.hosts:
            yield {**host, "vars": json_text(host.get("vars") or {})}
