"""The pieces of Ansible's layouts: words, patterns, fields, names, and which it is."""

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import InvalidValue
from hostadmin.formats import detect
from hostadmin.formats.ansible.fields import host_fields, host_variables
from hostadmin.formats.ansible.names import expand, readable_group_names, words


@given(st.text(alphabet="ab \t'\"\\#=\u00e4", max_size=12))
@settings(max_examples=300, deadline=None)
def test_words_are_those_of_shlex(line: str) -> None:
    try:
        expected = shlex.split(line, comments=True)
    except ValueError:
        with pytest.raises(InvalidValue):
            words(line)
    else:
        assert words(line) == expected


@pytest.mark.parametrize(
    ("pattern", "names", "port"),
    [
        ("web", ["web"], None),
        ("web:22", ["web"], 22),
        ("web:0", ["web"], None),
        ("web-:22", ["web-:22"], None),
        ("a b:22", ["a b:22"], None),
        ("2001:db8::1", ["2001:db8::1"], None),
        ("[2001:db8::1]:22", ["2001:db8::1"], 22),
        ("[fe80::1%eth0]:22", [], None),
        ("w[1:3]", ["w1", "w2", "w3"], None),
        ("w[:2]", ["w0", "w1", "w2"], None),
        ("w[08:10]:22", ["w08", "w09", "w10"], 22),
        ("w[a:c][1:2]", ["wa1", "wa2", "wb1", "wb2", "wc1", "wc2"], None),
        ("w[Y:b]", [], None),
        ("w[1:9:4]", ["w1", "w5", "w9"], None),
        ("w[a:e:2]", ["wa", "wc", "we"], None),
        ("w[9:1]", [], None),
        ("w[1:]", [], None),
        ("w[1]", [], None),
        ("w[1:2", [], None),
        ("w]1:2[", [], None),
        ("w[1:2:0]", [], None),
        ("w[01:100]", [], None),
        ("w[a:5]", [], None),
        ("w[1:999999999]", [], None),
        ("w[1:1000][1:1000]", [], None),
        ("w[1:99999999999999999999]", [], None),
        ("w[1:2]|", [], None),
        ("", [], None),
    ],
)
def test_a_pattern_stands_for_names(
    pattern: str, names: list[str], port: int | None
) -> None:
    if names:
        assert expand(pattern) == (names, port)
    else:
        with pytest.raises(InvalidValue):
            expand(pattern)


@pytest.mark.parametrize(
    ("name", "variables", "fields"),
    [
        ("w", {"ansible_host": "10.0.0.1"}, {"ip_addr": "10.0.0.1"}),
        ("w", {"ansible_host": "None"}, {"vars": {"ansible_host": "None"}}),
        ("w", {"ansible_port": 22}, {"port": 22}),
        ("w", {"ansible_port": "22"}, {"vars": {"ansible_port": "22"}}),
        ("w", {"ansible_port": True}, {"vars": {"ansible_port": True}}),
        ("10.0.0.1", {}, {"ip_addr": "10.0.0.1"}),
        (
            "10.0.0.1",
            {"ansible_host": "10.0.0.1"},
            {"ip_addr": "10.0.0.1", "vars": {"ansible_host": "10.0.0.1"}},
        ),
        (
            "10.0.0.1",
            {"ansible_host": "w.example"},
            {"ip_addr": "10.0.0.1", "vars": {"ansible_host": "w.example"}},
        ),
        (
            "w",
            {"ansible_host": "2001:DB8::1"},
            {"ip_addr": "2001:db8::1", "vars": {"ansible_host": "2001:DB8::1"}},
        ),
        ("w", {"hostadmin_status": "retired"}, {"status": "retired"}),
        ("w", {"hostadmin_notes": {"__ansible_unsafe": "{{"}}, {"notes": "{{"}),
    ],
)
def test_variables_become_fields_and_variables_again(
    name: str, variables: dict[str, Any], fields: dict[str, Any]
) -> None:
    row = {"hostname": name, **fields}

    assert host_fields(name, variables) == row
    assert host_variables(row) == variables


def test_names_of_groups_stay_where_ansible_can_read_them() -> None:
    notes: list[str] = []

    same = ["env-prod", "env_prod", "1st", "größe", "a b", "plugin"]
    names = [*same, "_meta", "{{ x }}", "__ x __"]
    safe = readable_group_names(names, ("_meta",), notes)

    assert safe == {
        **{name: name for name in same},
        "_meta": "_meta_2",
        "__ x __": "__ x __",
        "{{ x }}": "__ x ___2",
    }
    assert notes == [
        "Group names that Ansible cannot read were replaced: "
        "“_meta → _meta_2”, “{{ x }} → __ x ___2”."
    ]


def test_names_of_groups_are_what_ansible_would_make_of_them() -> None:
    notes: list[str] = []

    names = ["web-tier", "web_tier", "1st", "größe", "a b", "plain"]
    safe = readable_group_names(names, (), notes, safe_group_names=True)

    assert safe == {
        "web-tier": "web_tier_2",
        "web_tier": "web_tier",
        "1st": "_st",
        "größe": "größe",
        "a b": "a_b",
        "plain": "plain",
    }
    assert "“web-tier → web_tier_2”" in notes[0]


@pytest.mark.parametrize(
    ("head", "format"),
    [
        ("hostname,ip_addr\na,1.2.3.4\n", "csv"),
        ("name\nweb1\n", "csv"),
        ("Name;IP\n", "csv"),
        ('#TYPE x\n\n"a","b"\n', "csv"),
        ("Dear all,\nplease find\n", "csv"),
        ("[web]\nweb1\n", "ansible-ini"),
        ("# c\n\n[web:children]\nx\n", "ansible-ini"),
        ("web1 ansible_host=1.2.3.4 x='a,b'\n", "ansible-ini"),
        ("web1\nweb2\n", "ansible-ini"),
        ("web1 # first\nweb2 a='b c' # x\nweb3\n", "ansible-ini"),
        ("web1\nDear all, a=b\nweb2\n", "csv"),
        ("[web servers]\nweb1\n", "ansible-ini"),
        ("[ web ] # x\nweb1\n", "ansible-ini"),
        ("10.0.0.1\n[web]\nx\n", "ansible-ini"),
        ("[2001:db8::1]:22\n", "ansible-ini"),
        ("---\nall:\n", "ansible-yaml"),
        ("all:\n  hosts:\n", "ansible-yaml"),
        ("all: {hosts: {a: , b: }}\n", "ansible-yaml"),
        ("'all':\n", "ansible-yaml"),
        ("- hosts: all\n", "ansible-yaml"),
        ("{all: {hosts: {a: }}}\n", "ansible-yaml"),
        ('{\n    "_meta": {\n', "ansible-json"),
        ('{"all": {"hosts": ["a"]}}', "ansible-json"),
        ('{"hostadmin": 1,\n"vars": {},\n', "json"),
        ('{"hostadmin": 1, "groups": [], "hosts": []}', "json"),
        ('[\n{"hostname": "a"}]', "json"),
        ("[]", "json"),
        ('{"hostadmin": 1, "vars": {}}\n{"hostname": "a"}\n', "jsonl"),
        ('{"hostname": "a"}\n{"hostname": "b"}\n', "jsonl"),
        ('{"hostname": "a"}', "jsonl"),
        ("", "csv"),
    ],
)
def test_the_format_shows_in_the_first_lines(head: str, format: str) -> None:
    assert detect.detect(head) == format
