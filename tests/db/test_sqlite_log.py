"""The log of SQLite stays bounded, however steadily it is read and written."""

import itertools
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.engines import sqlite_log, waits
from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.models import Host

from ..helpers.accounts import log_in
from ..helpers.apps import build_app
from ..helpers.pages import parse

MEGABYTE = 1024**2


@pytest.fixture
def log(tmp_path):
    return Path(f"{tmp_path}/hosts.sqlite-wal")


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_log, "LONG", MEGABYTE)
    monkeypatch.setattr(sqlite_log, "EVERY_SECONDS", 0.1)
    built = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    yield built
    with built.app_context():
        db.session.remove()
        db.engine.dispose()


def write(number):
    with history.writing("ann"):
        for place in range(20):
            hosts.add_host({"hostname": f"h{number}-{place}", "notes": "x" * 10_000})


def test_readers_that_overlap_do_not_let_it_grow(app, log):
    stop = threading.Event()

    def read(offset):
        with app.app_context():
            time.sleep(offset)
            while not stop.is_set():
                db.session.scalars(sa.select(Host.id).limit(10)).all()
                time.sleep(0.03)
                db.session.rollback()

    readers = [threading.Thread(target=read, args=(n / 100,)) for n in range(3)]
    for reader in readers:
        reader.start()
    sizes = []
    try:
        with app.app_context():
            for number in range(30):
                write(number)
                sizes.append(log.stat().st_size)
                time.sleep(0.02)
    finally:
        stop.set()
        for reader in readers:
            reader.join()

    written = sum(max(0, b - a) for a, b in itertools.pairwise(sizes))
    assert written > 8 * MEGABYTE
    assert min(sizes[10:]) < max(sizes), "it never began anew"
    assert max(sizes) < written / 1.5


def test_no_further_export_begins_while_others_keep_too_much(app, log, monkeypatch):
    monkeypatch.setattr(sqlite_log, "TOO_LONG", 2 * MEGABYTE)
    client = log_in(app.test_client())
    with app.app_context():
        write(0)
        with db.engine.connect() as export:
            export.execute(sa.select(Host.id)).first()
            for number in range(1, 12):
                write(number)
            assert log.stat().st_size > 2 * MEGABYTE
            monkeypatch.setattr(waits, "LOCK_SECONDS", 0.2)
            refused = client.get("/export/csv", headers={"Accept": "text/html"})
            page = client.get("/hosts/")
        for _ in range(100):
            time.sleep(0.05)
            answer = client.get("/export/csv")
            if answer.status_code == 200:
                break

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "Too many exports are running while hosts" in parse(refused).text
    assert page.status_code == 200
    assert answer.status_code == 200
