"""Ansible's layouts: what we read is what Ansible reads, and what we write, too."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import InvalidFile, InvalidValue
from hostadmin.transfer.formats import (
    ansible_ini,
    ansible_json,
    ansible_yaml,
    ansible_yaml_text,
    detect,
)
from hostadmin.transfer.formats.ansible_fields import host_fields, host_variables
from hostadmin.transfer.formats.ansible_names import (
    expand,
    safe_group_names,
    words,
)
from hostadmin.transfer.formats.document import Content, FileGroup, FileVars, Item
from hostadmin.transfer.rows import Row
from hostadmin.values import clean_host

ANSIBLE_INVENTORY = Path(sys.executable).parent / "ansible-inventory"
REAL = Path(__file__).parents[2] / "shared" / "inventories"

needs_ansible = pytest.mark.skipif(
    not ANSIBLE_INVENTORY.exists(), reason="ansible-core is not installed"
)


# ---- both sides in the same shape


def ansible_list(path: Path, *args: str) -> dict[str, Any]:
    config = path.parent / "empty.cfg"
    config.touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(path.parent / "ansible"),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }
    done = subprocess.run(
        [ANSIBLE_INVENTORY, "-i", path, "--list", *args],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=path.parent,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def script(path: Path, text: str) -> Path:
    data = path.with_suffix(".data")
    data.write_text(text)
    path.write_text(f"#!/bin/sh\ncat {shlex.quote(str(data))}\n")
    path.chmod(0o755)
    return path


def read(module: ModuleType, text: str, notes: list[str] | None = None) -> list[Item]:
    return list(module.read("FILE", [text], [] if notes is None else notes))


def errors_of(items: Iterable[Item]) -> list[str]:
    return [
        f"{item.line} {error.field} {error.message}"
        for item in items
        for error in item.errors
    ]


def content_of(items: Iterable[Item]) -> Content:
    variables: dict[str, Any] = {}
    groups: list[dict[str, Any]] = []
    hosts: list[dict[str, Any]] = []
    for item in items:
        assert item.errors == ()
        if isinstance(item, FileVars):
            variables = dict(item.vars)
        elif isinstance(item, FileGroup):
            empty: dict[str, Any] = {"description": None, "vars": {}, "children": []}
            groups.append({"name": item.name, **empty, **item.values})
        else:
            hosts.append({"groups": [], "vars": {}, **item.values})

    def members(name: str | None) -> Iterator[str]:
        for host in hosts:
            if name in host["groups"] or (name is None and not host["groups"]):
                yield host["hostname"]

    return Content(variables, groups, hosts, members)


def as_exported(content: Content) -> dict[str, Any]:
    """Return what ``ansible-inventory --list --export`` says of the same."""
    return {
        "all": content.vars,
        "hosts": {row["hostname"]: host_variables(row) for row in content.hosts},
        "groups": {
            group["name"]: {
                # Ansible does not print the priority that every group has.
                "vars": {
                    name: value
                    for name, value in group["vars"].items()
                    if (name, value) != ("ansible_group_priority", 1)
                },
                "children": sorted(group["children"]),
                "hosts": sorted(content.members(group["name"])),
            }
            for group in content.groups
        },
    }


def ansible_as_exported(found: dict[str, Any]) -> dict[str, Any]:
    names = {name for group in found.values() for name in group.get("children", ())}
    names |= found.keys() - {"_meta", "all"}
    hosts = {host for group in found.values() for host in group.get("hosts", ())}
    return {
        "all": found.get("all", {}).get("vars", {}),
        "hosts": {host: found["_meta"]["hostvars"].get(host, {}) for host in hosts},
        "groups": {
            name: {
                "vars": found.get(name, {}).get("vars", {}),
                "children": sorted(found.get(name, {}).get("children", ())),
                "hosts": sorted(found.get(name, {}).get("hosts", ())),
            }
            for name in names - {"ungrouped"}
        },
    }


def effective(found: dict[str, Any]) -> dict[str, Any]:
    """Return hosts with all their variables, and who is in which group."""
    seen = ansible_as_exported(found)
    below: dict[str, set[str]] = {}

    def members(name: str) -> set[str]:
        if name not in below:
            group = seen["groups"][name]
            below[name] = set(group["hosts"])
            below[name].update(*map(members, group["children"]))
        return below[name]

    return {
        "hosts": seen["hosts"],
        "members": {
            re.sub(r"[^A-Za-z0-9_]", "_", name): members(name)
            for name in seen["groups"]
        },
    }


# ---- inventories that are hard to read

HARD_INI = r"""
# no section yet
lone a=1 bytes="b'x'"
db:2222 x='a b' y="{'k': 1, 2: (1, 2)}" z=1e3 q=007 r=0x10 s="'007'" t=None u="['a',]"
quoting one="a\"b" two='a"b' three=a\ b four="" five='' six=a"b"c seven="'it\'s'"
typing b=True c=yes d=1_000 e=-5 f=1.50 g="1 + 1" h="{1, 2}" j=... k=1j l="\d"
odd =empty m== n="a=b" o=[1,2] p={} w=None1 v='"5"'
[2001:db8::1]:22 k=1
2001:db8::2 ansible_host=10.0.0.9
2001:DB8::3
192.0.2.7
192.0.2.8 ansible_host=192.0.2.8
192.0.2.9 ansible_host=192.0.2.10 ansible_port=2200
[2001:db8::4]:2201

