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
from ..helpers.api import Program
from ..helpers.paths import ROOT
from ..helpers.servers import free_port
from ..helpers.web_server import served

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
    tags: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        self.tags.append(self.headers["If-None-Match"])
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
    Answers.tags.clear()
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
        (200, "Content-Type: text/html", "<html>Log in", "not respond with"),
        (200, "", "{}", "not respond with"),
        (200, "", "[]", "not respond with"),
        (200, "", '{"_meta": {"hostvars": [', "not respond with"),
        (200, "Content-Length: 999", INVENTORY, "IncompleteRead"),
        (302, "Location: /login", "", "responded 302"),
        (401, "", "", "responded 401 Unauthorized."),
        (400, "", '{"detail": "Unknown field “evn”."}', "Unknown field “evn”"),
        (503, "Retry-After: 5", "<html>", "responded 503"),
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


# ---- the last answer


def kept(folder: Path) -> list[Path]:
    return list((folder / ".cache" / "hostadmin").glob("*"))


def test_what_has_not_changed_is_not_sent_again(server, tmp_path):
    settings = {"HOSTADMIN_URL": server, "HOSTADMIN_TOKEN": "s3cret"}
    Answers.answer = (200, 'ETag: W/"one"', INVENTORY)
    first = ask(tmp_path, **settings)
    Answers.answer = (304, 'ETag: W/"one"', "")
    again = ask(tmp_path, **settings)

    assert first == again == (0, INVENTORY, "")
    assert Answers.tags == [None, 'W/"one"']
    [file] = kept(tmp_path)
    assert (file.stat().st_mode & 0o777, "s3cret" in file.read_text()) == (0o600, False)
    assert file.parent.stat().st_mode & 0o777 == 0o700


OUTAGES = [(503, "Retry-After: 5", "<html>"), (200, "Content-Length: 999", INVENTORY)]


@pytest.mark.parametrize("outage", OUTAGES)
def test_the_last_answer_stands_in_while_the_server_is_away(server, tmp_path, outage):
    settings = {"HOSTADMIN_URL": server, "HOSTADMIN_TOKEN": "s3cret"}
    Answers.answer = (200, 'ETag: W/"one"', INVENTORY)
    assert ask(tmp_path, **settings)[0] == 0
    [file] = kept(tmp_path)
    os.utime(file, (0, file.stat().st_mtime - 3 * 3600))
    Answers.answer = outage

    code, out, err = ask(tmp_path, **settings)
    assert (code, out) == (0, INVENTORY)
    assert "Using a response from 3 hours ago." in err
    # Not for somebody else, nor for another question; and not for ever.
    for other in (
        {"HOSTADMIN_TOKEN": "other"},
        {"HOSTADMIN_QUERY": "web*"},
        {"HOSTADMIN_CACHE": "-"},
        {"HOSTADMIN_CACHE_HOURS": "2"},
    ):
        assert ask(tmp_path, **settings | other)[:2] == (1, "")


@pytest.mark.parametrize(
    "answer",
    [(401, "", ""), (400, "", ""), (302, "Location: /", ""), (200, "", "<html>")],
)
def test_what_the_server_says_no_to_is_not_answered_from_what_is_kept(
    server, tmp_path, answer
):
    Answers.answer = (200, 'ETag: W/"one"', INVENTORY)
    assert ask(tmp_path, HOSTADMIN_URL=server)[0] == 0
    Answers.answer = answer

    assert ask(tmp_path, HOSTADMIN_URL=server)[:2] == (1, "")


def test_a_broken_or_forbidden_cache_does_not_matter(server, tmp_path):
    Answers.answer = (200, 'ETag: W/"one"', INVENTORY)
    assert ask(tmp_path, HOSTADMIN_URL=server)[0] == 0
    [file] = kept(tmp_path)
    file.write_bytes(b'W/"one"\n{"_meta": \xff')
    assert ask(tmp_path, HOSTADMIN_URL=server) == (0, INVENTORY, "")
    assert Answers.tags[-1] is None

    settings = {"HOSTADMIN_URL": server, "HOSTADMIN_CACHE": "/dev/null/no"}
    code, out, err = ask(tmp_path, **settings)
    assert (code, out) == (0, INVENTORY)
    assert "not cached" in err


def test_a_server_of_ours_says_what_has_not_changed(app, make_host, tmp_path):
    make_host(hostname="a")
    with served(app) as port:
        settings = {
            "HOSTADMIN_URL": f"http://127.0.0.1:{port}",
            "HOSTADMIN_TOKEN": Program(app, "viewer").key,
        }
        first = ask(tmp_path, **settings)
        again = ask(tmp_path, **settings)
    away = ask(tmp_path, **settings)

    assert [*json.loads(first[1])["_meta"]["hostvars"]] == ["a"]
    assert first == again
    assert (away[:2], "Using a response" in away[2]) == (first[:2], True)


def test_nobody_there_and_nothing_to_ask_are_errors(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"

    assert "refused" in ask(tmp_path, HOSTADMIN_URL=url)[2]
    assert "must start with http" in ask(tmp_path, HOSTADMIN_URL="file:///etc")[2]
    copy = shutil.copy(SCRIPT, tmp_path / "hosts")
    done = subprocess.run(
        [copy, "--list"], env=environment(tmp_path), capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"not in a hostadmin clone" in done.stderr


def test_variables_of_one_host_come_with_the_list(tmp_path):
    assert ask(tmp_path, "--host", "a") == (0, "{}\n", "")
