"""What an import costs, against the bare writing of the rows that it made.

The rows are read back from the database that the import filled, and written into a
second one with nothing but ``executemany``, on PostgreSQL with ``COPY``: prepared, in
the same run, into the same tables with their indexes in place.
"""

import contextlib
import csv
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from hostadmin.db.session import Base, db

BLOCK = 10_000
HISTORY = "change_"


def write_file(path: Path, count: int) -> None:
    """Write a table of made-up hosts, with a header."""
    rng = random.Random(1)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            (
                *("hostname", "ip_addr", "port", "status", "environment", "os"),
                *("location", "role", "owner", "groups", "vars"),
            )
        )
        for number in range(count):
            site = rng.choice(("fra1", "ams2", "nyc3"))
            rows.writerow(
                (
                    f"srv-{number}.{site}.example.net",
                    f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
                    rng.choice(("22", "2222", "")),
                    rng.choice(("active", "active", "staged", "offline")),
                    rng.choice(("prod", "dev", "test")),
                    rng.choice(("Debian 13", "Ubuntu 24.04", "RHEL 9")),
                    *(site, rng.choice(("web", "db", "cache"))),
                    rng.choice(("search", "data", "platform", "")),
                    f"{rng.choice(('web', 'db'))},rack-{rng.randrange(50)}",
                    f'{{"unit": {rng.randrange(48)}}}',
                )
            )


@contextlib.contextmanager
def empty_databases(uri: str, folder: Path) -> Iterator[list[str]]:
    """Yield the URIs of two new databases, on the server of this one."""
    url = sa.make_url(uri)
    if url.get_backend_name() == "sqlite":
        yield [f"sqlite:///{folder}/{name}.sqlite" for name in ("bare", "import")]
        return
    names = ["hostadmin_bench_bare", "hostadmin_bench_import"]
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for name in names:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield [url.set(database=n).render_as_string(False) for n in names]
    finally:
        with engine.connect() as connection:
            for name in names:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        engine.dispose()


def copy_rows(source: sa.Engine, target: sa.Engine) -> dict[str, float]:
    """Write the rows of one database into another; return seconds by table."""
    taken: dict[str, float] = {}
    copy = _copy_postgresql if source.dialect.name == "postgresql" else _copy_many
    with source.connect() as reading, target.connect() as writing:
        raw = reading.connection.driver_connection, writing.connection.driver_connection
        cursor = raw[1].cursor()
        if target.dialect.name == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        for table in Base.metadata.sorted_tables:
            taken[table.name] = copy(*raw, table.name)
        start = time.perf_counter()
        raw[1].commit()
        taken["commit"] = time.perf_counter() - start
    return taken


def _copy_many(source: Any, target: Any, table: str) -> float:
    reading, writing = source.cursor(), target.cursor()
    reading.execute(f"SELECT * FROM {table}")
    mark = "?" if "sqlite" in type(source).__module__ else "%s"
    marks = ", ".join([mark] * len(reading.description))
    taken = 0.0
    while rows := reading.fetchmany(BLOCK):
        start = time.perf_counter()
        writing.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        taken += time.perf_counter() - start
    return taken


def _copy_postgresql(source: Any, target: Any, table: str) -> float:
    with tempfile.TemporaryFile() as file:
        with source.cursor().copy(f"COPY {table} TO STDOUT") as reading:
            for block in reading:
                file.write(block)
        file.seek(0)
        start = time.perf_counter()
        with target.cursor().copy(f"COPY {table} FROM STDIN") as writing:
            while block := file.read(1024**2):
                writing.write(block)
        return time.perf_counter() - start


def bench_imports(
    build_empty: Callable[[str], Flask],
    command: Callable[..., int],
    uri: str,
    count: int,
    folder: Path,
) -> None:
    file = folder / "import.csv"
    write_file(file, count)
    with empty_databases(uri, folder) as uris:
        apps = [build_empty(one) for one in uris]
        engines: Sequence[sa.Engine] = [_engine(app) for app in apps]
        start = time.perf_counter()
        peak = command(uris[1], folder, "import", str(file))
        taken = time.perf_counter() - start
        parts = copy_rows(engines[1], engines[0])
        start = time.perf_counter()
        command(uris[1], folder, "import", str(file))
        again = time.perf_counter() - start
        for engine in engines:
            engine.dispose()
    bare = sum(parts.values())
    history = sum(part for name, part in parts.items() if name.startswith(HISTORY))
    how = "COPY" if engines[0].dialect.name == "postgresql" else "executemany"
    print(
        f"\nimport of {count:,} rows: {taken:.1f} s, {taken / bare:.2f} × {how} of the "
        f"same rows, {taken / (bare - history):.2f} × without the history's; "
        f"peak memory {peak} MB; the same file again {again:.1f} s"
    )


def _engine(app: Flask) -> sa.Engine:
    with app.app_context():
        return db.engine
