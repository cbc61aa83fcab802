"""The server as a process of its own."""

import contextlib
import http.client
import json
import os
import pty
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hostadmin import wsgi

from .helpers.servers import free_port

ROOT = Path(__file__).parent.parent


@pytest.fixture
def settings(tmp_path):
    return {
        "HOSTADMIN_DATABASE_URI": f"sqlite:///{tmp_path}/hosts.sqlite",
        "HOSTADMIN_SECRET_KEY": "x" * 40,
        "HOSTADMIN_BIND": f"127.0.0.1:{free_port()}",
    }


def start(settings, *arguments):
    return subprocess.Popen(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        text=True,
    )


def fetch(settings, path):
    url = f"http://{settings['HOSTADMIN_BIND']}{path}"
    for _ in range(600):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(url, timeout=5).status
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_it_prepares_serves_and_ends_at_a_signal(settings):
    process = start(settings, "--prepare")
    try:
        assert fetch(settings, "/healthz") == 200
        assert fetch(settings, "/readyz") == 200
        assert fetch(settings, "/hosts/") == 200
        # Refused by its announcement, before a disk is filled with it.
        connection = http.client.HTTPConnection(settings["HOSTADMIN_BIND"], timeout=5)
        connection.putrequest("POST", "/login")
        connection.putheader("Content-Length", str(512 * 1024**2))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)

    assert process.returncode == 0
    assert f"http://{settings['HOSTADMIN_BIND']}/" in log


def for_others(settings):
    return settings | {
        "HOSTADMIN_SECRET_KEY": secrets.token_hex(32),
        "HOSTADMIN_PRODUCTION": "1",
        "HOSTADMIN_ALLOWED_HOSTS": "hosts.example",
        "HOSTADMIN_TRUSTED_PROXIES": "127.0.0.1",
    }


def test_the_link_of_the_first_account_is_in_no_log_of_a_server_for_others(settings):
    process = start(for_others(settings), "--prepare")
    fetch(settings, "/healthz")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)

    assert "There are no accounts yet" in log
    assert "flask accounts add" in log
    assert "setup" not in log


def test_the_link_on_a_terminal_is_one_that_browsers_can_open(settings):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "app.py", "--prepare"],
        cwd=ROOT,
        env=os.environ | for_others(settings),
        stderr=theirs,
    ) as process:
        fetch(settings, "/healthz")
        process.send_signal(signal.SIGTERM)
    log = os.read(ours, 100_000).decode()
    os.close(theirs)
    os.close(ours)

    [link] = re.findall(r"\S+/setup/\S+", log)
    assert link.startswith("https://hosts.example/setup/")


# The real server with one more page, which takes its time.
SLOW = """
import sys, time
from hostadmin import server
from hostadmin.permissions import policy
make = server.create_app
def create_app(settings, **how):
    app = make(settings, **how)
    @app.get("/slow")
    def slow():
        time.sleep(2)
        return "x" * 200_000
    policy.POLICY["slow"] = {"GET": policy.OPEN}
    return app
server.create_app = create_app
sys.exit(server.main(["--prepare"]))
"""


