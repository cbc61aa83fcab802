"""Our own JSON and JSON Lines: every field of every host and group, types kept.

In JSON Lines a record with ``hostadmin`` is the header, one with ``name`` is a group,
any other is a host. JSON has them under ``groups`` and ``hosts``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from json.encoder import encode_basestring
from typing import Any

from ..errors import FieldError, InvalidFile, InvalidValue
from ..validation.rules import GROUP_RULES
from ..validation.values import quoted
from .document import FileGroup, FileVars, Item, Source, lines_of, some
from .json_stream import MAX_RECORD, Decoder, Stream, in_words, twice
from .rows import ADDED_TO, COLUMNS, ROW, Column, Row, plain_text

VERSION = 1
_KINDS = ("groups", "hosts")
# Kept by the inventory itself; what other exports say of it is not read.
_OURS = {"id", "version", "created_at", "updated_at", "confirmed_at"}

# ---- reading


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield what a JSON document states, given as text in pieces.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    stream = Stream(name, pieces)
    if stream.peek() == "[":
        yield from _records(stream, "hosts")
    else:
        yield from _document(name, stream)
    if stream.peek():
        raise stream.refused("has text after the end of the JSON.")


def _document(name: str, stream: Stream) -> Iterator[Item]:
    seen: set[str] = set()
    for key in stream.names():
        if key in seen:
            raise stream.refused(twice([key]))
        seen.add(key)
        if key in _KINDS:
            yield from _records(stream, key)
        elif key == "vars":
            yield _file_vars(stream.line, stream.value(), stream.doubles())
        elif key == "hostadmin":
            _check_version(name, stream.value())
        else:
            raise stream.refused(
                f"{quoted(key)} is not part of an inventory. Use hostadmin, vars, "
                "groups and hosts."
            )
    if not seen:
        raise InvalidFile(f"{name}: has no hosts.")


def _records(stream: Stream, kind: str) -> Iterator[Item]:
    for number, (line, record) in enumerate(stream.items()):
        if not number and kind == "hosts" and _is_foreign(record):
            raise stream.refused(
                f"the records have the fields {some(list(record))}, but no hostname. "
                "JSON from hostadmin, AWX and NetBox can be imported; from other "
                "programs, export a table (CSV)."
            )
        yield _item(line, record, stream.doubles(), kind)


def _is_foreign(record: Any) -> bool:
    """Whether a record is that of another program, be it of a host."""
    if not isinstance(record, dict) or {"hostname", "ip_addr"} & record.keys():
        return False
    return len(record.keys() - set(COLUMNS) - _OURS) > 1


def read_lines(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield what JSON Lines state, given as text in pieces.

    Raises ``InvalidFile``, perhaps only in the middle. ``notes`` gets what to tell.
    """
    decoder = Decoder()
    for number, line in enumerate(lines_of(name, pieces, MAX_RECORD), start=1):
        text = line.strip("\ufeff \t\r\n")
        if not text:
            continue
        try:
            record, end = decoder.value_at(text, 0)
            if end < len(text):
                raise InvalidValue("has more than one value; write one per line.")
        except ValueError as error:
            yield _bad(number, in_words(error))
        except InvalidValue as error:
            yield _bad(number, str(error))
        else:
            yield from _line_item(name, number, record, decoder.doubles())
            continue
        decoder.doubles()


def _bad(line: int, message: str) -> Row:
    return Row(line, {}, (FieldError(ROW, message),))


def _line_item(name: str, line: int, record: Any, doubles: list[str]) -> Iterator[Item]:
    if isinstance(record, dict) and "hostadmin" in record:
        _check_version(name, record["hostadmin"])
        if record.get("vars"):
            yield _file_vars(line, record["vars"], doubles)
        return
    is_group = isinstance(record, dict) and "name" in record
    yield _item(line, record, doubles, "groups" if is_group else "hosts")


def _check_version(name: str, version: Any) -> None:
    if version != VERSION or isinstance(version, bool):
        raise InvalidFile(
            f"{name}: has version {quoted(version)} of this format; only version "
            f"{VERSION} can be read."
        )


