"""What others meet while two accounts ask for all they can.

``python -m tests.bench.hostile --hosts 100000 --seconds 120 [--uri URI]``: a viewer and
an editor send eight requests at a time that take long; three others use pages, save and
ask for the health of the server. Both run beside the server, as processes of their own.
"""

import argparse
import http.client
import multiprocessing
import random
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from hostadmin import create_app, demo
from hostadmin.config import Settings
from hostadmin.db import schema
from hostadmin.db.session import db

from ..helpers.accounts import add_person, cookie_of
from .server import KEY, serving

AT_ONCE = 8
DEEP = quote(" ".join(f"var.a.b.c~x{number}" for number in range(40)))
READS = (
    *("/export/json", "/export/csv", "/export/ansible?q=env:prod", "/data-quality/"),
    *("/stats/?by=var.rack&by=os", "/stats/table.csv?by=hostname&by=ip"),
    *(f"/hosts/?q={DEEP}", "/hosts/?sort=-var.rack&q=env:dev"),
    f"/hosts/?q={quote('notes~zzzz or *a*b*c*d*e*')}",
)
PAGES = ("/hosts/", "/hosts/?q=env:prod", "/hosts/?q=web-1", "/hosts/?sort=-owner")
MANY_NAMES = " ".join(f"web-{number}.example.net" for number in range(60_000))
MANY_GROUPS = ",".join(f"group-{number}" for number in range(2_000))


class Client:
    """Somebody who is logged in."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port = port
        self.cookie = cookie
        self.token = ""
        if cookie:
            page = self.ask("/hosts/")[1]
            found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
            self.token = found[1].decode() if found else ""

    def ask(self, path: str, **form: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = None
        if form:
            body = urlencode({"csrf_token": self.token, **form})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST" if form else "GET", path, body, headers)
        answer = connection.getresponse()
        if kept := answer.getheader("Set-Cookie"):
            self.cookie = kept.partition(";")[0]
        content = answer.read()
        connection.close()
        return answer.status, content

    def add(self, **fields: str) -> tuple[int, bytes]:
        name = f"h{random.randrange(10**12)}"
        return self.ask("/hosts/new/", hostname=name, **fields)


def be_hostile(port: int, viewer: str, editor: str) -> None:
    """Ask for whatever takes long, until the process is ended."""

    def ask_on(client: Client, more: tuple[Callable[[], object], ...]) -> None:
        reads = [lambda path=path: client.ask(path) for path in READS]
        while True:
            try:
                random.choice([*reads, *more])()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    # All before the first asks for much: these would wait behind it.
    pairs = [(Client(port, viewer), Client(port, editor)) for _ in range(AT_ONCE)]
    for one, other in pairs:
        paste = (lambda c=one: c.ask("/hosts/paste/", text=MANY_NAMES),)
        add = (lambda c=other: c.add(groups=MANY_GROUPS), lambda c=other: c.add())
        threading.Thread(target=ask_on, args=(one, paste), daemon=True).start()
        threading.Thread(target=ask_on, args=(other, add), daemon=True).start()
    threading.Event().wait()


def measure(seconds: int, calls: dict[str, Callable[[], tuple[int, bytes]]]) -> None:
    """Call each again and again, and print how long that takes."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    statuses: dict[str, Counter[object]] = {name: Counter() for name in calls}
    end = time.monotonic() + seconds

    def run(name: str, call: Callable[[], tuple[int, bytes]]) -> None:
        while time.monotonic() < end:
            begun = time.perf_counter()
            try:
                statuses[name][call()[0]] += 1
            except OSError as error:
                statuses[name][type(error).__name__] += 1
            taken[name].append(time.perf_counter() - begun)
            time.sleep(0.2)

    threads = [threading.Thread(target=run, args=call) for call in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, times in taken.items():
        times.sort()
        half, most = (times[int(len(times) * part)] * 1e3 for part in (0.5, 0.99))
        print(
            f"{name:8} p50 {half:6.0f} ms  p99 {most:6.0f} ms  {dict(statuses[name])}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--uri", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(options, options.uri or f"sqlite:///{folder}/hosts.sqlite")


def run(options: argparse.Namespace, uri: str) -> None:
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key=KEY))
    schema.prepare(app)
    with app.app_context():
        demo.fill_if_empty(options.hosts)
    roles = ("viewer", "editor", "viewer", "editor")
    cookies = ["=".join(cookie_of(app, add_person(app, role))) for role in roles]
    with app.app_context():
        db.engine.dispose()
    with serving(uri) as (port, pid):
        # Ends with this process, if not before.
        hostile = multiprocessing.Process(
            target=be_hostile, args=(port, *cookies[:2]), daemon=True
        )
        reader, writer = Client(port, cookies[2]), Client(port, cookies[3])
        calls = {
            "pages": lambda: reader.ask(random.choice(PAGES)),
            "saves": writer.add,
            "log-in": lambda: Client(port).ask("/login"),
            "health": lambda: Client(port).ask("/healthz"),
        }
        print("alone")
        measure(min(20, options.seconds), calls)
        hostile.start()
        print(f"beside two who send {AT_ONCE} requests each")
        measure(options.seconds, calls)
        status = Path(f"/proc/{pid}/status").read_text()
        print("memory", re.search(r"VmRSS:\s+(.*)", status)[1])
        begun = time.monotonic()
    print(f"SIGTERM took {time.monotonic() - begun:.1f} s")
    hostile.kill()


if __name__ == "__main__":
    main()
