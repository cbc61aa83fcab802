"""What a page, an import and an export cost: ``make bench ARGS="--hosts 100000"``.

Machines are noisy, so everything is a ratio of two things measured in turn in one
run: a page against the same page with its rows from memory, the same page with 1,000
hosts, the statistics against their bare SQL, an import against executemany or COPY of
prepared rows, an export against a bare cursor, a change to many hosts against the
bare statements.
"""

import argparse
import collections
import contextlib
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from hostadmin import create_app, demo
from hostadmin.admin.hosts import list_page as host_pages
from hostadmin.config import Settings
from hostadmin.db import schema
from hostadmin.db.session import db
from hostadmin.exports.exporter import FORMATS, encoded, export
from hostadmin.inventory.list_hosts import SORTS
from hostadmin.models import (
    COUNTED_COLUMNS,
    Host,
    HostAddress,
    HostAlias,
    group_members,
)
from hostadmin.query.ast import EVERYTHING

from ..helpers.accounts import log_in
from ..helpers.paths import ROOT
from .api import bench_api
from .bulk_edit import bench_many
from .changes import bench_changes
from .imports import bench_imports
from .pages import bench_engine, bench_pages
from .peers import PEERS, make_environment

KEY = "only for measuring, only for measuring"
SMALL = 1_000
ROUNDS = 7
# Of more, an export takes minutes, and one says enough.
MANY = 200_000
# A flask command that notes its own peak. What the system says of a child would count
# the memory of this process, too, from which it was forked.
MEASURED = """
import atexit, pathlib, re, sys
peak = pathlib.Path(sys.argv.pop(1))
status = pathlib.Path("/proc/self/status")
atexit.register(
    lambda: peak.write_text(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
)
from flask.cli import main
main()
"""
FILTERS = (
    "flt_env_equals=prod",
    "flt_owner_empty=1",
    "flt_env_not_equal=prod",
    "flt_env_equals=dev&flt_owner_equals=data",
    "flt_hostname_starts_with=web-1",
    "flt_hostname_contains=77",
    "flt_ip_in_network=10.4.0.0/22",
    "flt_group_equals=platform&sort=ip",
)


def build(uri: str, count: int) -> Flask:
    """Return an app on a database with that many made-up hosts."""
    settings = Settings(_env_file=None, database_uri=uri, secret_key=KEY)
    app = create_app(settings)
    schema.prepare(app)
    with app.app_context():
        demo.fill_if_empty(count)
        if db.engine.dialect.name in ("sqlite", "postgresql"):
            with db.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")
    return app


