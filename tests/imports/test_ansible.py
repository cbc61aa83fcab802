"""Inventories as people write them: in the database they are what Ansible reads."""

import functools
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.formats.ansible.fields import host_variables
from hostadmin.formats.rows import COLUMNS
from hostadmin.history import ActorContext
from hostadmin.imports import importer
from hostadmin.inventory.groups import effective_variables, load_tree
from hostadmin.models import Group, Host

from ..helpers.ansible import ansible_list, effective, needs_ansible
from ..helpers.hard_inventories import HARD_INI, HARD_YAML, MANY_GROUPS
from ..helpers.paths import REAL_INVENTORIES

# Whether an engine keeps the types of variables is for other tests.
ON_ONE_ENGINE = True

pytestmark = needs_ansible

INVENTORIES = {
    # Variables before the hosts, children declared later, dashes, comments.
    "order": """
; of the old data centre
[prod:vars]
env=prod            # not a comment for Ansible: it is, behind a blank
http_port=8080
feature_flag=True

[prod:children]
web-servers
db_servers

[web-servers:vars]
http_port="80"

[db_servers]
db[1:3:2].example.com  ansible_user=postgres   # every other
[web-servers]
web-[a:c].example.com
web-a.example.com http_port=8081
""",
    # Jump hosts and ssh arguments with blanks and quoting.
    "ssh": r"""
[bastion]
jump ansible_host=bastion.example.org ansible_port=22022 ansible_user=ops
[inner]
node1 ansible_ssh_common_args='-o ProxyCommand="ssh -W %h jump"'
node2 ansible_host=10.1.0.2 ansible_ssh_extra_args="-o User=\"x\" -o Port=1"
[inner:vars]
ansible_ssh_private_key_file=~/.ssh/id_ed25519
ansible_python_interpreter=/usr/bin/env python3
ansible_become_pass="{{ vault_become_pass }}"
""",
    # Names that are addresses, with and without ports, in both families.
    "addresses": """
10.0.0.1
10.0.0.2:2222
10.0.0.3 ansible_host=10.0.9.3
[2001:db8::1]:2200 role=six
2001:db8::2
fe80::1
[v6]
[2001:db8::a]:22
2001:db8::2 ansible_host=2001:db8::2
""",
    # Numbers, texts, lists and what looks like them.
    "types": r"""
[t]
h1 a=1 b=1.0 c=1e3 d=007 e=0x1F f=0o17 g=1_000 h=True i=true j=None k=null l=''
h2 a=[1,2,'x'] b="{'k': [1, 2]}" c="[1, 2" d=("a","b") e=1,2 f=-5 g=+5 h=1.
h3 v='"1"' w="'True'" x=yes y=!!int z=2024-01-01
[t:vars]
n=5
s="5"
l=[1, {"a": None}]
q='it''s'
json={"a": true}
py={"a": True, "b": None}
multi=a=b=c
hash=a#b
""",
    "unicode": """
[größe]
münchen-1 stadt="München, Bayern" ort=日本
東京 ansible_host=192.0.2.10
[größe:vars]
straße="Alter Weg 1"
[кластер:children]
größe
""",
    # Groups alone, twice, empty, and a host in many.
    "sections": """
lonely
[a]
h1 x=1
[b]
h1 y=2
[a]
h2
h1 x=3
[empty]
[c:children]
a
b
[c:children]
empty
[d:children]
c
[ungrouped]
h3
[all]
h4 z=1
[all:vars]
k=v
""",
    "null": """
all:
  hosts:
  vars:
  children:
    web:
      hosts:
        web1:
        web2: null
        web3: {}
      vars: ~
    empty:
    other: {hosts: , children: }
""",
    "yaml types": """
all:
  vars:
    ports: [80, 443]
    nested: {a: {b: {c: [1, {d: null}]}}}
    on_off: [yes, no, on, off, y, n, "yes"]
    numbers: [1, 1.5, 1e3, 1.0e+3, 017, 0x1f, 1_000, 12:30:45, -0, +1]
    text: |
      two
      lines
    folded: >
      one
      line
    date: 2024-02-30x
    real_date: 2024-02-29
    empty: ""
    tilde: ~
    quoted: '007'
  hosts:
    h1: {ansible_host: 192.0.2.1, ansible_port: 2222, ansible_connection: ssh}
    h2: {ansible_host: h2.example.net, ansible_port: "{{ port }}", port: 22}
""",
    "anchors": """
x_defaults: &defaults {hosts: {}}
web:
  hosts:
    web1: &web {tier: front, cpus: 2}
    web2:
      <<: *web
      cpus: 4
  vars: &vars
    domain: example.net
    list: &list [a, b]
db:
  hosts:
    db1: *web
  vars:
    <<: *vars
    other: *list
""",
    "ranges in YAML": """
all:
  children:
    web:
      hosts:
        web[01:03].example.com:
          ansible_user: deploy
        "node-[a:b]:2200":
        rack[1:2]-[x:y]:
    db:
      hosts:
        db[08:10]:
          id: 7
        192.168.0.[10:12]:
""",
    "vault and unsafe": """
all:
  vars:
    secret: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      33363061343138363563303532
      6430
    raw: !unsafe "{{ not a template }}"
    list: [!unsafe "{% x %}", plain]
    template: "{{ lookup('env', 'HOME') }}"
  hosts:
    h1:
      pw: !vault |
        $ANSIBLE_VAULT;1.2;AES256;dev
        3031
""",
    "priority": """
all:
  children:
    a:
      hosts: {h: }
      vars: {x: a, ansible_group_priority: 10}
    b:
      hosts: {h: }
      vars: {x: b, y: b}
    deep:
      children:
        deeper:
          hosts: {h: {own: 1}}
          vars: {x: deeper, z: deeper}
      vars: {z: deep, w: deep}
""",
    "script": json.dumps(
        {
            "_meta": {"hostvars": {"h1": {"a": None, "b": [1, "2"]}, "h2": {}}},
            "all": {"children": ["ungrouped", "g"]},
            "ungrouped": {"hosts": ["h2", "h3"]},
            "g": {"hosts": ["h1"], "vars": {"n": 1.5, "t": "x"}, "children": ["k"]},
            "k": {"hosts": ["h2"]},
        }
    ),
    # A variable without a name is nothing that we keep.
    "hard INI": HARD_INI.replace("=empty m=", "m="),
    "hard YAML": HARD_YAML,
    "130 groups": MANY_GROUPS,
}


