"""Writes a table in Markdown, for tickets and wikis: nothing in a cell is markup."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .document import Source
from .rows import WHOLE, plain_text

# An underscore inside of a word marks nothing.
_SIGNS = re.compile(r"[\\`*\[\]#~|$]|(?<!\w)_|_(?!\w)")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def write(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield a line a host, below the labels of the columns."""
    columns = WHOLE if content.columns is None else content.columns
    yield _line(column.label for column in columns)
    yield _line("---" for _ in columns).replace("\\", "")
    for row in content.hosts:
        yield _line(_text(column.value(row)) for column in columns)


def _text(value: Any) -> str:
    return ", ".join(value) if _is_names(value) else plain_text(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |\n"


def _escaped(text: str) -> str:
    for sign, entity in _ENTITIES:
        text = text.replace(sign, entity)
    text = _SIGNS.sub(r"\\\g<0>", text)
    return "<br>".join(" ".join(line.split()) for line in text.splitlines())
