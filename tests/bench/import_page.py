"""What an import by the page costs, against the command.

``python -m tests.bench.import_page --hosts 1000000 [--uri URI] [--others]``: the same
file into two new databases, by ``flask hosts import`` and by a server that is sent the
file, as a browser would. With ``--others``, somebody opens pages meanwhile.
"""

import argparse
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db import schema
from hostadmin.db.session import db

from ..helpers.accounts import add_person, cookie_of
from ..helpers.paths import ROOT
from .imports import empty_databases, write_file
from .server import KEY, environment, serving

PAGES = ("/hosts/", "/hosts/?q=env:prod", "/hosts/?q=web-1", "/groups/", "/changes/")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """Return the seconds of a process and of the children that it waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def peak_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


class Client:
    """A browser of somebody who is logged in."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie, self.token = port, cookie, ""
        page = self.ask("GET", "/import/").decode()
        self.token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    def ask(self, method: str, path: str, body: object = None, **more: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"Cookie": self.cookie, **more}
        connection.request(method, path, body, headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        content = answer.read()
        if kept := answer.getheader("Set-Cookie"):
            self.cookie = kept.partition(";")[0]
        self.location = answer.getheader("Location", "")
        connection.close()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content

    def status(self, url: str) -> dict[str, object]:
        return json.loads(self.ask("GET", url, Accept="application/json"))

    def press(self, url: str, **fields: object) -> None:
        sent = {"csrf_token": self.token, **fields}
        kind = "application/x-www-form-urlencoded"
        self.ask("POST", url, urlencode(sent), **{"Content-Type": kind})

    def upload(self, file: Path) -> str:
        """Send a file, without reading it into memory; return the import's address."""
        head = (
            '--end\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            f"{self.token}\r\n"
            '--end\r\nContent-Disposition: form-data; name="file"; filename="f.csv"'
            "\r\n\r\n"
        ).encode()
        tail = b"\r\n--end--\r\n"

        def body() -> Iterator[bytes]:
            yield head
            with file.open("rb") as source:
                while block := source.read(2**16):
                    yield block
            yield tail

        size = str(len(head) + file.stat().st_size + len(tail))
        kind = {
            "Content-Type": "multipart/form-data; boundary=end",
            "Content-Length": size,
        }
        self.ask("POST", "/import/", body(), **kind)
        return self.location


def by_command(uri: str, file: Path) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "flask", "hosts", "import", str(file)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment(uri),
    )
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall, cpu


def by_page(uri: str, file: Path, cookie: str, *, others: bool) -> tuple[float, float]:
    with serving(uri) as (port, pid):
        client = Client(port, cookie)
        ended = threading.Event()
        taken: list[float] = []

        def look() -> None:
            while not ended.wait(0.2):
                for page in PAGES:
                    begun = time.perf_counter()
                    client.ask("GET", page)
                    taken.append(time.perf_counter() - begun)

        looking = threading.Thread(target=look)
        if others:
            looking.start()
        cpu, begun = cpu_of(pid), time.perf_counter()
        url = client.upload(file)
        marks: dict[str, float] = {"upload": time.perf_counter() - begun}
        costs = {"upload": cpu_of(pid) - cpu}
        gap, seen, seen_at = (0.0, ""), None, time.perf_counter()
        while (status := client.status(url))["step"] != "done":
            now = time.perf_counter()
            phase = str(status.get("phase", "planned"))
            marks[phase], costs[phase] = now - begun, cpu_of(pid) - cpu
            if (state := (phase, status.get("done"))) != seen:
                gap = max(gap, (now - seen_at, f"{seen} to {state}"))
                seen, seen_at = state, now
            if phase == "planned":
                client.press(f"{url}plan", plan=status["plan"], go="import")
            time.sleep(1)
        wall, cpu = time.perf_counter() - begun, cpu_of(pid) - cpu
        ended.set()
        if others:
            looking.join()
            taken.sort()
            half, most = (taken[int(len(taken) * part)] for part in (0.5, 0.95))
            print(f"  {len(taken)} pages: p50 {half:.2f} s, p95 {most:.2f} s")
        print(
            f"  peak {peak_of(pid)} MB; longest without progress {gap[0]:.1f} s,"
            f" {gap[1]}"
        )
        ends = (f"{k} {v:.1f} s ({costs[k]:.1f} s CPU)" for k, v in marks.items())
        print(f"  ends of phases: {', '.join(ends)}")
    return wall, cpu


def prepared(uri: str) -> str:
    """Make the tables, and return the cookie of an editor."""
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key=KEY))
    schema.prepare(app)
    with app.app_context():
        cookie = "=".join(cookie_of(app, add_person(app, "editor")))
        db.session.remove()
        db.engine.dispose()
    return cookie


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--uri", default="sqlite://")
    parser.add_argument("--others", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "hosts.csv"
        write_file(file, options.hosts)
        with empty_databases(options.uri, folder) as uris:
            found = {}
            for how, uri in zip(("command", "page"), uris, strict=True):
                cookie = prepared(uri)
                if how == "command":
                    found[how] = by_command(uri, file)
                else:
                    found[how] = by_page(uri, file, cookie, others=options.others)
                wall, cpu = found[how]
                print(f"{how}: {wall:.1f} s, {cpu:.1f} s CPU")
            ratios = [found["page"][n] / found["command"][n] for n in (0, 1)]
            print(
                f"{sa.make_url(uris[0]).get_backend_name()}, {options.hosts:,} hosts:"
            )
            print(f"page / command: wall {ratios[0]:.2f}, CPU {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