[web]
web[01:03:2].ex[a:c:2].com n=5   # a comment
cut#here x=1
tail-:22
10.0.0.[1:2] ansible_port=22 ansible_host=10.0.0.1
grüße.example ü=ä
UPPER_case-1
[5:7]node
f[8:10]x[1:2]
named ansible_host=web.example.com ansible_port="'22'"
tmpl ansible_host="{{ inventory_hostname }}.lan" note='{% raw %}'

[web:vars]
p=8080 # a comment
s = "quoted"
b=FALSE
t=hello # no comment
l=[1, 2]
empty=
ansible_group_priority=10

[late-parent:children]
web
later  # declared below

[later]
; nothing
[a1:children]
a2
[a2:children]
a3
[a3:children]
a4
[a4:children]
a5
[a5]
deep v=host
db:9999
[a1:vars]
v=1
w=1
[a5:vars]
w=5
[only-children:children]
[all:vars]
everywhere=x
[ungrouped]
also-lone
db
[ungrouped:children]
later
"""

HARD_YAML = """
---
all:
  vars: &shared
    date: 2024-01-01
    time: 2024-01-01 10:00:00
    zoned: 2024-01-01T10:00:00+02:00
    sexagesimal: 12:30
    exponent: 1e3
    float: 1.0e+3
    octal: 017
    other_octal: 0o17
    hex: 0x1F
    under: 1_000
    yes: no
    'on': off
    tilde: ~
    numbers: {1: a, null: c, 1.5: d, true2: e}
    set: !!set {only}
    omap: !!omap [a: 1, b: 2]
    binary_like: !!str 5
    value: "="
    python: !!python/unicode 'text'
  hosts:
    merged:
      <<: *shared
      octal: 8
    twice: {<<: [{a: 1, b: 1}, {a: 2, c: 2}], b: 3}
    unsafe:
      x: !unsafe '{{ x }}'
      y: !unsafe {k: ['{{ q }}', 5, 1.5, null]}
      n: !unsafe 5
      known: plain {{ x }}
      marked: !unsafe
        - plain {{ x }}
        - 5
    vault:
      v: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        61626364
        65666768
      folded: !vault "garbage"
      in_list: [!vault "x", {deep: !vault-encrypted "y"}]
    ? bare
    :
    "d[1:2]:9":
    null_vars: ~
    empty_list: []
    "5": {n: five}
    "2001:db8::1": {ansible_host: "2001:db8::1"}
    "[2001:db8::2]:22": {}
    template:
      t: "{{ foo }}"
      b a d: 1
      multi: "a\\nb"
      block: |+
        kept

      folded: >-
        one
        two
    "spaced name": {}
    fqdn: {ansible_host: web.example.com, ansible_port: "22", ansible_user: root}
    none: {ansible_host: None}
    ip: {ansible_host: 10.0.0.1, ansible_port: 2222}
  children:
    g1:
      hosts: string_host
    g2:
      hosts: {merged: {late: 1}, "many[001:130]": }
      children:
        g3:
        g4: {}
        g5: {children: {g6: {children: {g7: {hosts: {deepest: {}}, vars: {d: 7}}}}}}
      vars:
