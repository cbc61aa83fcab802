"""The proxies of docs/operations.md, run as they are written there."""

import contextlib
import http.client
import json
import logging
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostadmin import create_app, history
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.web.logs import AsJson

from ..helpers.accounts import add_person, cookie_of
from ..helpers.apps import unavailable
from ..helpers.hosts import add_hosts
from ..helpers.paths import ROOT
from ..helpers.servers import SBIN, free_port
from ..helpers.web_server import served

NAME = "hosts.example"
# Another one than that of the proxy, which is believed.
CLIENT = "127.0.0.2"
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
NGINX = """
pid {folder}/pid;
error_log {folder}/log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{documented}
}}
"""
COMMANDS = {
    "nginx": ["-e", "stderr", "-g", "daemon off;", "-c"],
    "haproxy": ["-db", "-f"],
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a key and a certificate for the name, apart and in one file."""
    if shutil.which("openssl") is None:
        unavailable("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, own, both = (folder / name for name in ("key", "pem", "both"))
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    made += ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    made += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", own]
    subprocess.run(made, check=True, capture_output=True)
    both.write_text(own.read_text() + key.read_text())
    return {"key": key, "pem": own, "both.pem": both}


@pytest.fixture
def database(sqlite_uri):
    """What a proxy does is the same on every engine."""
    return sqlite_uri


@pytest.fixture
def behind(app, database):
    """The app as one for others, on a port of its own."""
    settings = Settings(
        _env_file=None,
        database_uri=database,
        secret_key="0123456789abcdef" * 3,
        production=True,
        allowed_hosts=NAME,
        trusted_proxies="127.0.0.1",
    )
    own = create_app(settings)
    with served(own) as port:
        yield own, port
    with own.app_context():
        db.engine.dispose()


@pytest.fixture(params=[*COMMANDS, "nginx of compose"])
def proxy(request, behind, certificate, tmp_path):
    """Start the program with what is documented; only ports and paths are ours."""
    name, _, other = request.param.partition(" of ")
    program = shutil.which(name, path=os.pathsep.join((os.defpath, *SBIN)))
    if program is None:
        unavailable(f"{name} is not installed")
    port = free_port()
    documented = re.search(rf"```{name}\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    if other:
        documented = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
    changed = {
        "listen 443": f"listen 127.0.0.1:{port}",
        "bind :443": f"bind 127.0.0.1:{port}",
        "127.0.0.1:8000": f"127.0.0.1:{behind[1]}",
        "server app:8000": f"server 127.0.0.1:{behind[1]}",
        "/etc/nginx/secrets/tls.pem": str(certificate["pem"]),
        "/etc/nginx/secrets/tls.key": str(certificate["key"]),
        # Longest first: one path begins like the other.
        **{f"/etc/ssl/{NAME}.{end}": str(p) for end, p in certificate.items()},
        "client_header_timeout 10s": "client_header_timeout 1s",
        "http-request 10s": "http-request 1s",
    }
    for old, new in sorted(changed.items(), key=lambda item: -len(item[0])):
        documented = documented.replace(old, new)
    file = tmp_path / "proxy.conf"
    if name == "nginx":
        user = "user root;" if os.geteuid() == 0 else ""
        documented = NGINX.format(folder=tmp_path, documented=documented, user=user)
    file.write_text(documented)
    command = [program, *COMMANDS[name], str(file)]
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for(port, process, tmp_path)
        yield Proxy(port, certificate["pem"], behind[0])
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port, process, folder):
    for _ in range(100):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        assert process.poll() is None, (folder / "output").read_text()
        time.sleep(0.05)
    raise AssertionError("the proxy does not listen")


class Proxy:
    def __init__(self, port, trusted, app):
        self.port = port
        self.app = app
        self._context = ssl.create_default_context(cafile=trusted)

    def connect(self):
        raw = socket.create_connection(
            *(("127.0.0.1", self.port), 10), source_address=(CLIENT, 0)
        )
        try:
            return self._context.wrap_socket(raw, server_hostname=NAME)
        except OSError:
            raw.close()
            raise

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self.connect()
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, path, body, names)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer


def test_pages_log_in_and_exports_go_through_it(proxy, session):
    with history.writing("tests"):
        add_hosts({"hostname": f"h{n}", "notes": "x" * 500} for n in range(300))
    assert proxy.ask("GET", "/healthz").status == 200
    login = proxy.ask("GET", "/login")
    assert "__Host-" in login.headers["Set-Cookie"]
    assert "Secure" in login.headers["Set-Cookie"]
    assert login.headers["Strict-Transport-Security"]

    cookie = "=".join(cookie_of(proxy.app, add_person(proxy.app, "viewer")))
    page = proxy.ask("GET", "/hosts/", Cookie=cookie)
    assert page.status == 200
    export = proxy.ask("GET", "/export/csv", Cookie=cookie)
    assert export.text.count("\n") == 301
    # Sent while it is read, not kept back and sent whole.
    assert "Content-Length" not in export.headers


def test_nothing_that_a_client_says_of_itself_is_believed(proxy, caplog):
    caplog.set_level(logging.INFO)
    forged = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Host": "evil.example"}

    answer = proxy.ask("GET", "/login", **forged, X_Forwarded_Proto="http")

    assert answer.status == 200
    assert "evil.example" not in answer.text
    assert "Secure" in answer.headers["Set-Cookie"]
    logged = [json.loads(AsJson().format(record)) for record in caplog.records]
    assert [line["client"] for line in logged if line.get("path") == "/login"] == [
        CLIENT
    ]


def test_what_is_too_large_is_refused_before_it_is_sent(proxy):
    connection = http.client.HTTPConnection(NAME)
    connection.sock = proxy.connect()
    connection.putrequest("POST", "/login")
    connection.putheader("Content-Length", str(512 * 1024**2))
    connection.endheaders()

    # Who waited for the body would wait for ever.
    assert connection.getresponse().status == 413
    connection.close()


def begun(proxy, lines):
    """Begin a request and leave it at that; None if it is refused at once."""
    connection = None
    try:
        connection = proxy.connect()
        connection.sendall(lines)
    except OSError:
        if connection is not None:
            connection.close()
        return None
    connection.settimeout(0.02)
    return connection


def waits(connection):
    """Whether nothing came of it so far; any answer to half a request is a refusal."""
    try:
        connection.recv(100)
    except TimeoutError:
        return True
    except OSError:
        pass
    connection.close()
    return False


POST = b"POST /login HTTP/1.1\r\nHost: hosts.example\r\nContent-Length: 9\r\n\r\nx"


# Python 3.11 forgets to close a socket that was reset before its handshake began.
@pytest.mark.filterwarnings(
    "ignore:Exception .* <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
def test_of_one_client_not_more_than_64_connections_wait(proxy):
    with ThreadPoolExecutor(80) as at_once:
        there = list(at_once.map(lambda _: begun(proxy, POST), range(80)))
    open_ones = [connection for connection in there if connection is not None]
    end = time.monotonic() + 30
    try:
        # A busy proxy takes its time to refuse.
        while len(open_ones) > 64 and time.monotonic() < end:
            open_ones = [one for one in open_ones if waits(one)]
        open_ones = [one for one in open_ones if waits(one)]
        assert 60 <= len(open_ones) <= 64
    finally:
        for connection in open_ones:
            connection.close()


def test_half_a_request_ends(proxy):
    with proxy.connect() as slow:
        slow.sendall(POST.partition(b"Content")[0] + b"X-More:")
        # Ended, with an answer or without; a time-out would be an error.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert b" 200 " not in slow.recv(1000)
