"""Ansible's layouts: what we read is what Ansible reads, and what we write, too."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings

from hostadmin.formats.ansible import (
    ini as ansible_ini,
)
from hostadmin.formats.ansible import (
    json as ansible_json,
)
from hostadmin.formats.ansible import (
    yaml_read as ansible_yaml,
)
from hostadmin.formats.ansible import (
    yaml_write as ansible_yaml_write,
)
from hostadmin.formats.ansible.names import readable_group_names
from hostadmin.formats.rows import Row
from hostadmin.validation.rules import clean_host

from ..helpers.ansible import (
    ansible_as_exported,
    ansible_list,
    as_exported,
    content_of,
    effective,
    needs_ansible,
    read,
    script,
)
from ..helpers.content import Content
from ..helpers.hard_inventories import (
    ANCHORS_YAML,
    HARD_INI,
    HARD_YAML,
    MANY_GROUPS,
    PLAIN_INI,
    SCRIPT,
    STATIC_JSON,
)
from ..helpers.paths import REAL_INVENTORIES
from ..helpers.random_contents import as_stated, canonical, contents


@needs_ansible
@pytest.mark.parametrize(
    ("module", "suffix", "text"),
    [
        (ansible_ini, "", HARD_INI),
        (ansible_ini, "", MANY_GROUPS),
        (ansible_ini, "", PLAIN_INI),
        (ansible_yaml, ".yml", HARD_YAML),
        (ansible_yaml, ".yml", ANCHORS_YAML),
        (ansible_json, ".json", json.dumps(STATIC_JSON)),
        (ansible_json, None, json.dumps(SCRIPT)),
    ],
    ids=["ini", "130 groups", "plain", "yaml", "anchors", "static json", "script"],
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
    text = "".join(ansible_yaml_write.write(content, notes))
    as_yaml = tmp_path / "ours.yml"
    as_yaml.write_text(text)
    literal = {row["hostname"] for row in content.hosts} - {"web[01:03]", "db:2222"}

    assert effective(ansible_list(as_json)) == before
    if len(literal) == len(list(content.hosts)):
        assert not any("eft out" in note for note in notes)
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
    if not (REAL_INVENTORIES / name).exists():
        pytest.skip("the real inventories are not here")
    original = tmp_path / name
    text = (REAL_INVENTORIES / name).read_text()
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
    safe = readable_group_names([str(g["name"]) for g in groups], (), [])
    as_yaml = tmp_path / "ours.yml"
    as_yaml.write_text("".join(ansible_yaml_write.write(content, [])))
    as_json = script(tmp_path / "ours", "".join(ansible_json.write(content, [])))

    for path in (as_json, as_yaml):
        found = ansible_as_exported(ansible_list(path, "--export"))
        assert found["all"] == odd
        assert canonical(found["hosts"]) == canonical(dict.fromkeys(names, odd))
        assert len(found["groups"]) == len(groups)
        assert found["groups"][safe["a-b"]]["vars"] == odd
        assert found["groups"]["null"]["hosts"] == sorted(names)


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
        "hostadmin_aliases": [
            {"__ansible_unsafe": "a"},
            {"__ansible_unsafe": "{# b #}"},
        ],
        "hostadmin_status": "retired",
        "hostadmin_owner": {"__ansible_unsafe": "{% x %}"},
        "hostadmin_notes": {"__ansible_unsafe": "{{ lookup('pipe', 'id') }}"},
    }
    assert notes == [
        "Left out: 1 variable that would make Ansible refuse the whole inventory."
    ]
    as_yaml = "".join(ansible_yaml_write.write(content, []))
    assert """!unsafe "{{ lookup('pipe', 'id') }}\"""" in as_yaml


@given(contents())
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize(
    ("writer", "reader"),
    [(ansible_json, ansible_json), (ansible_yaml_write, ansible_yaml)],
    ids=["ansible", "ansible-yaml"],
)
def test_what_is_written_reads_back_the_same(
    writer: ModuleType, reader: ModuleType, content: Content
) -> None:
    notes: list[str] = []
    text = "".join(writer.write(content, notes))
    if any("eft out" in note for note in notes):
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
