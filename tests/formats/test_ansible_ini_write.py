"""INI holds what it can, to the type; what it cannot is shown, and never run."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.formats.ansible import ini, ini_write
from hostadmin.formats.document import FileGroup, FileVars

from ..helpers.ansible import ansible_list, needs_ansible, read
from ..helpers.content import Content, content_of_hosts

TEXTS = [
    *("007", "1e3", "True", "None", "yes", "[1]", "{'a': 1}", "'x'", '"y"', "a b", ""),
    *(
        " lead",
        "trail ",
        "a#b",
        "# c",
        "; d",
        "a=b",
        "back\\slash",
        "tab\there",
        "x\ny",
    ),
    *(
        "\u2028",
        "\x85",
        "grün",
        "$HOME",
        "`id`",
        "-1",
        "0x10",
        "(1,)",
        "1_000",
        "...\\",
    ),
]
VALUES: list[Any] = [
    *TEXTS,
    *(0, -5, 1.0, 1e16, 1.5e-7, True, False, None, 10**20),
    *([], {}, ["a", 1, None, ["007"]], {"k": {"n": [True, "x'\"y"]}}),
]


def written(content: Content) -> tuple[str, list[str]]:
    notes: list[str] = []
    return "".join(ini_write.write(content, notes)), notes


def everywhere(value: Any) -> Content:
    """Return an inventory with the value at a host, a group and all hosts."""
    host = {"hostname": "h1", "groups": ["g"], "vars": {"x": value}}
    [row] = content_of_hosts([host]).hosts
    group = {"name": "g", "description": None, "vars": {"x": value}, "children": []}
    return Content({"x": value}, [group], [row], lambda g: ["h1"] if g == "g" else [])


def read_back(text: str) -> list[Any]:
    found = []
    for item in read(ini, text):
        assert not item.errors
        if isinstance(item, FileVars):
            found.append(item.vars["x"])
        elif isinstance(item, FileGroup):
            found.append(item.values["vars"]["x"])
        else:
            assert (item.values["hostname"], item.values["groups"]) == ("h1", ["g"])
            found.append(item.values["vars"]["x"])
    return found


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_keep_their_types(value):
    text, notes = written(everywhere(value))

    assert json.dumps(read_back(text)) == json.dumps([value] * 3)
    assert notes == []


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    )
)
@settings(deadline=None, max_examples=100)
def test_any_value_comes_back(value):
    text, _ = written(everywhere(value))

    assert json.dumps(read_back(text)) == json.dumps([value] * 3)


@needs_ansible
def test_ansible_reads_the_same_values(tmp_path):
    values = {f"v{number}": value for number, value in enumerate(VALUES)}
    content = everywhere("x")
    [row] = content.hosts
    row = {**row, "ip_addr": "10.0.0.1", "port": 2222, "vars": values}
    text, notes = written(
        Content(values, content.groups, [row], content.members),
    )
    path = tmp_path / "hosts.ini"
    path.write_text(text)

    found = ansible_list(path, "--export")
    assert notes == []
    expected = {**values, "ansible_host": "10.0.0.1", "ansible_port": 2222}
    assert found["_meta"]["hostvars"]["h1"] == expected
    assert found["all"]["vars"] == values


@needs_ansible
def test_what_ini_cannot_hold_is_left_out_and_shown(tmp_path):
    hosts = [
        {"hostname": name, "environment": "{{ lookup('pipe', 'id') }}"}
        for name in (
            *("plain", "with space", "web[01:03]", "db:2222", "{{ x }}", "[odd"),
            *("---", "<x", "#c", ";d", "a=b", "2001:db8::1", 'q"uo\\te', "'s", "ü"),
        )
    ]
    hosts[11]["ip_addr"] = "2001:db8::1"
    hosts[0]["vars"] = {
        "secret": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61\n"},
        "unsafe": {"deep": [{"__ansible_unsafe": "{{ x }}"}]},
        "two words": 1,
        "kept": "{{ template }}",
    }
    text, notes = written(content_of_hosts(hosts))
    path = tmp_path / "hosts.ini"
    path.write_text(text)

    found = ansible_list(path, "--export")
    kept = {"plain", "with space", "#c", ";d", "a=b", "2001:db8::1", 'q"uo\\te', "'s"}
    assert set(found["ungrouped"]["hosts"]) == kept | {"ü"}
    assert found["_meta"]["hostvars"] == {"plain": {"kept": "{{ template }}"}}
    assert "lookup" not in text
    said = "\n".join(notes)
    assert "as a template were left out: “{{ x }}”" in said
    assert "“web[01:03]”, “db:2222”" in said
    assert "Left out: 11 values that must not be run as a template" in said
    assert "Left out: 1 variable with a name or value that INI cannot write" in said


@needs_ansible
def test_groups_nest_and_odd_names_of_groups_are_replaced(tmp_path):
    names = ["web-tier", "a b", "x:y", "p]", "[q", "#r", "empty", "größe"]
    groups = [
        {"name": name, "description": None, "vars": {}, "children": []}
        for name in names
    ]
    groups[0]["children"] = names[1:]
    [row] = content_of_hosts([{"hostname": "h"}]).hosts
    content = Content({}, groups, [row], lambda name: [] if name == "empty" else ["h"])
    text, notes = written(content)
    path = tmp_path / "hosts.ini"
    path.write_text(text)

    found = ansible_list(path)
    children = set(found["web-tier"]["children"])
    assert children == {"a_b", "x_y", "p_", "_q", "_r", "empty", "größe"}
    assert [note for note in notes if "were replaced" in note]
