"""Our own JSON and JSON Lines: everything goes out and comes in again."""

import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from hostadmin.errors import InvalidFile
from hostadmin.formats import json_own
from hostadmin.formats.document import FileGroup, FileVars, Item
from hostadmin.formats.json_stream import MAX_RECORD
from hostadmin.formats.rows import Row

from ..helpers.ansible import content_of
from ..helpers.content import Content
from ..helpers.random_contents import as_stated, canonical, contents

Read = Callable[[str, Iterable[str], list[str]], Iterator[Item]]


@given(contents())
@settings(max_examples=50, deadline=None)
@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("write", "read"),
    [(json_own.write, json_own.read), (json_own.write_lines, json_own.read_lines)],
    ids=["json", "jsonl"],
)
def test_what_is_written_reads_back_the_same(
    write: Callable[[Content, list[str]], Iterator[str]],
    read: Read,
    step: int,
    content: Content,
) -> None:
    notes: list[str] = []
    text = "".join(write(content, notes))
    pieces = [text[place : place + step] for place in range(0, len(text), step)]

    items = list(read("FILE", pieces, notes))

    assert canonical(as_stated(content_of(items))) == canonical(as_stated(content))
    assert notes == []


def test_what_people_write_is_read_too() -> None:
    text = (
        '[{"hostname": "a", "port": 22, "notes": null, "id": 5},\n\n{"ip_addr": "::1"}]'
    )

    assert list(json_own.read("FILE", [text], [])) == [
        Row(1, {"hostname": "a", "port": 22}),
        Row(3, {"ip_addr": "::1"}),
    ]

    lines = '\ufeff{"hostname": "a"}\r\n\r\n{"name": "g", "children": ["h"]}'
    assert list(json_own.read_lines("FILE", [lines], [])) == [
        Row(1, {"hostname": "a"}),
        FileGroup(3, "g", {"children": ["h"]}),
    ]
    header = '{"hostadmin": 1, "vars": {"a": 1}}'
    assert list(json_own.read_lines("FILE", [header], [])) == [FileVars(1, {"a": 1})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "has no hosts"),
        ("", "“{” is missing"),
        ('{"hostadmin": 2}', "only version 1 can be read"),
        ('{"hosts": [],\n"hosts": []}', "line 2: the name “hosts” appears twice"),
        ('{"foo": 1}', "“foo” is not part of an inventory"),
        ('{"hosts": {}}', "“[” is missing"),
        (
            '{"hosts": [\n{"a": 1}\n{"a": 1}]}',
            "line 3 is not valid JSON: “,” is missing",
        ),
        ('{"hosts": [\n{"a": 1},\n{"a" 1}]}', "line 3 is not valid JSON"),
        ('{"hosts": [] ', "“,” is missing"),
        ('{"hosts": []} []', "has text after the end"),
        ('{"hosts": ["a', "is not valid JSON"),
        ("[" + "[" * 100_000, "nested too deep"),
        ("[" + '{"a":' * 100_000, "nested too deep"),
        ("[" + "1" * 5000 + "]", "thousands of digits"),
        ('["' + "x" * (MAX_RECORD + 10), "a record has over"),
        ("{1: 2}", "names must be in quotes"),
    ],
)
def test_what_is_no_such_document_is_refused(text: str, message: str) -> None:
    started = time.monotonic()

    with pytest.raises(InvalidFile, match=re.escape(message)):
        list(json_own.read("FILE", [text], []))

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"hostname": "a", "hostname": "b"}',
            "the name “hostname” appears twice",
        ),
        ('{"hostname": "a", "vars": {"x": 1, "x": 1}}', "the name “x” appears twice"),
        ('{"hostname": "a"', "is not valid JSON"),
        ('{"hostname": "a"} {}', "more than one value"),
        ("5", "“5” is not an object"),
        ("[" * 100_000, "nested too deep"),
        ('{"port": ' + "1" * 5000 + "}", "thousands of digits"),
    ],
)
def test_a_bad_line_among_good_ones_is_named(line: str, message: str) -> None:
    good = '{"hostname": "x"}'
    items = list(json_own.read_lines("FILE", [f"{good}\n{line}\n{good}\n"], []))

    assert [item.line for item in items] == [1, 2, 3]
    assert [bool(item.errors) for item in items] == [False, True, False]
    assert message in items[1].errors[0].message


def test_a_line_without_end_is_refused() -> None:
    pieces = ("x" * 100_000 for _ in range(1000))

    with pytest.raises(InvalidFile, match="a line has over"):
        list(json_own.read_lines("FILE", pieces, []))


def test_groups_need_a_name_and_variables_are_a_mapping() -> None:
    text = '{"vars": [], "groups": [{"vars": {}}], "hosts": [5]}'
    items = list(json_own.read("FILE", [text], []))

    assert [str(item.errors[0].field) for item in items] == ["vars", "name", "row"]


@pytest.mark.parametrize("read", [json_own.read, json_own.read_lines])
def test_memory_stays_flat(read: Read) -> None:
    record = json.dumps({"hostname": "h" * 50, "vars": {"a": ["b"] * 20}})
    is_json = read is json_own.read

    def pieces() -> Iterator[str]:
        yield '{"hosts": [\n' if is_json else ""
        for _ in range(30_000):
            yield f"{record},\n" if is_json else f"{record}\n"
        yield f"{record}]}}" if is_json else record

    tracemalloc.start()
    try:
        count = sum(1 for _ in read("FILE", pieces(), []))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 30_001
    assert peak < 4 * 1024**2


def test_every_field_is_written() -> None:
    row: dict[str, Any] = {"hostname": "a", "port": None, "vars": {"x": 1.0}}
    group: dict[str, Any] = {"name": "g", "vars": {}, "children": []}
    content = Content({}, [group], [row], lambda name: [])

    found = json.loads("".join(json_own.write(content, [])))

    assert list(found) == ["hostadmin", "vars", "groups", "hosts"]
    assert list(found["groups"][0]) == ["name", "description", "children", "vars"]
    assert len(found["hosts"][0]) == 14
