"""ssh itself says where each host of our ssh_config is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hostadmin.formats import ssh_config_write

from ..helpers.content import content_of_hosts

needs_ssh = pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")

HOSTS = [
    {
        "hostname": "web-1",
        "aliases": ["www", "grün", "two words", "db", "*", "!web-2"],
        "ip_addr": "10.0.0.1",
        "port": 2222,
        "vars": {"ansible_user": "root", "ssh_proxyjump": "me@jump:2200,[2001:db8::1]"},
    },
    {"hostname": "WEB_2", "ip_addr": "10.0.0.2", "aliases": ["db"], "port": 22},
    {"hostname": "relay-1", "ip_addr": "192.0.2.1", "port": 2201},
    {"hostname": "relay-2", "ip_addr": "192.0.2.1", "port": 2202},
    {"hostname": "six", "ip_addr": "2001:db8::6"},
    {"hostname": "2001:db8::7", "vars": {"ansible_user": "{{ who }}"}},
    {"hostname": "far", "vars": {"ansible_host": "far.example.net"}},
    {"hostname": "odd", "vars": {"ssh_proxyjump": "jump:0", "ansible_user": "a b"}},
    {"hostname": "none", "vars": {"ansible_host": "%h -x", "ssh_proxyjump": "none"}},
    *(
        {"hostname": name, "ip_addr": "10.9.9.9", "port": 9}
        for name in ("*", "w?b-1", "!web-1", "a b", "#x", 'q"', "-oProxyCommand=x", "=")
    ),
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text("".join(ssh_config_write.write(content_of_hosts(HOSTS), [])))
    path.chmod(0o600)
    return path


def ssh_settings(config: Path, name: str) -> dict[str, str]:
    done = subprocess.run(
        ["ssh", "-F", config, "-G", name], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    pairs = (line.partition(" ") for line in done.stdout.splitlines())
    return {key: value for key, _, value in pairs}


@needs_ssh
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-1", ("10.0.0.1", "2222", "root", "me@jump:2200,[2001:db8::1]", None)),
        ("www", ("10.0.0.1", "2222", "root", "me@jump:2200,[2001:db8::1]", None)),
        ("grün", ("10.0.0.1", "2222", "root", "me@jump:2200,[2001:db8::1]", None)),
        ("WEB_2", ("10.0.0.2", "22", None, None, None)),
        ("relay-1", ("192.0.2.1", "2201", None, None, "relay-1")),
        ("relay-2", ("192.0.2.1", "2202", None, None, "relay-2")),
        ("six", ("2001:db8::6", "22", None, None, None)),
        ("2001:db8::7", ("2001:db8::7", "22", None, None, None)),
        ("far", ("far.example.net", "22", None, None, None)),
        ("odd", ("odd", "22", None, None, None)),
        ("none", ("none", "22", None, None, None)),
        # What two hosts answer to, and what would be a pattern, is nobody.
        ("db", ("db", "22", None, None, None)),
        ("another", ("another", "22", None, None, None)),
        ("two", ("two", "22", None, None, None)),
    ],
)
def test_ssh_finds_each_host_and_nothing_else(config, name, expected):
    found = ssh_settings(config, name)
    nobody = ssh_settings(Path("/dev/null"), name)

    hostname, port, user, jump, alias = expected
    assert (found["hostname"], found["port"]) == (hostname, port)
    assert found["user"] == (user or nobody["user"])
    assert found.get("proxyjump") == jump
    assert found.get("hostkeyalias") == alias


def test_what_ssh_would_take_for_something_else_is_shown():
    notes: list[str] = []
    text = "".join(ssh_config_write.write(content_of_hosts(HOSTS), notes))

    said = "\n".join(notes)
    assert "10.9.9.9" not in text
    assert "not read as one name were left out: “*”, “w?b-1”," in said
    assert "and 3 more." in said
    assert "Aliases that ssh would not read as one name were left out" in said
    assert "Aliases of several hosts were left out: “db”" in said
    assert "Values of ProxyJump that ssh would refuse were left out: “jump:0”" in said
    assert (
        "Values of User that ssh would refuse were left out: “{{ who }}”, “a b”" in said
    )
