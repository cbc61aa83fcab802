"""The inventory as a file in any format: streamed, as of one moment, memory flat."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import QueryError
from ..formats import hosts_file_write, json_own, prometheus, ssh_config_write
from ..formats.ansible import ini_write as ansible_ini_write
from ..formats.ansible import json as ansible_json
from ..formats.ansible import yaml_write as ansible_yaml_write
from ..formats.csv_table import write as csv_write
from ..query.ast import Node
from ..query.sql.compiler import select_ids
from ..validation.values import quoted
from .snapshot import snapshot

CHUNK = 64 * 1024

# Reads what somebody wrote for an option. Raises ``QueryError``.
Option = Callable[[str], Any]


@dataclass(frozen=True)
class Format:
    """A way to write hosts. ``write`` adds to its notes what the file does not hold.

    Where a line that begins with ``comment`` says nothing, the notes end the file.
    """

    label: str
    mimetype: str
    suffix: str
    write: Callable[..., Iterator[str]]
    name: str = "hosts"
    comment: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)


FORMATS = {
    "csv": Format("CSV", "text/csv", ".csv", csv_write.write),
    "json": Format("JSON", "application/json", ".json", json_own.write),
    "jsonl": Format("JSON Lines", "application/jsonl", ".jsonl", json_own.write_lines),
    "ansible": Format(
        "Ansible (JSON)", "application/json", ".json", ansible_json.write, "inventory"
    ),
    "ansible-yaml": Format(
        *("Ansible (YAML)", "application/yaml", ".yml"),
        *(ansible_yaml_write.write, "inventory", "#"),
    ),
    "ansible-ini": Format(
        "Ansible (INI)", "text/plain", ".ini", ansible_ini_write.write, "inventory", "#"
    ),
    "ssh_config": Format(
        "ssh_config", "text/plain", ".conf", ssh_config_write.write, "ssh_config", "#"
    ),
    "hosts": Format(
        "Hosts file", "text/plain", ".txt", hosts_file_write.write, "hosts", "#"
    ),
    "prometheus": Format(
        *("Prometheus (http_sd)", "application/json", ".json"),
        *(prometheus.write, "targets"),
        options={"port": prometheus.read_port},
    ),
}


def export(
    session: orm.Session,
    format: Format,
    node: Node,
    notes: list[str],
    options: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """Return the text of a file in pieces; ``notes`` gets, at the end, what to tell.

    It is read on a connection of its own, so what the session has not committed is
    not there. A query or an option that makes no sense is refused here: raises
    ``QueryError``.
    """
    given = dict(_read_option(format, *option) for option in options.items())
    select_ids(session, node)
    return _pieces(session.get_bind().engine, format, node, notes, given)


def _read_option(format: Format, name: str, text: str) -> tuple[str, Any]:
    if name not in format.options:
        raise QueryError(f"{format.label} takes no {quoted(name)}.")
    return name, format.options[name](text)


def _pieces(
    engine: sa.Engine,
    format: Format,
    node: Node,
    notes: list[str],
    options: Mapping[str, Any],
) -> Iterator[str]:
    with snapshot(engine, node) as source:
        yield from format.write(source, notes, **options)
        if source.unread:
            notes.append(
                f"{source.unread:,} values in variables were left out: they are no "
                "JSON, or numbers that JSON cannot hold."
            )
    if format.comment:
        yield from (f"{format.comment} Note: {note}\n" for note in notes)


def encoded(pieces: Iterable[str]) -> Generator[bytes]:
    """Yield a text as UTF-8: the first piece at once, then many together.

    Half of a surrogate pair, which no way in takes, becomes the escape that JSON has
    for it.
    """
    waiting: list[str] = []
    size = CHUNK
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > CHUNK:
            yield "".join(waiting).encode(errors="backslashreplace")
            waiting, size = [], 0
    yield "".join(waiting).encode(errors="backslashreplace")