env-prod: {hosts: {ip: }, vars: {ansible_group_priority: 5}}
"""

MANY_GROUPS = "\n".join(
    [f"[g{n}]\nbusy\n[g{n}:vars]\nv{n}={n}\nsame={n}" for n in range(130)]
    + ["[parent:children]"]
    + [f"g{n}" for n in range(130)]
)

SCRIPT: dict[str, Any] = {
    "_meta": {
        "hostvars": {
            "web[01:03]": {"a": 1},
            "db:2222": {"ansible_port": 22, "ansible_host": "10.0.0.1"},
            "u": {"v": {"__ansible_vault": "x"}, "w": {"__ansible_unsafe": "{{ x }}"}},
            "stray": {"lost": True},
        },
        "profile": "inventory_legacy",
    },
    "all": {"children": ["ungrouped", "web", "empty"], "vars": {"e": [1, None, 2.5]}},
    "ungrouped": {"hosts": ["u"]},
    "web": {"hosts": ["web[01:03]"], "children": ["sub"], "vars": {"x": "1"}},
    "sub": ["db:2222", "plain"],
    "bare": {"host_var": 1},
}

STATIC_JSON = {
    "all": {
        "hosts": {"a[1:2]": {"x": 1}, "b": None},
        "vars": {"v": 1.5},
        "children": {"g": {"hosts": {"a1": None}, "children": {"h": None}}},
    }
}


@needs_ansible
@pytest.mark.parametrize(
    ("module", "suffix", "text"),
    [
        (ansible_ini, "", HARD_INI),
        (ansible_ini, "", MANY_GROUPS),
        (ansible_yaml, ".yml", HARD_YAML),
        (ansible_json, ".json", json.dumps(STATIC_JSON)),
        (ansible_json, None, json.dumps(SCRIPT)),
    ],
    ids=["ini", "130 groups", "yaml", "static json", "script"],
)
def test_an_inventory_reads_as_ansible_reads_it_and_so_does_its_export(
    tmp_path: Path, module: ModuleType, suffix: str | None, text: str
) -> None:
    if suffix is None:
        original = script(tmp_path / "hosts", text)
    else:
        original = tmp_path / f"hosts{suffix}"
        original.write_text(text)

    items = read(module, text)

    exported = ansible_list(original, "--export")
    assert as_exported(content_of(items)) == ansible_as_exported(exported)
    assert read(ansible_json, json.dumps(exported)) is not None
    check_exports(tmp_path, original, content_of(items))


def check_exports(tmp_path: Path, original: Path, content: Content) -> None:
    before = effective(ansible_list(original))
    notes: list[str] = []
    as_json = script(tmp_path / "ours", "".join(ansible_json.write(content, notes)))
    text = "".join(ansible_yaml_text.write(content, notes))
    as_yaml = tmp_path / "ours.yml"
    as_yaml.write_text(text)
    literal = {row["hostname"] for row in content.hosts} - {"web[01:03]", "db:2222"}

    assert effective(ansible_list(as_json)) == before
    if len(literal) == len(list(content.hosts)):
        assert notes == []
        assert effective(ansible_list(as_yaml)) == before
    else:
        assert "web[01:03]" in notes[0]
        assert ansible_list(as_yaml)["_meta"]["hostvars"].keys() <= literal


@needs_ansible
@pytest.mark.parametrize(
    ("name", "module", "hosts", "groups"),
    [
        ("galaxy-galaxyproject.yaml", ansible_yaml, 35, 42),
        ("dimagi-staging.ini", ansible_ini, 31, 53),
    ],
)
def test_real_inventories_are_the_same_before_and_after(
    tmp_path: Path, name: str, module: ModuleType, hosts: int, groups: int
) -> None:
    if not (REAL / name).exists():
        pytest.skip("the real inventories are not here")
    original = tmp_path / name
    text = (REAL / name).read_text()
    original.write_text(text)

    content = content_of(read(module, text))

    assert (len(list(content.hosts)), len(content.groups)) == (hosts, groups)
    exported = ansible_list(original, "--export")
    assert as_exported(content) == ansible_as_exported(exported)
    flat = json.dumps(ansible_list(original), indent=4)
    again = content_of(read(ansible_json, flat))
    assert (len(list(again.hosts)), len(again.groups)) == (hosts, groups)
    check_exports(tmp_path, original, content)


@needs_ansible
def test_ansible_takes_odd_values_as_they_are(tmp_path: Path) -> None:
    odd = {
        **{f"w{n}": word for n, word in enumerate(["yes", "No", "null", "~", "", "="])},
        **{
            f"t{n}": text for n, text in enumerate(["12:30", "1e3", "0x1", "1_0", "<<"])
        },
        **{f"s{n}": text for n, text in enumerate([" a ", "a: b", "#c", "- d", "*e"])},
        "lines": "a\n\tb\r\n\n c\n",
        "signs": "\u00a0\ufeff\U0001f600\uffff\u200b'\"\\\\",
        "numbers": [1e16, 1e-7, 1.5, -0.0, 10**30, 0, True, None, 1e22],
        "nested": {"yes": {"a b": [[], {}, [{"y": "n"}]]}, "1": 2, "k: v": "x, y"},
        "cipher": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n"},
        "mark": [{"__ansible_unsafe": "{{ x }}\n"}, {"a": {"__ansible_vault": "x"}}],
        "2024-01-01": "2024-01-01",
        "a b": 1,
        "true": False,
    }
    names = ["w", "yes", "12", "1.5", "a b", "x#y", "- z", "grün", "2001:db8::9", "*"]
    hosts: list[dict[str, Any]] = [{"hostname": name, "vars": odd} for name in names]
    hosts[names.index("2001:db8::9")]["ip_addr"] = "2001:db8::9"
    groups = [
        {"name": name, "vars": odd, "children": [], "description": "d"}
        for name in ["on", "plugin", "_meta", "1", "a-b", "a_b", "null"]
    ]
    content = Content(odd, groups, hosts, lambda name: names if name else [])
    safe = safe_group_names([str(g["name"]) for g in groups], (), [])
    as_yaml = tmp_path / "ours.yml"
    as_yaml.write_text("".join(ansible_yaml_text.write(content, [])))
    as_json = script(tmp_path / "ours", "".join(ansible_json.write(content, [])))

    for path in (as_json, as_yaml):
        found = ansible_as_exported(ansible_list(path, "--export"))
        assert found["all"] == odd
        assert canonical(found["hosts"]) == canonical(dict.fromkeys(names, odd))
        assert len(found["groups"]) == len(groups)
        assert found["groups"][safe["a-b"]]["vars"] == odd
        assert found["groups"]["null"]["hosts"] == sorted(names)


# ---- the pieces


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


def test_names_of_groups_become_safe_and_stay_apart() -> None:
    notes: list[str] = []

    names = ["env-prod", "env_prod", "1st", "größe", "_meta", "plugin"]
    safe = safe_group_names(names, ("_meta",), notes)

    assert safe == {
        "env-prod": "env_prod_2",
        "env_prod": "env_prod",
        "1st": "_1st",
        "größe": "gr__e",
        "_meta": "_meta_2",
        "plugin": "plugin",
    }
    assert len(notes) == 1
    assert "env-prod → env_prod_2" in notes[0]


# ---- what is refused


@pytest.mark.parametrize(
    ("module", "text", "message"),
    [
        (ansible_ini, "[web:hots]\na", "line 1: [web:hots] is no section"),
        (ansible_ini, "[web\na", "line 1: “[web” has no closing bracket; write [web]."),
        (ansible_ini, "a\n[b:vars # x", "bracket; write [b:vars]."),
        (ansible_ini, "a\n[\nb", "line 2: “[” has no closing bracket; write [group]"),
        (ansible_ini, "a\n[b] ; c", "line 2: “[b] ; c” has more behind the section"),
        (ansible_ini, "a\n[web servers]\nb", "line 2: “[web servers]” is no section"),
        (ansible_yaml, "foo: bar", "is no Ansible inventory"),
        (ansible_yaml, "services: {web: {image: x}}", "is no Ansible inventory"),
        (ansible_yaml, "- hosts: all", "is no Ansible inventory"),
        (ansible_yaml, "plugin: aws_ec2", "ansible-inventory -i FILE --list --export"),
        (ansible_yaml, "a: !!python/object:os.system {}", "line 1: the tag"),
        (ansible_yaml, "a: {b: !!python/name:os.system ''}", "line 1: the tag"),
        (ansible_yaml, "all:\n\thosts:", "line 2"),
        (ansible_yaml, "all: {hosts: {a: {b: {{ c }}}}}", "line 1: a name cannot be"),
        (ansible_yaml, "a: &x [*x]", "line 1: *x would be inside itself"),
        (ansible_yaml, "a: *x", "line 1: there is no &x above"),
        (ansible_yaml, "all:\n---\nall:", "line 2: a second document"),
        (ansible_yaml, "a: 2024-13-45", "line 1: “2024-13-45” is no timestamp"),
        (ansible_yaml, "[" * 100_000, "nested more than 200 deep"),
        (ansible_yaml, "{a: " * 100_000, "nested more than 200 deep"),
        (ansible_yaml, "- " * 100_000, "nested more than 200 deep"),
        (ansible_yaml, "? " * 100_000, "nested more than 200 deep"),
        (ansible_json, '{"a": [' + "[]," * 6_000_000, "over 5,000,000 values"),
        (ansible_yaml, "a: \x00", "cannot be seen"),
        (ansible_json, "[" * 100_000, "nested too deep"),
        (ansible_json, '{"a":' * 100_000, "nested too deep"),
        (ansible_json, '{"a": {"hosts": []}, "a": {}}', "stands there twice"),
        (ansible_json, '{"a": ', "line 1: is not JSON"),
        (ansible_json, '{"a": {"hosts": []}} x', "line 1: more follows"),
        (ansible_json, '{"a": 1e', "is not JSON"),
        (ansible_json, '{"a": ' + "1" * 5000 + "}", "thousands of digits"),
        (ansible_json, "[]", "is JSON, but no Ansible inventory"),
        (ansible_json, '{"name": "x", "version": {"a": 1}}', "no Ansible inventory"),
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
        (ansible_ini, "good\na b\nc", ["2 row has “b” behind the name"]),
        (ansible_ini, 'a x="b\nc', ["1 row ends inside quotation marks"]),
        (ansible_ini, "a[5:1]\nc", ["1 row “a[5:1]” is empty"]),
        (ansible_ini, "a:\nc", ["1 row “a:” ends in a colon"]),
        (ansible_ini, "<html>\nc", ["1 row “<html>” is not a name"]),
        (ansible_ini, "[2001:db8::1]x\n", ["1 row “[2001:db8::1]x”: write an IPv6"]),
        (ansible_ini, "[g:vars]\nx=1\n", ["1 vars line 1: there is no group “g”"]),
        (ansible_ini, "[g]\n[g:vars]\nx\n", ["1 vars line 3: “x” is no variable"]),
        (
            ansible_ini,
            "[g:children]\nh\n",
            ["1 children line 2: there is no group “h”"],
        ),
        (ansible_ini, "[g:children]\na b\n", ["1 children line 2: “a b” is no name"]),
        (ansible_ini, "[g:children]\nall\n", ["1 children line 2: “all” is implied"]),
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
        (ansible_yaml, "a: {hosts: [x, y]}", ["1 row line 1: “hosts” is no mapping"]),
        (ansible_yaml, "a: {vars: [x]}", ["1 vars line 1: is no mapping"]),
        (ansible_yaml, "a: {hosts: {5: , x: }}", ["1 row “5” is no text"]),
        (ansible_yaml, "5: {hosts: {x: }}", ["1 name “5” is no text"]),
        (ansible_yaml, "a:\n  hosts:\n    x: y", ["3 row “y” are no variables"]),
        (ansible_yaml, "a:\n  hosts:\n    x[1]:", ["3 row “x[1]” is no range"]),
        (ansible_yaml, "a: {children: {b: c}}", ["1 children line 1: “b” is no group"]),
        (
            ansible_yaml,
            "a:\n  hosts:\n    x:\n      v: 1\n      v: 2\n",
            ["3 vars “v” stands there twice, in lines 4 and 5."],
        ),
        (
            ansible_yaml,
            "a: {hosts: {x: {v: {1: a, true: b}}}}",
            ["1 vars “true” (to Ansible the same as “1”) stands there twice, in line"],
        ),
        (
            ansible_yaml,
            'a: {hosts: {x: {v: {1: a,\n "1": b, 2: a, "2": a}}}}',
            ["1 vars “1” stands there twice, in lines 1 and 2."],
        ),
        (
            ansible_ini,
            "[ungrouped:children]\na\n[a]\n[ungrouped:vars]\nx=1",
            ["1 vars stand at a group that holds others; give them to “a”."],
        ),
        (ansible_json, '{"a": {"hosts": "x"}}', ["1 row has “x” under “hosts”"]),
        (ansible_json, '{"a": {"hosts": [5]}}', ["1 row has “5” under “hosts”"]),
        (
            ansible_json,
            '{"a": {"hosts": [], "vars": []}}',
            ["1 vars are not a mapping"],
        ),
        (
            ansible_json,
            '{"a": ["x"],\n "_meta": {"hostvars": {\n"x": 5}}}',
            ["3 vars are not a mapping"],
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


def test_what_needs_no_error_is_told() -> None:
    notes: list[str] = []
    read(ansible_yaml, "a: {hosts: {a: }, foo: {}}\nb: c\na: {hosts: {x: }}", notes)
    assert [note.partition(":")[0] for note in notes] == [
        "Not understood, and skipped by Ansible, too",
        "What stands there twice counts only where it stands last, as for Ansible",
    ]

    notes = []
    read(ansible_ini, "[a]\na", notes)
    assert notes[0].startswith("There is a group of the same name as a host: “a”")


def test_free_text_is_never_a_template(tmp_path: Path) -> None:
    row = {
        "hostname": "w",
        "notes": "{{ lookup('pipe', 'id') }}",
        "owner": "{% x %}",
        "aliases": ["a", "{# b #}"],
        "status": "retired",
        "vars": {"mine": "{{ kept }}", "broken": {"__ansible_unsafe": 5}},
    }
    content = Content({}, [], [row], lambda name: [] if name else ["w"])
    notes: list[str] = []
    found = json.loads("".join(ansible_json.write(content, notes)))

    assert found["_meta"]["hostvars"]["w"] == {
        "mine": "{{ kept }}",
        "hostadmin_aliases": ["a", {"__ansible_unsafe": "{# b #}"}],
        "hostadmin_status": "retired",
        "hostadmin_owner": {"__ansible_unsafe": "{% x %}"},
        "hostadmin_notes": {"__ansible_unsafe": "{{ lookup('pipe', 'id') }}"},
    }
    assert notes == [
        "1 variables were left out, at which Ansible would refuse the whole inventory."
    ]
    as_yaml = "".join(ansible_yaml_text.write(content, []))
    assert """!unsafe "{{ lookup('pipe', 'id') }}\"""" in as_yaml


