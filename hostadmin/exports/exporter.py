"""The inventory as a file in any format: streamed, as of one moment, memory flat."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..formats import (
    hosts_file_write,
    json_own,
    markdown,
    prometheus,
    ssh_config_write,
    xlsx_write,
)
from ..formats.ansible import ini_write as ansible_ini_write
from ..formats.ansible import json as ansible_json
from ..formats.ansible import yaml_write as ansible_yaml_write
from ..formats.ansible.names import read_safe
from ..formats.csv_table import write as csv_write
from ..formats.rows import Column
from ..formatting import counted
from ..inventory.hints import find_hints
from ..inventory.list_hosts import DEFAULT_SORT, SORTS
from ..keyset.cursors import Sort
from ..query.ast import Node
from ..query.sql.compiler import select_ids
from .snapshot import snapshot

CHUNK = 64 * 1024

# Reads what somebody wrote for an option. Raises ``QueryError``.
Option = Callable[[str], Any]


@dataclass(frozen=True)
class Format:
    """A way to write hosts. ``write`` adds to its notes what the file does not hold.

    A file has columns to choose, or is there as a whole; one that is for people has
    those of the list. Where a line that begins with ``comment`` says nothing, the notes
    end the file.
    """

    label: str
    mimetype: str
    suffix: str
    write: Callable[..., Iterator[str] | Iterator[bytes]]
    name: str = "hosts"
    has_columns: bool = False
    is_for_people: bool = False
    is_binary: bool = False
    comment: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)


ANSIBLE: dict[str, Option] = {"safe_group_names": read_safe}
FORMATS = {
    "csv": Format(
        *("CSV", "text/csv", ".csv", csv_write.write),
        has_columns=True,
        options={"excel": csv_write.read_excel},
    ),
    "json": Format(
        "JSON", "application/json", ".json", json_own.write, has_columns=True
    ),
    "jsonl": Format(
        *("JSON Lines", "application/jsonl", ".jsonl", json_own.write_lines),
        has_columns=True,
    ),
    "xlsx": Format(
        "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        xlsx_write.write,
        has_columns=True,
        is_binary=True,
    ),
    "markdown": Format(
        *("Markdown", "text/markdown", ".md", markdown.write),
        has_columns=True,
        is_for_people=True,
    ),
    "ansible": Format(
        *("Ansible (JSON)", "application/json", ".json"),
        *(ansible_json.write, "inventory"),
        options=ANSIBLE,
    ),
    "ansible-yaml": Format(
        *("Ansible (YAML)", "application/yaml", ".yml"),
        *(ansible_yaml_write.write, "inventory"),
        comment="#",
        options=ANSIBLE,
    ),
    "ansible-ini": Format(
        *("Ansible (INI)", "text/plain", ".ini"),
        *(ansible_ini_write.write, "inventory"),
        comment="#",
        options=ANSIBLE,
    ),
    "ssh_config": Format(
        *("ssh_config", "text/plain", ".conf", ssh_config_write.write, "ssh_config"),
        comment="#",
    ),
    "hosts": Format(
        "Hosts file", "text/plain", ".txt", hosts_file_write.write, comment="#"
    ),
    "prometheus": Format(
        *("Prometheus (http_sd)", "application/json", ".json"),
        *(prometheus.write, "targets"),
        options={"port": prometheus.read_port},
    ),
}


@dataclass(frozen=True)
class Layout:
    """How a file is written; without columns, with all that is known of a host."""

    columns: Sequence[Column] | None = None
    sort: Sort = SORTS[DEFAULT_SORT]
    options: Mapping[str, Any] = field(default_factory=dict)


USUAL = Layout()


def export(
    session: orm.Session,
    format: Format,
    node: Node,
    notes: list[str],
    layout: Layout = USUAL,
) -> Iterator[str | bytes]:
    """Return a file in pieces; ``notes`` gets, at the end, what to tell.

    It is read on a connection of its own, so what the session has not committed is
    not there. A query that makes no sense is refused here: raises ``QueryError``.
    """
    select_ids(session, node)
    return _pieces(session.get_bind().engine, format, node, notes, layout)


def _pieces(
    engine: sa.Engine, format: Format, node: Node, notes: list[str], layout: Layout
) -> Iterator[str | bytes]:
    with snapshot(engine, node, layout.sort, layout.columns) as source:
        yield from format.write(source, notes, **layout.options)
        if source.unread:
            notes.append(
                f"Left out: {counted(source.unread, 'value')} in variables that JSON "
                "cannot hold."
            )
        is_empty = source.is_empty
    if is_empty:
        with orm.Session(engine) as session:
            hints = [hint.sentence for hint in find_hints(session, node)]
        notes += [f"No host matches; {hint}" for hint in hints]
    if format.comment:
        yield from (f"{format.comment} Note: {note}\n" for note in notes)


def encoded(pieces: Iterable[str | bytes]) -> Generator[bytes]:
    """Yield a text as UTF-8: the first piece at once, then many together.

    What is no text is passed on.

    Half of a surrogate pair, which no way in takes, becomes the escape that JSON has
    for it.
    """
    waiting: list[str] = []
    size = CHUNK
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        waiting.append(piece)
        size += len(piece)
        if size > CHUNK:
            yield "".join(waiting).encode(errors="backslashreplace")
            waiting, size = [], 0
    yield "".join(waiting).encode(errors="backslashreplace")
