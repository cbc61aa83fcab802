"""The ssh command: safe to paste, and what the real ssh makes of it."""

import shlex
import shutil
import subprocess

import pytest

from hostadmin.inventory.groups import EffectiveVariable
from hostadmin.inventory.ssh import ssh_command
from hostadmin.models import Host

from ..helpers.apps import unavailable


def command(variables=None, **fields):
    host = Host(**{"hostname": "web1", **fields})
    return ssh_command(
        host,
        [EffectiveVariable(*item, None) for item in (variables or {}).items()],
    )


@pytest.mark.parametrize(
    ("fields", "variables", "expected"),
    [
        ({}, {}, "ssh web1"),
        ({"port": None}, {}, "ssh web1"),
        ({"port": 2222}, {}, "ssh -p 2222 web1"),
        ({"ip_addr": "10.0.0.1"}, {}, "ssh 10.0.0.1"),
        ({"ip_addr": "2001:db8::1", "port": 2222}, {}, "ssh -p 2222 2001:db8::1"),
        ({}, {"ansible_user": "root"}, "ssh root@web1"),
        ({"ip_addr": "::1"}, {"ansible_user": "root"}, "ssh root@::1"),
        ({"ip_addr": "10.0.0.1"}, {"ansible_host": "jump.example"}, "ssh jump.example"),
        ({"port": None}, {"ansible_port": 2200}, "ssh -p 2200 web1"),
        ({"port": None}, {"ansible_port": "2200"}, "ssh -p 2200 web1"),
        ({"port": None}, {"ansible_port": 22}, "ssh web1"),
        ({"port": 2222}, {"ansible_port": 2200}, "ssh -p 2222 web1"),
    ],
)
def test_address_port_and_user_are_those_of_host_and_variables(
    fields, variables, expected
):
    assert command(variables, **fields) == expected


@pytest.mark.parametrize(
    "port", [True, False, 0, 70000, -1, "x", "{{ port }}", 22.5, None, [22], "-oX=y"]
)
def test_a_variable_that_is_no_port_is_left_out(port):
    assert command({"ansible_port": port}, port=None) == "ssh web1"


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", 5, True, ["x"], {"a": 1}, "{{ lookup('pipe', 'id') }}",
     "a\nb", "a\tb", "a\x1bb", "root\u202e", "a\u200bb"],
)  # fmt: skip
def test_a_variable_that_is_no_plain_text_is_left_out(value):
    variables = {"ansible_user": value, "ansible_host": value}

    assert command(variables) == "ssh web1"


EVIL = [
    ";rm -rf /", "$(id)", "`id`", "a b", "a'b", 'a"b', "a|b", "a&b", "*", "~", "$HOME",
    "-oProxyCommand=id", "--", "-", "a\\b", "!!", "#x", "a>b", "é", "😀",
]  # fmt: skip


@pytest.mark.parametrize("text", EVIL)
def test_a_shell_sees_one_word_whatever_the_text(text):
    for shown, target in (
        (command(hostname=text), text),
        (command({"ansible_host": text}), text),
        (command({"ansible_user": text}), f"{text}@web1"),
    ):
        words = shlex.split(shown)
        assert "\n" not in shown
        assert words[-1] == target
        assert words[:-1] == (["ssh", "--"] if target.startswith("-") else ["ssh"])


@pytest.mark.parametrize("text", EVIL)
def test_a_real_shell_runs_nothing_of_it(text, tmp_path):
    shown = command(hostname=text, port=2222).removeprefix("ssh ")
    done = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {shown}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert done.stdout.splitlines()[-1] == text
    assert done.stderr == ""


def ssh_reads(shown):
    """Return what the real ssh would do, without doing it."""
    if not shutil.which("ssh"):
        unavailable("ssh is not installed")
    _, *rest = shlex.split(shown)
    done = subprocess.run(
        ["ssh", "-G", "-F", "/dev/null", *rest],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return done.returncode, {name: value for name, _, value in lines}


@pytest.mark.parametrize(
    ("fields", "variables", "expected"),
    [
        ({"hostname": "web1.example"}, {}, ("web1.example", "22", None)),
        ({"ip_addr": "10.0.0.1", "port": 2222}, {}, ("10.0.0.1", "2222", None)),
        ({"ip_addr": "2001:db8::1"}, {}, ("2001:db8::1", "22", None)),
        ({"ip_addr": "::1"}, {"ansible_user": "root"}, ("::1", "22", "root")),
        ({"port": None}, {"ansible_port": "2200"}, ("web1", "2200", None)),
        ({}, {"ansible_user": "a@corp.example"}, ("web1", "22", "a@corp.example")),
    ],
)
def test_the_real_ssh_reads_host_port_and_user(fields, variables, expected):
    code, read = ssh_reads(command(variables, **fields))

    host, port, user = expected
    assert code == 0
    assert (read["hostname"], read["port"]) == (host, port)
    assert user is None or read["user"] == user


@pytest.mark.parametrize("name", ["-oProxyCommand=id", "-G", "--", "-Fx", "-p22"])
def test_the_real_ssh_takes_no_name_for_an_option(name):
    code, read = ssh_reads(command(hostname=name))

    assert "proxycommand" not in read
    assert code != 0 or read["hostname"] == name.lower()