def test_what_was_begun_is_finished_and_the_log_is_json(settings):
    address = settings["HOSTADMIN_BIND"].rpartition(":")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW],
        cwd=ROOT,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert fetch(settings, "/healthz") == 200
        # One that says nothing must not hold the server up.
        with socket.create_connection((address[0], int(address[2]))):
            slow = f"http://{settings['HOSTADMIN_BIND']}/slow"
            with ThreadPoolExecutor() as pool:
                answer = pool.submit(lambda: urllib.request.urlopen(slow).read())
                time.sleep(0.5)
                process.send_signal(signal.SIGTERM)
                begun = time.monotonic()
                assert len(answer.result(20)) == 200_000
        assert process.wait(20) == 0
        assert time.monotonic() - begun < 10
        log = process.stderr.read()

    lines = [json.loads(line) for line in log.splitlines()]
    # A busy machine is asked more than once whether it is there.
    paths = [line["path"] for line in lines if "path" in line]
    assert [path for path in paths if path != "/healthz"] == ["/slow"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(slow)


# The real server, which waits for one second, with pages that never end: one in Python
# and one in the database, which it writes to.
STUCK = """
import sys, time
from hostadmin import server, wsgi
from hostadmin.db.session import db, write_transaction
from hostadmin.permissions import policy
from sqlalchemy import text
make = server.create_app
def create_app(settings, **how):
    app = make(settings, **how)
    @app.get("/stuck")
    def stuck():
        while True:
            time.sleep(60)
    @app.get("/writes")
    def writes():
        with write_transaction():
            db.session.execute(text("DELETE FROM hosts"))
            db.session.execute(text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                "SELECT max(i) FROM n"
            ))
    @app.get("/endless")
    def endless():
        return (b"x" * 65536 for _ in iter(int, 1))
    for name in ("stuck", "writes", "endless"):
        policy.POLICY[name] = {"GET": policy.OPEN}
    return app
server.create_app = create_app
wsgi.OPTIONS["timeout_graceful_shutdown"] = 1
sys.exit(server.main(["--prepare"]))
"""


def test_it_ends_in_time_whatever_runs(settings):
    host, _, port = settings["HOSTADMIN_BIND"].rpartition(":")
    connections = []
    asked = ["GET /stuck", "GET /writes", "GET /endless", "GET /half", "POST /login"]
    with (
        subprocess.Popen(
            [sys.executable, "-c", STUCK],
            cwd=ROOT,
            env=os.environ | settings,
            stderr=subprocess.DEVNULL,
        ) as process,
        contextlib.ExitStack() as stack,
    ):
        assert fetch(settings, "/healthz") == 200
        for line in asked:
            connection = socket.create_connection((host, int(port)))
            connections.append(stack.enter_context(connection))
            size = "Content-Length: 9\r\n" if "POST" in line else ""
            end = "" if "half" in line else "\r\n"
            head = f"{line} HTTP/1.1\r\nHost: localhost\r\n{size}{end}"
            connection.sendall(head.encode())
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        # One second, and what a busy machine takes; the real ones are 22.
        assert time.monotonic() - begun < 10
        # Who asked first gets an answer, and not that it was a fault.
        assert connections[0].recv(1000).startswith(b"HTTP/1.1 503 ")
    assert wsgi.FINISH_SECONDS < 25


def failed(settings, *arguments):
    """Return the one line with which the start ends."""
    process = start(settings, *arguments)
    _, log = process.communicate(timeout=20)
    lines = log.strip().splitlines()
    assert process.returncode == 1
    assert len(lines) == 1, log
    return lines[0]


def test_a_taken_port_is_shown_in_one_line(settings):
    host, _, port = settings["HOSTADMIN_BIND"].partition(":")
    with socket.create_server((host, int(port))):
        assert "Address already in use" in failed(settings, "--prepare")


def test_without_tables_it_names_the_command(settings):
    assert "flask database upgrade" in failed(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOSTADMIN_BIND", "nonsense"),
        ("HOSTADMIN_BIND", "0.0.0.0:8000"),
        ("HOSTADMIN_BIND", "127.0.0.1:99999"),
        ("HOSTADMIN_DATABASE_URI", "nosuch://x"),
        ("HOSTADMIN_DATABASE_URI", "postgresql://u:hunter2@127.0.0.1:1/x"),
        ("HOSTADMIN_SECRET_KEY", "short"),
        ("HOSTADMIN_THREADS", "many"),
        ("HOSTADMIN_PRODUCTION", "1"),
    ],
)
def test_nonsense_is_refused_in_one_line(settings, name, value):
    line = failed(settings | {name: value})

    assert "HOSTADMIN_" in line
    assert "hunter2" not in line


# For others; the key is one that nobody else has.
FOR_OTHERS = {
    "HOSTADMIN_PRODUCTION": "1",
    "HOSTADMIN_SECRET_KEY": secrets.token_hex(32),
    "HOSTADMIN_ALLOWED_HOSTS": "hosts.example",
}


