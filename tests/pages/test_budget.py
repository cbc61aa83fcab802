"""What a page may cost, in numbers that noise does not move."""

import subprocess
import sys

import pytest
from sqlalchemy import event

from hostadmin.db.session import db

from ..helpers.paths import ROOT

# Calls of Python functions, statements, and bytes before compression, of 50 rows.
BUDGETS = {
    "/hosts/": (26_500, 16, 43_500),
    "/hosts/?q=env:prod": (30_500, 20, 45_000),
    "/stats/?by=owner": (13_000, 10, 24_000),
}
# What only commands, upgrades and some requests need.
HEAVY = ("alembic", "mako", "rich", "xlsxwriter", "rapidfuzz", "python_calamine")


@pytest.fixture
def many(make_host, make_group):
    names = [f"team-{number}" for number in range(6)]
    for name in names:
        make_group(name=name)
    for number in range(60):
        make_host(
            hostname=f"server-{number}.fra1.prod.example.net",
            ip_addr=f"10.4.0.{number}",
            environment=("prod", "staging")[number % 7 == 0],
            os=("Debian 13", "Rocky 10", None)[number % 3],
            location=f"fra{number % 4}",
            owner=f"team-{number % 6}",
            role="web",
            groups=names[number % 6 :][:2],
        )


@pytest.mark.parametrize("url", BUDGETS)
def test_a_page_keeps_to_its_budget(app, client, many, url):
    with app.app_context():
        engine = db.engine
    for _ in range(2):
        client.get(url)
    calls, statements = 0, []

    def note_call(_frame, what, _value):
        nonlocal calls
        calls += what == "call"

    def note_statement(_c, _cursor, statement, *_):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note_statement)
    sys.setprofile(note_call)
    try:
        response = client.get(url)
    finally:
        sys.setprofile(None)
        event.remove(engine, "before_cursor_execute", note_statement)

    found = (calls, len(statements), len(response.data))
    most = BUDGETS[url]
    if engine.dialect.name != "sqlite":
        # Their limits of time are statements, and drivers may be written in Python.
        most = (most[0] * 3 // 2, most[1] + 6, most[2])
    assert response.status_code == 200
    assert all(n <= m for n, m in zip(found, most, strict=True)), (found, most)
    # One that is far below holds nothing any more: write the new one down.
    assert found[0] > most[0] / 3


def test_a_server_starts_without_what_only_commands_need():
    script = (
        "import sys\n"
        "from hostadmin import create_app\n"
        "from hostadmin.config import Settings\n"
        "create_app(Settings(_env_file=None, database_uri='sqlite://',"
        " secret_key='x' * 40), commands=False)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout == "[]\n", run.stderr