# ---- round trips

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
    min_size=1,
    max_size=8,
)
_NOTES = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=["Cc", "Cs", "Zl", "Zp"],
        include_characters="\t\n\r",
    ),
    max_size=20,
)
_NAMES = st.one_of(
    st.sampled_from(
        ["web", "10.0.0.1", "2001:DB8::1", "a b", "yes", "null", "12", "1.5", "=", "-"]
    ),
    _TEXT.filter(lambda text: bool(text.strip(" .\u3000"))),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    _NOTES,
    st.sampled_from(
        ["1e3", "0x1", "12:30", "2024-01-01", "=", "<<", "~", "{{ x }}", "10.0.0.1"]
    ),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_TEXT, inner, max_size=3),
        st.builds(lambda text: {"__ansible_vault": text}, _NOTES),
        st.builds(lambda text: {"__ansible_unsafe": text}, _NOTES),
    ),
    max_leaves=6,
)
_KEYS = st.one_of(
    st.sampled_from(["ansible_host", "ansible_port", "hostadmin_owner", "y", "no"]),
    _TEXT,
)
_VARS = st.dictionaries(_KEYS, st.one_of(_VALUES, st.just(2222)), max_size=4)
_ADDRESSES = st.sampled_from([None, "10.0.0.1", "10.0.0.2", "2001:db8::1"])
_GROUP_NAMES = st.sampled_from(
    [
        "web",
        "env-prod",
        "env_prod",
        "1st",
        "grün",
        "_meta",
        "plugin",
        "no",
        "a b",
        "x#y",
    ]
)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    names = draw(st.lists(_GROUP_NAMES, unique=True, max_size=5))
    groups = [
        {
            "name": name,
            "description": draw(st.none() | _TEXT),
            "vars": draw(_VARS.map(_without_priority)),
            "children": draw(st.lists(st.sampled_from(names[place + 1 :]), unique=True))
            if names[place + 1 :]
            else [],
        }
        for place, name in enumerate(names)
    ]
    hosts = [
        {
            "hostname": name,
            "ip_addr": draw(_ADDRESSES),
            "port": draw(st.sampled_from([None, 22, 2222])),
            "status": draw(st.sampled_from(["active", "retired"])),
            "environment": draw(st.none() | st.sampled_from(["prod", "{{ x }}", "no"])),
            "os": None,
            "location": None,
            "role": None,
            "owner": draw(st.none() | _TEXT),
            "aliases": draw(st.lists(_NAMES, unique=True, max_size=2)),
            "addresses": draw(st.lists(st.just("10.9.9.9"), max_size=1)),
            "groups": draw(st.lists(st.sampled_from(names), unique=True))
            if names
            else [],
            "notes": draw(st.none() | _NOTES),
            "vars": draw(_VARS),
        }
        for name in draw(st.lists(_NAMES, unique=True, max_size=4))
    ]

    def members(name: str | None) -> list[str]:
        return [
            str(host["hostname"])
            for host in hosts
            if name in host["groups"] or (name is None and not host["groups"])
        ]

    return Content(draw(_VARS), groups, hosts, members)


