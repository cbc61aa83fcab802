"""What pages cost in CPU, at several sizes and against other programs.

    make bench ARGS="--only pages --sizes 10000,1000000 --peers --write"
    make bench ARGS="--only pages --hosts 100000 --uri postgresql+psycopg://…"

``--peers`` measures other programs, too, in environments that are thrown away. In a
folder that ``--folder`` names, the files are kept for the next run.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

from hostadmin.db.session import db

from ..helpers.accounts import log_in
from . import tables
from .peer_apps import COLUMNS
from .peers import measure
from .tables import markdown
from .timing import ROUNDS, cpu_ms

PAGES = {
    "list": "/hosts/",
    "sorted by address": "/hosts/?sort=-ip",
    "one filter": "/hosts/?q=env:prod",
    "two filters": "/hosts/?q=env:prod+owner:data",
    "a part of a name": "/hosts/?q=web-12",
    "a part that no name has": "/hosts/?q=nosuchthing",
    "overview": "/stats/",
    "one table of counts": "/stats/?by=owner",
    "counts by network": "/stats/?by=network/24",
    "counts by group": "/stats/?by=group",
    "counts by month": "/stats/?by=created:month",
    "data quality": "/data-quality/",
    "one host": "/hosts/details/?id=5",
}
PEER_PAGES = {
    "list": "/host/?page_size=50",
    "sorted by address": "/host/?page_size=50&sort=1&desc=1",
    "one filter": "/host/?page_size=50&flt0_0=prod",
    "a part of a name": "/host/?page_size=50&search=web-12",
    "a part that no name has": "/host/?page_size=50&search=nosuchthing",
}


def fetching(app: Flask, url: str, client: object = None) -> Callable[[], None]:
    client = client or app.test_client()

    def fetch() -> None:
        with client.get(url) as response:  # type: ignore[attr-defined]
            assert response.status_code == 200, f"{url}: {response.status}"

    return fetch


def plain_flask_admin(uri: str) -> Flask:
    """Return Flask-Admin as it comes, on the same rows."""
    # Else it would take our templates for its own.
    app = Flask("peer", root_path=str(Path(__file__).parent))
    app.config.update(SQLALCHEMY_DATABASE_URI=uri, SECRET_KEY="x", TESTING=True)
    peer = SQLAlchemy(app)

    class Host(peer.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "hosts"
        id = sa.Column(sa.Integer, primary_key=True)
        hostname = sa.Column(sa.String)
        ip_addr = sa.Column(sa.String)
        status = sa.Column(sa.String)
        environment = sa.Column(sa.String)
        os = sa.Column(sa.String)
        location = sa.Column(sa.String)
        owner = sa.Column(sa.String)
        updated_at = sa.Column(sa.String)

    class HostView(ModelView):
        column_list = COLUMNS
        column_searchable_list = ("hostname",)
        column_filters = ("environment",)
        can_set_page_size = True

    Admin(app, url="/").add_view(HostView(Host, peer, endpoint="host", url="/host"))
    return app


def floor_ms(path: Path) -> float:
    """Return what 50 rows from an index and a bare template cost."""
    app = Flask("floor")
    connection = sqlite3.connect(path, check_same_thread=False)
    template = app.jinja_env.from_string(
        "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>"
        "{% endfor %}</tr>{% endfor %}</table>"
    )
    select = f"SELECT {', '.join(COLUMNS)} FROM hosts ORDER BY hostname_sort LIMIT 50"

    @app.get("/")
    def index() -> str:
        return template.render(rows=connection.execute(select).fetchall())

    return cpu_ms(fetching(app, "/"))


def bench_pages(
    build: Callable[[str, int], Flask],
    folder: Path,
    sizes: Sequence[int],
    *,
    peers: dict[str, Path],
    write: bool,
) -> None:
    """Measure on files of SQLite; those of the sizes may be there already.

    ``peers`` are other programs, each with the Python that has it.
    """
    lines = {name: [name] for name in PAGES}
    for size in sizes:
        path = folder / f"pages-{size}.sqlite"
        uri = f"sqlite:///{path}"
        app = build(uri, size)
        client = log_in(app.test_client(), name=f"bench-{time.time_ns()}")
        plain = plain_flask_admin(uri)
        others = {name: measure(python, name, path) for name, python in peers.items()}
        for name, url in PAGES.items():
            cells = [f"{cpu_ms(fetching(app, url, client)):.1f}"]
            if peer_url := PEER_PAGES.get(name):
                cells.append(f"{cpu_ms(fetching(plain, peer_url)):.1f}")
            cells += [f"{o[name]:.1f}" for o in others.values() if name in o]
            lines[name] += cells + ["–"] * (2 + len(others) - len(cells))
        with app.app_context():
            db.engine.dispose()
    heads = ["page"]
    for size in sizes:
        heads += [f"{size:,} hosts", "Flask-Admin", *peers]
    text = (
        "CPU ms of a request on SQLite, by the number of hosts."
        f" 50 rows from an index in a bare template: {floor_ms(path):.1f}.\n\n"
        + markdown(heads, lines.values())
    )
    print(text)
    if write:
        tables.write("pages", text)


def bench_engine(app: Flask, hosts: int) -> None:
    """Measure the same pages on another engine, whose own work the clock tells."""
    # Its database may be one that was measured before.
    client = log_in(app.test_client(), name=f"bench-{time.time_ns()}")
    with app.app_context():
        engine = db.engine.dialect.name
    rows = []
    for name, url in PAGES.items():
        fetch = fetching(app, url, client)
        rows.append([name, f"{cpu_ms(fetch):.1f}", f"{least_ms(fetch):.1f}"])
    text = f"{hosts:,} hosts on {engine}.\n\n" + markdown(
        ("page", "CPU ms of hostadmin", "ms by the clock, with the database"), rows
    )
    print(text)


def least_ms(call: Callable[[], None]) -> float:
    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return min(once() for _ in range(ROUNDS)) * 1e3