def _file_vars(line: int, given: Any, doubles: list[str]) -> FileVars:
    errors = [FieldError("vars", twice(doubles))] if doubles else []
    if given is None:
        given = {}
    if not isinstance(given, dict):
        errors.append(FieldError("vars", "must be a mapping of names to values."))
        given = {}
    return FileVars(line, given, tuple(errors))


def _item(line: int, record: Any, doubles: list[str], kind: str) -> Item:
    if not isinstance(record, dict):
        return _bad(line, f"{quoted(record)} is not an object with fields.")
    errors = (FieldError(ROW, twice(doubles)),) if doubles else ()
    # Nothing is stated by null and by what is empty, as by an empty cell.
    values = {
        field: value
        for field, value in record.items()
        if not (value is None or value in ("", [], {}) or field in _OURS)
    }
    if kind == "hosts":
        return Row(line, values, errors)
    name = values.pop("name", None)
    if isinstance(name, str):
        return FileGroup(line, name, values, errors)
    missing = FieldError("name", "is missing; every group needs a name.")
    return FileGroup(line, "", values, (*errors, missing))


# ---- writing


def write(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield a JSON document, a record a line."""
    if content.columns is not None:
        yield f'{{"hostadmin": {VERSION},\n"hosts": ['
        yield from _joined(_chosen(content.hosts, content.columns))
        yield "]}\n"
        return
    yield f'{{"hostadmin": {VERSION},\n"vars": {_text(content.vars)},\n"groups": ['
    yield from _joined(map(_group_text, content.groups))
    yield '],\n"hosts": ['
    yield from _joined(map(",\n".join, _host_texts(content)))
    yield "]}\n"


def write_lines(content: Source, notes: list[str]) -> Iterator[str]:
    """Yield JSON Lines: the header, the groups, the hosts."""
    if content.columns is not None:
        yield from (f"{t}\n" for t in _chosen(content.hosts, content.columns))
        return
    header = {"hostadmin": VERSION, "vars": content.vars}
    for record in (header, *map(_group, content.groups)):
        yield f"{_text(record)}\n"
    yield from (f"{text}\n" for text in map("\n".join, _host_texts(content)))


def _chosen(
    hosts: Iterable[Mapping[str, Any]], columns: Sequence[Column]
) -> Iterator[str]:
    return (_text(chosen(row, columns)) for row in hosts)


def chosen(row: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """Return the chosen fields of a host; its variables are where they always are.

    A variable that a host does not have is left out: null is a value.
    """
    record: dict[str, Any] = {}
    for column in columns:
        value = column.value(row)
        [*above, last] = column.path
        if isinstance(value, datetime):
            value = plain_text(value)
        if value is not None or not above:
            inside = record
            for name in above:
                inside = inside.setdefault(name, {})
            inside[last] = value
    return record


def _joined(records: Iterable[str]) -> Iterator[str]:
    mark = "\n"
    for record in records:
        yield f"{mark}{record}"
        mark = ",\n"


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {field: group.get(field) for field in GROUP_RULES}


def _group_text(group: Mapping[str, Any]) -> str:
    return _text(_group(group))


def _host_texts(content: Source) -> Iterator[Iterable[str]]:
    """Yield the records of hosts in batches.

    Field by field they take a third of the time that an encoder takes for each host.
    """
    for columns in content.host_columns:
        parts: list[Iterable[str]] = []
        for start, name in _STARTS:
            parts += repeat(start), _texts(name, columns[name])
        yield map("".join, zip(*parts, repeat("}"), strict=False))


def _texts(name: str, values: Sequence[Any]) -> Sequence[str]:
    if name == "vars":
        return values
    if name in ADDED_TO:
        return [f"[{', '.join(map(_quoted, v))}]" if v else "[]" for v in values]
    if name == "port":
        return ["null" if v is None else str(v) for v in values]
    return ["null" if v is None else _quoted(v) for v in values]


# What is in front of each field of a host.
_STARTS = [
    (f'{", " if place else "{"}"{name}": ', name) for place, name in enumerate(COLUMNS)
]
_quoted = encode_basestring
_text = json.JSONEncoder(ensure_ascii=False).encode