def _without_priority(variables: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in variables.items() if k != "ansible_group_priority"}


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    """Return only what says something, as a fresh database would have it."""
    return {
        name: value
        for name, value in fields.items()
        if value not in (None, "", [], {}) and (name, value) != ("status", "active")
    }


def _sorted(fields: dict[str, Any]) -> dict[str, Any]:
    lists = ("groups", "children")
    return {k: sorted(v) if k in lists else v for k, v in fields.items()}


def as_stated(content: Content) -> dict[str, Any]:
    return {
        "vars": content.vars,
        "groups": {g["name"]: _sorted(_stated(dict(g))) for g in content.groups},
        "hosts": {h["hostname"]: _sorted(_stated(dict(h))) for h in content.hosts},
    }


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(contents())
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize(
    ("writer", "reader"),
    [(ansible_json, ansible_json), (ansible_yaml_text, ansible_yaml)],
    ids=["ansible", "ansible-yaml"],
)
def test_what_is_written_reads_back_the_same(
    writer: ModuleType, reader: ModuleType, content: Content
) -> None:
    notes: list[str] = []
    text = "".join(writer.write(content, notes))
    if any("left out" in note for note in notes):
        return
    if not content.hosts and not content.groups and not content.vars:
        return

    again = content_of(read(reader, text))

    assert canonical(as_stated(again)) == canonical(as_stated(content))


def test_fields_of_a_file_pass_the_rules() -> None:
    rows = [item for item in read(ansible_ini, HARD_INI) if isinstance(item, Row)]
    good = [row for row in rows if row.values["hostname"] != "odd"]

    assert len(rows) > 20
    for row in good:
        assert clean_host(row.values)


# ---- detection


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