def seconds(
    *calls: Callable[[], object],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the median time of each call, all of them run in turn."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            start = clock()
            call()
            times.append(clock() - start)
    return [statistics.median(times) for times in taken]


def get(app: Flask, url: str) -> Callable[[], str]:
    client = log_in(app.test_client(), name=f"bench-{time.time_ns()}")

    def fetch() -> str:
        response = client.get(url)
        assert response.status_code == 200, f"{url}: {response.status}"
        return response.text

    return fetch


def from_memory(app: Flask, url: str) -> Callable[[], str]:
    """Return a call that renders the page with rows that were read before."""
    kept: dict[str, Any] = {}
    original = host_pages.list_hosts

    def keep(*args: Any) -> Any:
        kept["page"] = page = original(*args)
        # Not expired with the session, so that rendering asks for nothing.
        groups = {group for host in page.rows for group in host.groups}
        for item in (*page.rows, *groups):
            args[0].expunge(item)
        return page

    with mock.patch.object(host_pages, "list_hosts", keep):
        get(app, url)()
    fetch = get(app, url)

    def render() -> str:
        page = kept["page"]
        with mock.patch.object(host_pages, "list_hosts", return_value=page):
            return fetch()

    return render


def deep(app: Flask, url: str, pages: int = 20) -> str:
    """Return the address that following "next" some times leads to."""
    for _ in range(pages):
        text = get(app, url)()
        _, found, _ = text.partition('rel="next"')
        if not found:
            return url
        before = text[: text.index('rel="next"')]
        url = before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    return url


def bench_lists(big: Flask, small: Flask) -> None:
    print(f"\n{'list page':46}{'ms':>8}{'/ memory':>10}{'/ 1,000':>10}")
    sorts = [f"/hosts/?sort={sign}{name}" for name in SORTS for sign in ("", "-")]
    urls = ["/hosts/", *sorts, *(f"/hosts/?{text}" for text in FILTERS)]
    pairs = [(url, url, url) for url in urls]
    pairs.append(("/hosts/ (20 pages on)", deep(big, "/hosts/"), "/hosts/"))
    for label, url, small_url in pairs:
        page, memory, little = seconds(
            get(big, url), from_memory(big, url), get(small, small_url)
        )
        print(f"{label:46}{page * 1e3:8.1f}{page / memory:10.2f}{page / little:10.2f}")


@contextlib.contextmanager
def sent(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that the block sends."""
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cur: object, statement: str, given: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# Pages of counts, and the plain SQL that somebody would write for the same numbers.
PROD = "environment = 'prod'"
COUNTED = {
    "/stats/": [
        *(f"SELECT {c}, count(*) FROM hosts GROUP BY {c}" for c in COUNTED_COLUMNS),
        "SELECT location, os, count(*) FROM hosts GROUP BY location, os",
    ],
    "/stats/?flt_env_equals=prod": [
        *(
            f"SELECT {c}, count(*) FROM hosts WHERE {PROD} GROUP BY {c}"
            for c in COUNTED_COLUMNS
        ),
        f"SELECT location, os, count(*) FROM hosts WHERE {PROD} GROUP BY location, os",
    ],
    "/stats/?by=owner": ["SELECT owner, count(*) FROM hosts GROUP BY owner"],
    "/stats/?by=owner&flt_env_equals=prod": [
        f"SELECT owner, count(*) FROM hosts WHERE {PROD} GROUP BY owner"
    ],
    "/stats/?by=location&by=os": [
        "SELECT location, os, count(*) FROM hosts GROUP BY location, os"
    ],
    "/stats/?by=location&by=os&flt_env_equals=prod": [
        f"SELECT location, os, count(*) FROM hosts WHERE {PROD} GROUP BY location, os"
    ],
    "/stats/?by=domain&by=status": [],
    "/stats/?by=group": [],
    "/stats/?by=created:week&flt_env_equals=prod": [],
}


def bench_stats(app: Flask) -> None:
    """Compare a page of counts with the statements that it sends, and with plain SQL.

    Of the overview, plain SQL stands for its columns and its cross table only.
    """
    print(f"\n{'statistics':46}{'ms':>8}{'/ its SQL':>10}{'/ plain':>10}")
    with app.app_context():
        engine = db.engine
    for url, plain in COUNTED.items():
        fetch = get(app, url)
        with sent(engine) as statements:
            fetch()

        def bare(statements: list[tuple[str, Any]] = statements) -> None:
            with engine.connect() as connection:
                for statement, given in statements:
                    connection.exec_driver_sql(statement, given).fetchall()

        def written(plain: list[str] = plain) -> None:
            with engine.connect() as connection:
                for statement in plain:
                    connection.exec_driver_sql(statement).fetchall()

        page, sql, by_hand = seconds(fetch, bare, written)
        against = f"{page / by_hand:10.2f}" if plain else ""
        print(f"{url:46}{page * 1e3:8.1f}{page / sql:10.2f}{against}")


def bench_exports(app: Flask, uri: str, folder: Path) -> None:
    """Write each format, and read the same columns with a bare cursor.

    An export is in the order of names, which costs a cursor more, too: it reads once in
    the order of the table, and once in that one. CPU of this process.
    """
    with app.app_context():
        engine = db.engine
        size = db.session.scalar(sa.select(sa.func.count(Host.id)))
    hosts = [
        Host.__table__.c[name] for name in Host.__recorded__ if name in Host.__table__.c
    ]
    lists = (HostAlias.__table__, HostAddress.__table__, group_members)

    def bare_cursor(*order: Any) -> Callable[[], None]:
        select = sa.select(*hosts).order_by(*order)

        def run() -> None:
            with engine.connect() as connection:
                for statement in (select, *map(sa.select, lists)):
                    result = connection.execution_options(yield_per=1_000).execute(
                        statement
                    )
                    for _ in result:
                        pass

        return run

    def write(name: str) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                pieces = export(db.session(), FORMATS[name], EVERYTHING, [])
                collections.deque(encoded(pieces), maxlen=0)

        return run

    with app.app_context():
        pieces = encoded(export(db.session(), FORMATS["csv"], EVERYTHING, []))
        start = time.perf_counter()
        next(pieces)
        first = time.perf_counter() - start
        pieces.close()
    # As the command does.
    gc.freeze()
    rounds = 1 if size > MANY else ROUNDS
    cursors = bare_cursor(), bare_cursor(Host.hostname_sort, Host.id)
    calls = (*cursors, *map(write, FORMATS))
    cursor, ordered, *taken = seconds(*calls, rounds=rounds, clock=time.process_time)
    gc.unfreeze()
    print(
        f"\n{'export':24}{'s':>8}{'/ cursor':>10}{'in order':>10}{'peak MB':>10}"
        f"   (first byte after {first * 1e3:.0f} ms)"
    )
    for name, time_ in zip(FORMATS, taken, strict=True):
        peak = command(uri, folder, "export", "--format", name)
        print(
            f"{name:24}{time_:8.1f}{time_ / cursor:10.2f}{time_ / ordered:10.2f}"
            f"{peak:10}"
        )


def build_empty(uri: str) -> Flask:
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key=KEY))
    schema.prepare(app)
    return app


def command(uri: str, folder: Path, *words: str, stdout: Path | None = None) -> int:
    """Run ``flask hosts …`` and return its peak memory in MB."""
    environment = os.environ | {
        "HOSTADMIN_DATABASE_URI": uri,
        "HOSTADMIN_SECRET_KEY": KEY,
    }
    peak = folder / "peak"
    with contextlib.ExitStack() as stack:
        target = stack.enter_context((stdout or folder / "out").open("wb"))
        subprocess.run(
            [sys.executable, "-c", MEASURED, str(peak), "hosts", *words],
            cwd=ROOT,
            env=environment,
            stdout=target,
            check=True,
        )
    return int(peak.read_text()) // 1024


def bench_all_pages(options: argparse.Namespace, folder: Path) -> None:
    if options.uri:
        app = build(options.uri, options.hosts)
        bench_engine(app, options.hosts)
        return
    sizes = [int(text) for text in options.sizes.split(",")]
    names = PEERS if options.peers else ()
    peers = {name: make_environment(folder, name) for name in names}
    kept = options.folder or folder
    bench_pages(build, kept, sizes, peers=peers, write=options.write)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=20_000)
    parser.add_argument("--uri", help="an empty database; a temporary file by default")
    parser.add_argument(
        "--only",
        choices=(
            *("pages", "lists", "stats", "exports", "api", "many", "changes"),
            "imports",
        ),
        help="one part",
    )
    parser.add_argument("--sizes", default="1000,10000", help="of the part pages")
    parser.add_argument("--peers", action="store_true", help="other programs, too")
    parser.add_argument("--folder", type=Path, help="where databases are kept")
    parser.add_argument("--write", action="store_true", help="its table into the docs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostadmin-bench-") as name:
        folder = Path(name)
        uri = options.uri or f"sqlite:///{folder}/big.sqlite"
        if options.only == "pages":
            bench_all_pages(options, folder)
            return
        if options.only == "imports":
            bench_imports(build_empty, command, uri, options.hosts, folder)
            return
        big = build(uri, options.hosts)
        small = build(f"sqlite:///{folder}/small.sqlite", SMALL)
        with big.app_context():
            print(f"{options.hosts:,} hosts on {db.engine.dialect.name}")
        parts = {
            "lists": lambda: bench_lists(big, small),
            "stats": lambda: bench_stats(big),
            "exports": lambda: bench_exports(big, uri, folder),
            "api": lambda: bench_api(big, small),
            "many": lambda: bench_many(big),
            "changes": lambda: bench_changes(big, options.hosts // 2, folder),
        }
        for name, run in parts.items():
            if options.only in (None, name):
                run()
        if options.only is None:
            bench_imports(build_empty, command, uri, options.hosts, folder)


if __name__ == "__main__":
    main()
