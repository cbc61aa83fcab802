"""Inventories of Ansible that are none, or bad in places: refused in words."""

import re
import time
from types import ModuleType

import pytest

from hostadmin.errors import InvalidFile
from hostadmin.formats.ansible import (
    ini as ansible_ini,
)
from hostadmin.formats.ansible import (
    json as ansible_json,
)
from hostadmin.formats.ansible import (
    yaml_read as ansible_yaml,
)
from hostadmin.formats.rows import Row

from ..helpers.ansible import errors_of, read


@pytest.mark.parametrize(
    ("module", "text", "message"),
    [
        (ansible_ini, "[web:hots]\na", "line 1: [web:hots] is not a section"),
        # Looked at in a moment, however long it is.
        (ansible_ini, f"[{' ' * 500_000}]", f"line 1: “[{' ' * 59}…” is not a section"),
        (ansible_ini, "[web\na", "line 1: “[web” has no closing bracket; write [web]."),
        (
            ansible_ini,
            "a\n[2001:db8::1]",
            "line 2: “[2001:db8::1]” is not a section. Write",
        ),
        (ansible_ini, "a\n[b:vars # x", "bracket; write [b:vars]."),
        (ansible_ini, "a\n[\nb", "line 2: “[” has no closing bracket; write [group]"),
        (ansible_ini, "a\n[b] ; c", "line 2: “[b] ; c” has text after the section"),
        (
            ansible_ini,
            "a\n[web servers]\nb",
            "line 2: “[web servers]” is not a section",
        ),
        (ansible_yaml, "foo: bar", "is not an Ansible inventory"),
        (ansible_yaml, "services: {web: {image: x}}", "is not an Ansible inventory"),
        (ansible_yaml, "- hosts: all", "is not an Ansible inventory"),
        (ansible_yaml, "plugin: aws_ec2", "ansible-inventory -i FILE --list --export"),
        (ansible_yaml, "a: !!python/object:os.system {}", "line 1: the tag"),
        (ansible_yaml, "a: {b: !!python/name:os.system ''}", "line 1: the tag"),
        (ansible_yaml, "all:\n\thosts:", "line 2"),
        (ansible_yaml, "all: {hosts: {a: {b: {{ c }}}}}", "line 1: a name cannot be"),
        (ansible_yaml, "a: &x [*x]", "line 1: *x would be inside itself"),
        (ansible_yaml, "a: *x", "line 1: *x has no anchor above it"),
        (ansible_yaml, "all:\n---\nall:", "line 2: a second document"),
        (
            ansible_yaml,
            "a: 2024-13-45",
            "line 1: “2024-13-45” is not a valid timestamp",
        ),
        (ansible_yaml, "[" * 100_000, "nested more than 200 levels deep"),
        (ansible_yaml, "{a: " * 100_000, "nested more than 200 levels deep"),
        (ansible_yaml, "- " * 100_000, "nested more than 200 levels deep"),
        (ansible_yaml, "? " * 100_000, "nested more than 200 levels deep"),
        (ansible_json, '{"a": [' + "[]," * 6_000_000, "over 5,000,000 values"),
        (ansible_yaml, "a: \x00", "invisible"),
        (ansible_json, "[" * 100_000, "nested too deep"),
        (ansible_json, '{"a":' * 100_000, "nested too deep"),
        (ansible_json, '{"a": {"hosts": []}, "a": {}}', "appears twice"),
        (ansible_json, '{"a": ', "line 1 is not valid JSON"),
        (ansible_json, '{"a": {"hosts": []}} x', "line 1 has text after the end"),
        (ansible_json, '{"a": 1e', "is not valid JSON"),
        (ansible_json, '{"a": ' + "1" * 5000 + "}", "thousands of digits"),
        (ansible_json, "[]", "is JSON, but not an Ansible inventory"),
        (
            ansible_json,
            '{"name": "x", "version": {"a": 1}}',
            "not an Ansible inventory",
        ),
        (ansible_json, '{"_meta": [], "a": []}', "“_meta” needs an object"),
    ],
)
def test_what_is_no_inventory_is_refused_with_words(
    module: ModuleType, text: str, message: str
) -> None:
    started = time.monotonic()

    with pytest.raises(InvalidFile, match=re.escape(message)) as caught:
        read(module, text)

    assert str(caught.value).startswith("FILE: ")
    assert time.monotonic() - started < 5


