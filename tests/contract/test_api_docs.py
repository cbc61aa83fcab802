"""The examples of docs/api.md, run as they are there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostadmin import history
from hostadmin.inventory import groups, hosts

from ..helpers.api import Program
from ..helpers.paths import ROOT
from ..helpers.web_server import served

PAGE = (ROOT / "docs/api.md").read_text()
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"


def snippet(kind: str, holding: str) -> str:
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)
    [text] = [text for text in found if holding in text]
    return text


@pytest.fixture
def server(app, monkeypatch) -> Iterator[dict[str, str]]:
    """The settings with which the examples find a server of ours."""
    with served(app) as port:
        settings = {
            "HOSTADMIN_URL": f"http://127.0.0.1:{port}",
            "HOSTADMIN_TOKEN": Program(app).key,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield settings


# What the program does itself is tested on every engine elsewhere.
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@once
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_calls_with_curl_do_what_they_say(app, server, make_host):
    make_host(hostname="a", environment="prod")
    done = subprocess.run(
        ["sh", "-eu", "-c", snippet("sh", "curl")],
        env={"PATH": os.environ["PATH"], **server},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    with app.app_context():
        host = hosts.find_host("web-9")
        assert (host.owner, host.status.value) == ("web team", "maintenance")
        assert host.vars == {}
        assert hosts.find_host("web-10") is None


def test_the_mirror_is_equal_after_every_change(app, server, make_host, make_group):
    web = make_group(name="web")
    ids = [make_host(hostname=f"h{number}", groups=["web"]) for number in range(3)]
    reader = Program(app, "viewer")
    steps = iter(
        (
            lambda: hosts.add_host({"hostname": "new"}),
            lambda: hosts.change_host(ids[0], {"owner": "me"}),
            lambda: hosts.delete_host(ids[1]),
            lambda: groups.change_group(web, {"name": "front"}),
        )
    )

    def goes_on(mirror):
        assert mirror == {host["id"]: host for host in reader.all("/hosts")}
        step = next(steps, None)
        if step is not None:
            with app.app_context(), history.writing("tests"):
                step()
        return step is not None

    text = snippet("python", "requests").replace("while True:", "while goes_on(hosts):")
    exec(compile(text, "docs/api.md", "exec"), {"goes_on": goes_on})  # noqa: S102

    assert next(steps, None) is None


@once
@pytest.mark.skipif(not PLAYBOOK.exists(), reason="ansible-core is not installed")
def test_the_playbook_adds_a_host_and_confirms_it(app, server, tmp_path):
    (tmp_path / "play.yml").write_text(snippet("yaml", "ansible.builtin.uri"))

    def play() -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **server}
        environment |= {"LC_ALL": "C.UTF-8", "ANSIBLE_HOME": str(tmp_path / "ansible")}
        done = subprocess.run(
            [PLAYBOOK, "play.yml", "-e", "new_host=a/b%"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    first, second = play(), play()

    assert "skipped=1" in first
    assert "skipped=1" in second
    with app.app_context():
        assert hosts.find_host("a/b%").environment == "staging"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_takes_the_configuration(tmp_path):
    (tmp_path / "token").touch()
    (tmp_path / "prometheus.yml").write_text(snippet("yaml", "scrape_configs"))

    done = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_an_address_on_the_page_is_one_of_the_api(app):
    said = Program(app).get("/openapi.json").json["paths"]
    for path in re.findall(r"`(/plans/\w+)`", PAGE):
        assert f"/api/v1{path}" in said