@functools.cache
def as_ansible_reads(text: str, name: str) -> dict[str, Any]:
    """Ask Ansible once, whatever the database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text)
        if text.startswith("{"):
            # Inventory scripts print it; as a file Ansible takes another layout.
            path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
            path.chmod(0o755)
        return effective(ansible_list(path))


@pytest.fixture
def import_text(session, tmp_path) -> Callable[[str], importer.Plan]:
    def run(text: str) -> tuple[int, ...]:
        path = tmp_path / "inventory"
        path.write_text(text)
        with importer.staged(str(path)) as plan:
            importer.make_plan(db.session(), plan)
            assert [str(error) for error in plan.errors()] == []
            act = ActorContext("tests", "import")
            history.write(act, lambda: importer.apply_plan(db.session(), plan))
            db.session.rollback()
            changed = plan.hosts.changed + plan.groups.changed
            return plan.hosts.new, plan.groups.new, changed + plan.changes_inventory

    return run


def as_stored() -> dict[str, Any]:
    """Return hosts with all their variables, and who is in which group."""
    tree = load_tree(db.session())
    by_name = {group.name: group for group in db.session.scalars(sa.select(Group))}
    hosts = list(db.session.scalars(sa.select(Host)))
    return {
        "hosts": {host.hostname: dict(_variables(host)) for host in hosts},
        "members": {
            _safe(name): {
                host.hostname
                for host in hosts
                if tree.descendants([group.id]) & {g.id for g in host.groups}
            }
            for name, group in by_name.items()
        },
    }


def _variables(host: Host) -> Iterator[tuple[str, Any]]:
    for variable in effective_variables(host):
        if variable.origin is not None:
            yield variable.name, variable.value
    row = {column: getattr(host, column) for column in COLUMNS}
    yield from host_variables({**row, "status": "active"}).items()


def _safe(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)


@pytest.mark.parametrize("name", INVENTORIES)
def test_what_is_stored_is_what_ansible_reads(import_text, name):
    text = INVENTORIES[name]
    import_text(text)
    expected = as_ansible_reads(text, "hosts.yml" if "all:\n" in text else "hosts")

    assert as_stored() == expected
    assert import_text(text) == (0, 0, 0)


@pytest.mark.parametrize(
    ("name", "hosts", "groups"),
    [("galaxy-galaxyproject.yaml", 35, 42), ("dimagi-staging.ini", 31, 53)],
)
def test_real_inventories_are_what_ansible_reads(import_text, name, hosts, groups):
    if not (REAL_INVENTORIES / name).exists():
        pytest.skip("the real inventories are not here")
    text = (REAL_INVENTORIES / name).read_text()

    assert import_text(text)[:2] == (hosts, groups)
    assert as_stored() == as_ansible_reads(text, name)
    assert import_text(text) == (0, 0, 0)