BOMBS = {
    "aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + "\n".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)
    ),
    "merges": "a0: &a0 {x: 1}\n"
    + "\n".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)
    ),
    "groups": "a0: &a0 {hosts: {x: }}\n"
    + "\n".join(
        f"a{n}: &a{n} {{children: {{"
        + ", ".join(f"b{n}x{m}: *a{n - 1}" for m in range(10))
        + "}}"
        for n in range(1, 12)
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_of_aliases_is_refused_at_once(bomb: str) -> None:
    started = time.monotonic()

    with pytest.raises(InvalidFile, match="values up to here"):
        read(ansible_yaml, bomb)

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("module", "text", "errors"),
    [
        (ansible_ini, "good\na b\nc", ["2 row has “b” after the name"]),
        (ansible_ini, 'a x="b\nc', ["1 row has an open quotation mark"]),
        (ansible_ini, "a[5:1]\nc", ["1 row “a[5:1]” is empty"]),
        (ansible_ini, "a:\nc", ["1 row “a:” has no port after the colon"]),
        (ansible_ini, "<html>\nc", ["1 row “<html>” is not a name"]),
        (ansible_ini, "[2001:db8::1]x\n", ["1 row “[2001:db8::1]x”: write an IPv6"]),
        (ansible_ini, "[g:vars]\nx=1\n", ["1 vars line 1: no group “g”"]),
        (ansible_ini, "[g]\n[g:vars]\nx\n", ["1 vars line 3: “x” is not a variable"]),
        (
            ansible_ini,
            "[g:children]\nh\n",
            ["1 children line 2: no group “h”"],
        ),
        (
            ansible_ini,
            "[g:children]\na b\n",
            ["1 children line 2: “a b” is not a group name"],
        ),
        (
            ansible_ini,
            "[g:children]\nall\n",
            ["1 children line 2: “all” is a built-in group"],
        ),
        (
            ansible_ini,
            "[a:children]\nb\n[b:children]\na\n",
            ["3 children line 4: “a” would be inside itself: a > b > a"],
        ),
        (
            ansible_ini,
            "[a:children]\na\n",
            ["1 children line 2: “a” would be inside itself: a > a"],
        ),
        (
            ansible_yaml,
            "a: {children: {b: {children: {a: }}}, hosts: {x: }}",
            ["1 children line 1: “a” would be inside itself: a > b > a"],
        ),
        (
            ansible_yaml,
            "a: {hosts: [x, y]}",
            ["1 row line 1: “hosts” is not a mapping"],
        ),
        (ansible_yaml, "a: {vars: [x]}", ["1 vars line 1: “vars” is not a mapping"]),
        (ansible_yaml, "a: {hosts: {5: , x: }}", ["1 row “5” is not text"]),
        (ansible_yaml, "5: {hosts: {x: }}", ["1 name “5” is not text"]),
        (
            ansible_yaml,
            "a:\n  hosts:\n    x: y",
            ["3 row “y” is not a mapping of variables"],
        ),
        (ansible_yaml, "a:\n  hosts:\n    x[1]:", ["3 row “x[1]” is not a range"]),
        (
            ansible_yaml,
            "a: {children: {b: c}}",
            ["1 children line 1: “b” is not a group"],
        ),
        (
            ansible_yaml,
            "a:\n  hosts:\n    x:\n      v: 1\n      v: 2\n",
            ["3 vars “v” appears twice, in lines 4 and 5."],
        ),
        (
            ansible_yaml,
            "a: {hosts: {x: {v: {1: a, true: b}}}}",
            ["1 vars “true” (to Ansible the same as “1”) appears twice, in line"],
        ),
        (
            ansible_yaml,
            'a: {hosts: {x: {v: {1: a,\n "1": b, 2: a, "2": a}}}}',
            ["1 vars “1” appears twice, in lines 1 and 2."],
        ),
        (
            ansible_ini,
            "[ungrouped:children]\na\n[a]\n[ungrouped:vars]\nx=1",
            ["1 vars belong to a group that holds others; set them on “a”."],
        ),
        (ansible_json, '{"a": {"hosts": "x"}}', ["1 row has “x” under “hosts”"]),
        (ansible_json, '{"a": {"hosts": [5]}}', ["1 row has “5” under “hosts”"]),
        (
            ansible_json,
            '{"a": {"hosts": [], "vars": []}}',
            ["1 vars must be a mapping"],
        ),
        (
            ansible_json,
            '{"a": ["x"],\n "_meta": {"hostvars": {\n"x": 5}}}',
            ["3 vars must be a mapping"],
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    module: ModuleType, text: str, errors: list[str]
) -> None:
    found = errors_of(read(module, text))

    assert len(found) == len(errors)
    for message, expected in zip(found, errors, strict=True):
        assert message.startswith(expected)


def test_a_set_has_the_same_order_each_time() -> None:
    [host] = read(ansible_ini, "a x=\"{'b', 'a', 'c', (2,), 1}\"")

    assert isinstance(host, Row)
    assert host.values["vars"] == {"x": ["a", "b", "c", [2], 1]}


def test_a_thousand_groups_may_be_nested() -> None:
    text = "".join(f"[g{n}:children]\ng{n + 1}\n" for n in range(5000))
    items = read(ansible_ini, f"{text}[g5000]\nx")

    assert len(items) == 5002
    assert errors_of(items) == []


def test_a_range_stands_for_no_more_hosts_than_fit() -> None:
    lines = "".join(f"w{n}x[1:100000]\n" for n in range(10))

    with pytest.raises(InvalidFile, match="over 500,000 hosts"):
        read(ansible_ini, lines)


def test_what_needs_no_error_is_shown() -> None:
    notes: list[str] = []
    read(ansible_yaml, "a: {hosts: {a: }, foo: {}}\nb: c\na: {hosts: {x: }}", notes)
    assert [note.partition(":")[0] for note in notes] == [
        "Unknown, and skipped as Ansible does",
        "Duplicate keys; as in Ansible, only the last one counts",
    ]
    assert notes[1].endswith(": “a” in lines 1 and 3.")

    notes = []
    read(ansible_ini, "[a]\na", notes)
    assert notes[0].startswith("Groups with the same name as a host: “a”")
