"""Configurations of ssh: the same hosts, addresses and settings as ``ssh -G``."""

import shutil
import subprocess

import pytest

from hostadmin.formats import ssh_config
from hostadmin.formats.detect import detect
from hostadmin.formats.rows import Row


def read(text: str) -> tuple[list[Row], str]:
    notes: list[str] = []
    rows = list(ssh_config.read("config", [text], notes))
    return rows, " ".join(notes)


CONFIG = """\
# before any host, for all
AddKeysToAgent yes
Port 2200

Host web1 www web1.example.net
  HostName 10.0.0.1
  User "deploy"
  Port=2222   # never reached: the first one wins
Host web1
    User late
    ProxyJump gate
Host db-*
  User postgres
  ProxyJump none
Host db-1 db-2 !db-2
  HostName %h.example.net
Host db-3
  PROXYJUMP=user@gate:2222
Host 192.0.2.7
Host gate
  HostName 2001:db8::1
Host !gate *
  User nobody
  IdentityFile ~/.ssh/id
"""


def test_each_host_has_the_settings_that_hold_for_it():
    rows, _ = read(CONFIG)

    assert [dict(row.values) for row in rows] == [
        {
            "hostname": "web1",
            "aliases": ["www", "web1.example.net"],
            "ip_addr": "10.0.0.1",
            "port": "2200",
            "vars": {"ansible_user": "deploy", "proxy_jump": "gate"},
        },
        {
            "hostname": "db-1",
            "port": "2200",
            "vars": {"ansible_host": "db-1.example.net", "ansible_user": "postgres"},
        },
        {
            "hostname": "db-2",
            "port": "2200",
            "vars": {"ansible_user": "postgres"},
        },
        {
            "hostname": "db-3",
            "port": "2200",
            "vars": {"ansible_user": "postgres"},
        },
        {
            "hostname": "192.0.2.7",
            "ip_addr": "192.0.2.7",
            "port": "2200",
            "vars": {"ansible_user": "nobody"},
        },
        {"hostname": "gate", "ip_addr": "2001:db8::1", "port": "2200"},
    ]


@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed")
@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        "Host a\n Port 1\nHost *\n Port 2\n User x\nHost b\n User y\n",
        "User first\nHost a b\n HostName %h.%%x\n User second\n",
        "Host a? a1\n HostName one\nHost a1\n HostName two\n Port 7\n",
        "Host\t=\ta\n\tUser\t=\tu\nHost A\n User w\n Port 9\n",
    ],
)
def test_ssh_itself_says_the_same(tmp_path, config):
    path = tmp_path / "config"
    path.write_text(config)
    rows, _ = read(config)

    assert rows
    for row in rows:
        values = dict(row.values)
        variables = values.get("vars", {})
        settings = _ssh(path, values["hostname"])
        place = values.get("ip_addr") or variables.get("ansible_host")
        assert settings["hostname"] == (place or values["hostname"]).lower()
        assert settings["port"] == values.get("port", "22")
        if user := variables.get("ansible_user"):
            assert settings["user"] == user
        assert settings.get("proxyjump") == variables.get("proxy_jump")


def _ssh(path, name):
    output = subprocess.run(
        ["ssh", "-G", "-F", str(path), name],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(line.partition(" ")[::2] for line in output.splitlines())


def test_include_and_match_are_shown():
    rows, notes = read(
        "Include ~/.ssh/config.d/*\nMatch host web1 user x\n  User root\nHost web1\n"
    )

    assert [dict(row.values) for row in rows] == [{"hostname": "web1"}]
    assert "Include was not followed: “~/.ssh/config.d/*”" in notes
    assert "Settings in Match blocks were not read" in notes


def test_names_that_ssh_leads_to_several_places_are_several_hosts():
    rows, notes = read("Host web1 web2\n User x\nHost a b\n HostName %h.example.net\n")

    assert [row.values["hostname"] for row in rows] == ["web1", "web2", "a", "b"]
    assert "were read as several hosts: “web1 web2”, “a b”" in notes


@pytest.mark.parametrize("text", ["Host *\n User x\n", "Host web? !web1\n User x\n"])
def test_patterns_are_no_hosts(text):
    rows, notes = read(text)

    assert rows == []
    assert "The file has no hosts." in notes


@pytest.mark.parametrize("line", ["Port", 'User "open', "= x", "Ho st"[:2]])
def test_a_line_that_ssh_refuses_is_an_error_of_its_host(line):
    rows, _ = read(f"Host web1\n{line}\n")

    assert "line 2 is not an SSH setting" in rows[0].errors[0].message


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (CONFIG, "ssh_config"),
        ("Host *\nHost paul\n", "ssh_config"),
        ("host=web1\n\tuser=x\n", "ssh_config"),
        ("Include conf.d/*\n\nHost web1\n  HostName 10.0.0.1\n", "ssh_config"),
        ("Host\nweb1\nweb2\n", "csv"),
        ("Host\tUser\nweb1\troot\nweb2\troot\n", "csv"),
        ("Host,Port\nweb1,22\n", "csv"),
    ],
)
def test_a_configuration_is_distinguished_from_a_table(text, format):
    assert detect(text) == format