def test_a_server_for_others_starts_and_is_strict(settings):
    process = start(settings | FOR_OTHERS, "--prepare")
    try:
        assert fetch(settings, "/healthz") == 200
        connection = http.client.HTTPConnection(settings["HOSTADMIN_BIND"], timeout=20)
        connection.request("GET", "/login")
        response = connection.getresponse()
        response.read()
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-hostadmin=")
        assert "Secure" in cookie
        connection.request("GET", "/login", headers={"Host": "evil.example"})
        assert connection.getresponse().status == 400
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"HOSTADMIN_SECRET_KEY": "changeme-" * 5}, "H002 HOSTADMIN_SECRET_KEY"),
        ({"HOSTADMIN_SECRET_KEY": "ab" * 30}, "H004 HOSTADMIN_SECRET_KEY"),
        ({"HOSTADMIN_ALLOWED_HOSTS": ""}, "H020 HOSTADMIN_ALLOWED_HOSTS"),
        ({"HOSTADMIN_SECURE_COOKIES": "0"}, "H030 HOSTADMIN_SECURE_COOKIES"),
        ({"FLASK_DEBUG": "1"}, "H010 Debug mode is on"),
    ],
)
def test_a_server_for_others_refuses_to_start_in_one_line(settings, change, words):
    line = failed(settings | FOR_OTHERS | change, "--prepare")

    assert words in line
    assert "Traceback" not in line
    assert settings["HOSTADMIN_SECRET_KEY"] not in line


# ---- several processes


@pytest.fixture
def several(settings, tmp_path):
    """A server of two processes; its log so far is in the file."""
    log = tmp_path / "log"
    settings = settings | {"HOSTADMIN_WORKERS": "2"}
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "app.py", "--prepare"],
            cwd=ROOT,
            env=os.environ | settings,
            stderr=file,
        ) as process,
    ):
        yield process, log, settings
        process.terminate()


def started(log, count):
    """Return the ids of the processes that serve, as soon as so many have begun."""
    for _ in range(1800):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        messages = [line["message"] for line in lines]
        found = [m for m in messages if m.startswith("Started server process")]
        if len(found) >= count:
            return [int(message.split("[")[1].rstrip("]")) for message in found]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask_once(settings, path):
    connection = http.client.HTTPConnection(settings["HOSTADMIN_BIND"], timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def counted(settings, token):
    """Return how many times /healthz was answered, as /metrics has it."""
    connection = http.client.HTTPConnection(settings["HOSTADMIN_BIND"], timeout=20)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
    text = connection.getresponse().read().decode()
    connection.close()
    name = 'hostadmin_requests_total{endpoint="health.healthz"'
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith(name)
    )


def add_token(settings):
    return subprocess.run(
        [sys.executable, "-m", "flask", "tokens", "add", "tool", "--role", "viewer"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_several_processes_are_one_server(several):
    process, log, settings = several
    assert fetch(settings, "/healthz") == 200
    first = started(log, 2)
    token = add_token(settings)
    asked = counted(settings, token)
    for _ in range(20):
        assert ask_once(settings, "/healthz") == 200
        asked += 1
    assert counted(settings, token) == asked

    # Several die in a row: the one of the first, and each that took its place.
    dying = first[0]
    for count in (3, 4, 5):
        os.kill(dying, signal.SIGKILL)
        new = started(log, count)[-1]
        assert f"[{dying}] died" in log.read_text()
        dying = new
    # What the dead ones counted is not lost.
    assert counted(settings, token) == asked

    process.send_signal(signal.SIGHUP)
    answers = []
    while len(answers) < 50 or f"Waiting for child process [{first[1]}]" not in (
        log.read_text()
    ):
        # Nothing is tried again: none may be lost.
        answers.append(ask_once(settings, "/login"))
        assert len(answers) < 5000
    assert set(answers) == {200}

    started(log, 7)
    process.terminate()
    assert process.wait(25) == 0
    assert log.read_text().count("/setup/") == 1
    assert "Traceback" not in log.read_text()


def test_processes_that_cannot_start_end_the_server(several):
    process, log, settings = several
    assert fetch(settings, "/healthz") == 200
    first = started(log, 2)
    Path(settings["HOSTADMIN_DATABASE_URI"].removeprefix("sqlite:///")).unlink()
    os.kill(first[0], signal.SIGKILL)

    assert process.wait(240) == 1
    assert "The database has no tables yet" in log.read_text()
