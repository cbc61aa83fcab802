"""The inventory as a file in any format: streamed, as of one moment, memory flat."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..formats import json_own
from ..formats.ansible import json as ansible_json
from ..formats.ansible import yaml_write as ansible_yaml_write
from ..formats.csv_table import write as csv_write
from ..formats.document import Source
from ..query.ast import Node
from ..query.sql.compiler import select_ids
from .snapshot import snapshot

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Format:
    """A way to write hosts. ``write`` adds to its notes what the file does not hold."""

    label: str
    mimetype: str
    suffix: str
    write: Callable[[Source, list[str]], Iterator[str]]


FORMATS = {
    "csv": Format("CSV", "text/csv", ".csv", csv_write.write),
    "json": Format("JSON", "application/json", ".json", json_own.write),
    "jsonl": Format("JSON Lines", "application/jsonl", ".jsonl", json_own.write_lines),
    "ansible": Format(
        "Ansible (JSON)", "application/json", ".json", ansible_json.write
    ),
    "ansible-yaml": Format(
        "Ansible (YAML)", "application/yaml", ".yml", ansible_yaml_write.write
    ),
}


def export(
    session: orm.Session, format: Format, node: Node, notes: list[str]
) -> Iterator[str]:
    """Return the text of a file in pieces; ``notes`` gets, at the end, what to tell.

    It is read on a connection of its own, so what the session has not committed is
    not there. A query that makes no sense is refused here: raises ``QueryError``.
    """
    select_ids(session, node)
    return _pieces(session.get_bind().engine, format, node, notes)


def _pieces(
    engine: sa.Engine, format: Format, node: Node, notes: list[str]
) -> Iterator[str]:
    with snapshot(engine, node) as source:
        yield from format.write(source, notes)
        if source.unread:
            notes.append(
                f"{source.unread:,} values in variables were left out: they are no "
                "JSON, or numbers that JSON cannot hold."
            )


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
