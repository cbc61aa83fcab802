"""The script for ``ansible -i``: our hosts, or an error, never anything else."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hostadmin.db.session import db

from ..helpers.ansible import ANSIBLE_INVENTORY, needs_ansible
from ..helpers.paths import ROOT
from ..helpers.servers import free_port

SCRIPT = ROOT / "docs/hostadmin_inventory.py"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        **settings,
    }


def ask_ansible(folder: Path, script: Path, **settings: str) -> dict:
    done = subprocess.run(
        [ANSIBLE_INVENTORY, "-i", script, "--list"],
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ask(folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, *(words or ["--list"])],
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@needs_ansible
def test_ansible_reads_the_database_of_the_clone(
    session, make_host, make_group, tmp_path
):
    make_group(name="env-prod", vars={"dns": ["10.0.0.1"]})
    make_host(hostname="-a b", ip_addr="10.0.0.9", groups=["env-prod"], port=2222)
    make_host(hostname="other")
    link = tmp_path / "hosts"
    link.symlink_to(SCRIPT)
    uri = db.engine.url.render_as_string(hide_password=False)

    found = ask_ansible(
        tmp_path,
        link,
        HOSTADMIN_DATABASE_URI=uri,
        HOSTADMIN_SECRET_KEY="x" * 40,
        HOSTADMIN_QUERY="-other",
    )

    assert found["env-prod"]["hosts"] == ["-a b"]
    assert found["_meta"]["hostvars"] == {
        "-a b": {"ansible_host": "10.0.0.9", "ansible_port": 2222, "dns": ["10.0.0.1"]}
    }


# ---- over HTTP


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with what the test says, and notes what it was asked."""

    answer: ClassVar[tuple[int, str, str]]
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        status, headers, body = self.answer
        self.send_response(status)
        for line in headers.splitlines():
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    port = free_port()
    server = http.server.HTTPServer(("127.0.0.1", port), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    Answers.asked.clear()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


INVENTORY = json.dumps({"all": {"hosts": ["a"]}, "_meta": {"hostvars": {"a": {}}}})


@needs_ansible
def test_ansible_reads_a_server(server, tmp_path):
    Answers.answer = (200, "Content-Type: application/json", INVENTORY)
    copy = shutil.copy(SCRIPT, tmp_path / "hosts")
    (tmp_path / "token").write_text("s3cret\n")

    found = ask_ansible(
        tmp_path,
        copy,
        HOSTADMIN_URL=f"{server}/",
        HOSTADMIN_TOKEN_FILE=str(tmp_path / "token"),
        HOSTADMIN_QUERY="env:prod -a&b",
    )

    assert found["ungrouped"]["hosts"] == ["a"]
    assert Answers.asked == [
        ("/export/ansible?q=env%3Aprod+-a%26b", "Bearer s3cret"),
    ]


@pytest.mark.parametrize(
    ("status", "headers", "body", "message"),
    [
        (200, "Content-Type: text/html", "<html>Log in", "no inventory"),
        (200, "", "{}", "no inventory"),
        (200, "", "[]", "no inventory"),
        (200, "", '{"_meta": {"hostvars": [', "no inventory"),
        (200, "Content-Length: 999", INVENTORY, "IncompleteRead"),
        (302, "Location: /login", "", "answers 302"),
        (401, "", "", "answers 401 Unauthorized."),
        (400, "", '{"error": "There is no field “evn”."}', "no field “evn”"),
        (503, "Retry-After: 5", "<html>", "answers 503"),
    ],
)
def test_what_is_no_inventory_is_an_error(
    server, tmp_path, status, headers, body, message
):
    Answers.answer = (status, headers, body)

    code, out, err = ask(tmp_path, HOSTADMIN_URL=server, HOSTADMIN_TOKEN="s3cret")

    assert (code, out) == (1, "")
    assert message in err
    assert "s3cret" not in err
    # It goes nowhere else, least of all with the token.
    assert len(Answers.asked) == 1


def test_nobody_there_and_nothing_to_ask_are_errors(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"

    assert "refused" in ask(tmp_path, HOSTADMIN_URL=url)[2]
    assert "neither http" in ask(tmp_path, HOSTADMIN_URL="file:///etc")[2]
    copy = shutil.copy(SCRIPT, tmp_path / "hosts")
    done = subprocess.run(
        [copy, "--list"], env=environment(tmp_path), capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"in no clone" in done.stderr


def test_variables_of_one_host_come_with_the_list(tmp_path):
    assert ask(tmp_path, "--host", "a") == (0, "{}\n", "")
