"""Text that people write never runs on the machine that Ansible runs on."""

import os
import subprocess
from pathlib import Path

import pytest

from hostadmin.formats.ansible import json as ansible_json
from hostadmin.formats.ansible import yaml_write

from ..helpers.ansible import ANSIBLE_INVENTORY, needs_ansible, script
from ..helpers.content import Content

PAYLOADS = (
    "{{ lookup('pipe', 'touch RAN') }}",
    "{% if lookup('pipe', 'touch RAN') %}x{% endif %}",
    "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n"
    "[% lookup('pipe', 'touch RAN') %]",
    "#jinja2:variable_start_string:'<<',variable_end_string:'>>'\n"
    "<< query('pipe', 'touch RAN') >>",
    "{#x#}{{ query('pipe', 'touch RAN') }}",
    "{{\nlookup('pipe', 'touch RAN')\n}}",
    "a {{ cycler.__init__.__globals__.os.system('touch RAN') }} b",
)
SHOWN = "{{ hostvars[inventory_hostname] }} {{ group_names }} {{ hostadmin_notes }}"


def payloads(folder: Path) -> list[str]:
    return [text.replace("RAN", f"{folder}/ran") for text in PAYLOADS]


def content(folder: Path) -> Content:
    texts = payloads(folder)
    hosts = [
        {
            "hostname": f"host{number}",
            "aliases": [text.splitlines()[-1]],
            "owner": text.splitlines()[0],
            "role": text.splitlines()[-1],
            "notes": text,
            "vars": {},
        }
        for number, text in enumerate(texts)
    ]
    # A name is on one line.
    hosts += [{"hostname": text.replace("\n", " ")} for text in texts]
    names = [host["hostname"] for host in hosts]
    groups = [
        {"name": text.replace("\n", " "), "description": text, "vars": {}}
        for text in texts
    ]
    for group in groups:
        group["children"] = []
    return Content({}, groups, hosts, lambda _group: names)


# Other versions than ours, each in an environment of its own: paths of programs.
ANSIBLES = [
    str(ANSIBLE_INVENTORY.parent / "ansible"),
    *filter(None, os.environ.get("HOSTADMIN_TEST_ANSIBLES", "").split(os.pathsep)),
]


@needs_ansible
@pytest.mark.parametrize("ansible", ANSIBLES, ids=range(len(ANSIBLES)))
@pytest.mark.parametrize("layout", ["script", "yaml"])
def test_no_text_of_people_is_run(tmp_path: Path, layout: str, ansible: str) -> None:
    notes: list[str] = []
    if layout == "script":
        text = "".join(ansible_json.write(content(tmp_path), notes))
        inventory = script(tmp_path / "inventory", text)
    else:
        inventory = tmp_path / "inventory.yml"
        inventory.write_text("".join(yaml_write.write(content(tmp_path), notes)))

    done = subprocess.run(
        [
            *(ansible, "all", "-i", inventory),
            *("-c", "local", "-m", "debug", "-a", f"msg='{SHOWN}'"),
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("SUCCESS") == len(PAYLOADS), done.stdout
    # What was written is there, as text.
    assert "lookup(" in done.stdout
    assert not (tmp_path / "ran").exists()
    assert any("names Ansible could run as a template" in note for note in notes)
