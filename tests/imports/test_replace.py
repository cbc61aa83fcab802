"""What a file does not state, hosts it does not list, and inventories in folders."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hostadmin.db.session import db
from hostadmin.history.recorder import snapshot
from hostadmin.imports import importer
from hostadmin.inventory import hosts
from hostadmin.inventory.groups import effective_variables

ANSIBLE_INVENTORY = Path(sys.executable).parent / "ansible-inventory"

FULL = """\
[all:vars]
ntp=10.0.0.9
zone=a

[web]
web-1 ansible_host=10.0.0.1 ansible_port=2222 rack=7 unit=3
[web:vars]
tier=front
old=1
[eu:children]
web
db
[db]
db-1
"""
LESS = """\
[all:vars]
zone=a
[web]
web-1 rack=7
[web:vars]
tier=front
[eu:children]
web
[db]
"""


@pytest.fixture
def flask(runner):
    """Run ``flask hosts import``: exit code, stdout and stderr."""

    def run(text: str | Path, *words: str) -> tuple[int, str, str]:
        given, stdin = ("-", text) if isinstance(text, str) else (str(text), None)
        result = runner.invoke(args=["hosts", "import", given, *words], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def state(name: str) -> dict[str, object]:
    db.session.rollback()
    found = snapshot(hosts.find_host(name))
    found["groups"] = [group["name"] for group in found.get("groups", [])]
    return found


def test_what_the_file_no_longer_states_is_listed_and_stays(flask, session):
    flask(FULL)
    flask('{"hostname": "web-1", "aliases": ["www"], "notes": "mine"}')
    before = state("web-1")
    code, out, err = flask(LESS, "--dry-run")

    assert code == 0
    assert out == (
        "0 hosts would be added, 0 would be changed, 1 unchanged; "
        "0 groups would be added, 0 would be changed, 3 unchanged.\n"
    )
    assert err.splitlines() == [
        "Note: 4 hosts and groups have data that the file does not mention; --replace "
        "would remove it:",
        "  all hosts: vars.ntp",
        "  group web: vars.old",
        "  group eu: children “db”",
        "  web-1: aliases “www”; ip_addr “10.0.0.1”; port “2222”; vars.unit; "
        "notes “mine”",
        "Note: 1 host is in the inventory but not in the file; it is kept:",
        "  db-1",
    ]
    flask(LESS)
    assert state("web-1") == before


def test_replace_removes_just_that(flask, session):
    flask(FULL)
    flask('{"hostname": "web-1", "aliases": ["www"], "addresses": ["10.0.0.2"]}')
    flask('{"hostname": "web-1", "groups": ["db"], "status": "staged", "os": "X"}')
    other = state("db-1")
    code, out, _ = flask(LESS, "--replace", "--dry-run")

    assert code == 0
    assert out.splitlines() == [
        "changed variables of all hosts: vars.ntp “10.0.0.9” → (not set)",
        "changed group: web: vars.old “1” → (not set)",
        "changed group: eu: children “db, web” → “web”",
        "changed: web-1: aliases “www” → (not set); ip_addr “10.0.0.1” → (not set); "
        "addresses “10.0.0.2” → (not set); port “2222” → (not set); "
        "os “X” → (not set); groups “db, web” → “web”; vars.unit “3” → (not set)",
        "0 hosts would be added, 1 would be changed, 0 unchanged; 0 groups would be "
        "added, 2 would be changed, 1 unchanged; variables of all hosts would change.",
    ]
    assert flask(LESS, "--replace")[0] == 0
    assert state("web-1") == {
        "hostname": "web-1",
        "status": "staged",
        "groups": ["web"],
        "vars": {"rack": 7},
    }
    assert state("db-1") == other
    _, out, err = flask(LESS, "--replace")
    assert "0 changed, 1 unchanged; 0 groups added, 0 changed, 3 unchanged." in out
    assert "says more" not in err


def test_replace_takes_all_of_a_host_that_is_only_named(flask, session):
    flask(FULL)
    flask("[all]\nweb-1\n", "--replace")

    assert state("web-1") == {"hostname": "web-1", "status": "active", "groups": []}


def test_of_lists_only_what_is_not_stated_goes(flask, session):
    flask('{"hostname": "a", "aliases": ["x", "Y"], "addresses": ["::1", "::2"]}')
    flask(
        '{"hostname": "A", "aliases": ["y", "z", "a"], "addresses": ["::2", "::3"]}',
        "--replace",
    )

    found = state("a")
    assert found["aliases"] == ["Y", "z"]
    assert found["addresses"] == ["::2", "::3"]


def test_groups_that_only_hosts_name_keep_what_they_are(flask, session, make_group):
    make_group(name="inner")
    make_group(name="web", vars={"a": 1}, children=["inner"])
    flask('name,groups\nweb-1,"web"\n', "--replace")

    host = hosts.find_host("web-1")
    assert (host.groups[0].vars, len(host.groups[0].children)) == ({"a": 1}, 1)


def test_hosts_that_the_file_does_not_list_are_counted(session, make_host, tmp_path):
    for number in range(30):
        make_host(hostname=f"h{number:02}")
    path = tmp_path / "file"
    # A bad row lists its host, too.
    path.write_text("name,port\nH00,22\nh01,x\nnew,22\n")
    with importer.staged(str(path)) as plan:
        importer.make_plan(db.session(), plan)

        assert plan.unlisted == 28
        assert importer.first_unlisted(session(), plan) == [
            f"h{n:02}" for n in range(2, 22)
        ]


# ---- folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "my inventory"
    for name, text in (
        ("hosts", "[web]\nweb-1\nweb-2 ansible_host=10.0.0.2\n"),
        ("more.yml", "db:\n  hosts:\n    db-1:\n"),
        ("group_vars/all.yml", "ntp: 10.0.0.9\n"),
        ("group_vars/web/main.yml", "tier: front\nports: [80, 443]\n"),
        ("host_vars/web-1.yml", "rack: 7\nsecret: !vault |\n  $ANSIBLE_VAULT;1.1\n"),
    ):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


def test_a_folder_is_refused_with_the_line_that_makes_a_file(flask, folder):
    code, out, err = flask(folder)

    assert (code, out) == (1, "")
    assert err == (
        f"Error: {folder}: is an Ansible directory. Convert it to one file, and "
        f"import that: ansible-inventory -i '{folder}' --list --export > "
        "inventory.json\n"
    )
    assert "name a file" in flask(folder / "host_vars")[2]


def test_variables_beside_a_file_are_shown(flask, folder, session):
    code, _, err = flask(folder / "hosts")

    assert code == 0
    assert "Note: Not read: group_vars/ and host_vars/ next to the file" in err
    assert f"ansible-inventory -i '{folder}/hosts' --list --export" in err


@pytest.mark.skipif(
    not ANSIBLE_INVENTORY.exists(), reason="ansible-core is not installed"
)
@pytest.mark.parametrize("export", [True, False])
def test_that_line_makes_a_file_that_is_understood(flask, folder, session, export):
    line = flask(folder)[2].partition("import that: ")[2].strip()
    if not export:
        line = line.replace(" --export", "")
    subprocess.run(
        ["sh", "-c", line],
        check=True,
        cwd=folder.parent,
        env={
            "PATH": f"{ANSIBLE_INVENTORY.parent}:{os.environ['PATH']}",
            "HOME": str(folder.parent),
            "LC_ALL": "C.UTF-8",
        },
        stderr=subprocess.DEVNULL,
    )
    code, out, _ = flask(folder.parent / "inventory.json")

    assert (code, out.partition(",")[0]) == (0, "3 hosts added")
    db.session.rollback()
    found = {v.name: v.value for v in effective_variables(hosts.find_host("web-1"))}
    assert found == {
        "ntp": "10.0.0.9",
        "tier": "front",
        "ports": [80, 443],
        "rack": 7,
        "secret": {"__ansible_vault": "$ANSIBLE_VAULT;1.1\n"},
    }
    assert hosts.find_host("web-2").ip_addr == "10.0.0.2"
    shutil.rmtree(folder)
