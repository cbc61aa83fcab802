"""An inventory through the database: ansible-inventory says the same of our exports."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from hostadmin.db.session import db

from ..helpers.ansible import ansible_list, effective, needs_ansible
from ..helpers.apps import build_app
from ..helpers.hard_inventories import HARD_INI, HARD_YAML, MANY_GROUPS, STATIC_JSON
from ..helpers.paths import REAL_INVENTORIES

DASHES = """
all:
  children:
    level-1: {children: {level-2: {children: {level-3: {children: {level-4: {children:
      {level-5: {hosts: {deep: {own: [1, "1", 1.0, true, null]}}}}}}}}}}}
    env-prod: {hosts: {"10.0.0.1": {ansible_user: root}, "2001:db8::1": {}}}
    empty-one: {vars: {a: {b: {c: []}}}}
    größe: {hosts: {grün: {größe: "{{ x }}", "a b": {"1": 2}}}}
  vars: {ansible_user: "{{ lookup('env', 'USER') }}", dns: ["10.0.0.53"]}
"""
INVENTORIES = {
    # A variable without a name is refused here.
    "ini": ("hosts", HARD_INI.replace("odd =empty", "odd")),
    "130 groups": ("hosts", MANY_GROUPS),
    "yaml": ("hosts.yml", HARD_YAML),
    "static json": ("hosts.json", json.dumps(STATIC_JSON)),
    "dashes": ("hosts.yml", DASHES),
}


@pytest.fixture
def lone_app(tmp_path: Path) -> Iterator[Flask]:
    """An app on SQLite alone: what is written does not depend on the engine."""
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    yield app
    with app.app_context():
        db.engine.dispose()


def check(app: Flask, original: Path) -> int:
    """Import, export in both layouts and compare; return how many hosts there are."""
    runner = app.test_cli_runner()
    done = runner.invoke(args=["hosts", "import", str(original)])
    assert done.exit_code == 0, done.stderr
    before = effective(ansible_list(original))
    for format, name in (("ansible", "ours"), ("ansible-yaml", "ours.yml")):
        done = runner.invoke(args=["hosts", "export", "--format", format])
        assert done.exit_code == 0
        assert "eft out" not in done.stderr
        path = original.parent / name
        path.write_bytes(done.stdout_bytes)
        if format == "ansible":
            data = path.rename(path.with_suffix(".data"))
            path.write_text(f"#!/bin/sh\ncat '{data}'\n")
            path.chmod(0o755)
        after = effective(ansible_list(path))
        assert after["members"] == before["members"]
        assert after["hosts"] == before["hosts"]
    return len(before["hosts"])


@needs_ansible
@pytest.mark.parametrize("name", INVENTORIES)
def test_hard_inventories_stay_the_same(lone_app, tmp_path, name):
    file, text = INVENTORIES[name]
    (tmp_path / file).write_text(text)

    assert check(lone_app, tmp_path / file) > 0


# What people missed of other programs: groups that were renamed (ansible 30624,
# community.digitalocean 133, ansible-hcloud-inventory 13), and that nobody said which
# names of variables will be refused (ansible 12022, kubernetes-retired/contrib 1925).
ASKED = """
all:
  children:
    webservers-usa: {hosts: {web-1: {kube-dash: 1, test-foo: {things: [one, two]}}}}
    postgres-master: {hosts: {db-1: {kube_dash: 2, "2nd": x, größe: 3}}}
    hcloud-nbg1-dc3: {hosts: {web-1: {}}}
"""


@needs_ansible
@pytest.mark.parametrize("format", ["ansible", "ansible-yaml", "ansible-ini"])
def test_groups_keep_their_names_and_bad_names_of_variables_are_said(
    lone_app, tmp_path, format
):
    original = tmp_path / "hosts.yml"
    original.write_text(ASKED)
    runner = lone_app.test_cli_runner()
    runner.invoke(args=["hosts", "import", str(original)])

    done = runner.invoke(args=["hosts", "export", "--format", format])

    assert "refuses variable names" in done.stderr
    for name in ("kube-dash", "test-foo", "2nd", "größe"):
        assert f"“{name}”" in done.stderr
    assert "kube_dash" not in done.stderr
    path = tmp_path / ("ours.yml" if format == "ansible-yaml" else "ours")
    path.write_bytes(done.stdout_bytes)
    if format == "ansible":
        path.rename(tmp_path / "data")
        path.write_text(f"#!/bin/sh\ncat '{tmp_path}/data'\n")
        path.chmod(0o755)
    listed = ansible_list(path)
    assert listed["webservers-usa"]["hosts"] == ["web-1"]
    assert listed["postgres-master"]["hosts"] == ["db-1"]
    assert listed["hcloud-nbg1-dc3"]["hosts"] == ["web-1"]


@needs_ansible
@pytest.mark.parametrize(
    ("name", "hosts"), [("galaxy-galaxyproject.yaml", 35), ("dimagi-staging.ini", 31)]
)
def test_real_inventories_stay_the_same(lone_app, tmp_path, name, hosts):
    if not (REAL_INVENTORIES / name).exists():
        pytest.skip("the real inventories are not here")
    (tmp_path / name).write_text((REAL_INVENTORIES / name).read_text())

    assert check(lone_app, tmp_path / name) == hosts
