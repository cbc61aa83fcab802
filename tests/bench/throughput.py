"""How many list pages a server gives a second, and how long eight clients wait.

``python -m tests.bench.throughput --hosts 100000 [--uri URI]``: with one, two
and four processes, and with one while a file is imported. The clients are threads of
another process, each with an account of its own, and ask again as soon as they have
their page; they share the processor with the server.
"""

import argparse
import http.client
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from hostadmin import create_app, demo
from hostadmin.config import Settings
from hostadmin.db import schema
from hostadmin.db.session import db

from ..helpers.accounts import add_person, cookie_of
from ..helpers.paths import ROOT
from .imports import write_file
from .server import KEY, environment, serving

CLIENTS = 8
PAGES = ("/hosts/", "/hosts/?sort=-ip", "/hosts/?q=env:prod", "/hosts/?q=web-12")
IMPORTED = 20_000


def ask_until(
    is_over: Callable[[], bool], port: int, cookies: list[str]
) -> tuple[float, float, float]:
    """Return pages a second, and what half and 95 % of the clients wait for one."""
    taken: list[float] = []

    def run(cookie: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(1_000_000):
            if is_over():
                break
            begun = time.perf_counter()
            url = PAGES[number % len(PAGES)]
            connection.request("GET", url, headers={"Cookie": cookie})
            answer = connection.getresponse()
            assert len(answer.read()) > 10_000
            assert answer.status == 200
            taken.append(time.perf_counter() - begun)
        connection.close()

    begun = time.perf_counter()
    threads = [threading.Thread(target=run, args=(cookie,)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(taken) / (time.perf_counter() - begun)
    taken.sort()
    return rate, taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def beside_import(
    uri: str, folder: Path, port: int, cookies: list[str]
) -> tuple[float, float, float]:
    file = folder / "more.csv"
    write_file(file, IMPORTED)
    command = [sys.executable, "-m", "flask", "hosts", "import", str(file)]
    importing = subprocess.Popen(
        command, cwd=ROOT, env=environment(uri), stdout=subprocess.DEVNULL
    )
    found = ask_until(lambda: importing.poll() is not None, port, cookies)
    assert importing.returncode == 0
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--uri", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(options, options.uri or f"sqlite:///{folder}/hosts.sqlite", folder)


def run(options: argparse.Namespace, uri: str, folder: Path) -> None:
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key=KEY))
    schema.prepare(app)
    with app.app_context():
        demo.fill_if_empty(options.hosts)
        engine = db.engine.dialect.name
    now = time.time_ns()
    people = [add_person(app, "viewer", f"bench-{now + n}") for n in range(CLIENTS)]
    cookies = ["=".join(cookie_of(app, key)) for key in people]
    with app.app_context():
        db.engine.dispose()
    print(f"{options.hosts:,} hosts on {engine}, {CLIENTS} clients")
    print(f"{'':36}{'pages a second':>16}{'p50, ms':>10}{'p95, ms':>10}")

    def show(label: str, found: tuple[float, float, float]) -> None:
        rate, half, most = found
        print(f"{label:36}{rate:16.0f}{half * 1e3:10.0f}{most * 1e3:10.0f}", flush=True)

    for workers in (1, 2, 4):
        with serving(uri, workers) as (port, _):
            ask_until(for_seconds(3), port, cookies)
            found = ask_until(for_seconds(options.seconds), port, cookies)
            show(f"{workers} process{'es' * (workers > 1)}", found)
    with serving(uri) as (port, _):
        ask_until(for_seconds(3), port, cookies)
        found = beside_import(uri, folder, port, cookies)
        show("1 process, while a file is imported", found)


if __name__ == "__main__":
    main()
