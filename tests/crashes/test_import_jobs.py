"""An import by the page that is ended from outside: before or after, and told."""

import io
import random
import signal
import subprocess
import time

import pytest
import sqlalchemy as sa

from hostadmin.db.session import db
from hostadmin.jobs import Runner
from hostadmin.limits import limits
from hostadmin.models import ChangeEntry, ChangeSet, FileImport, Host

from ..helpers.accounts import log_in
from ..helpers.apps import build_app
from ..helpers.import_pages import message, step
from ..helpers.pages import csrf, fields_of
from ..helpers.processes import start_script

COUNT = 4_000
ALL = (COUNT, COUNT, 1)
# What a process of the server does with queued jobs, which tells how far it is.
RUN = """
from hostadmin import create_app
from hostadmin.config import load_settings
from hostadmin.jobs import Running
advance = Running.advance
def advance_and_tell(running, done):
    advance(running, done)
    print(running.phase, done, flush=True)
Running.advance = advance_and_tell
runner = create_app(load_settings()).extensions["hostadmin_jobs"]
runner.kick()
while (thread := runner._thread) is not None:
    thread.join(0.1)
"""


def start(uri: str) -> "subprocess.Popen[str]":
    return start_script(RUN, uri, stderr=subprocess.DEVNULL)


def wait_for(process: "subprocess.Popen[str]", phase: str, done: int) -> None:
    line = ""
    while line != f"{phase} {done}\n":
        line = process.stdout.readline()
        assert line, f"ended before it was {phase} {done}"


def counts(session) -> tuple[int, ...]:
    session.rollback()
    found = tuple(
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in (Host, ChangeEntry, ChangeSet)
    )
    session.rollback()
    return found


@pytest.fixture
def nobody_works(monkeypatch):
    """Let this process run no job; return what lets it."""
    with monkeypatch.context() as patch:
        patch.setattr(Runner, "kick", lambda _runner: None)
        patch.setattr(limits, "job_wait", 0.0)
        patch.setattr(limits, "job_lease", 0.5)
        yield patch.undo


def upload(client) -> str:
    """Upload hosts; return the address of the import."""
    text = "hostname\n" + "".join(f"h{number}\n" for number in range(COUNT))
    sent = {
        "csrf_token": csrf(client, "/import/"),
        "file": (io.BytesIO(text.encode()), "hosts.csv"),
    }
    return client.post("/import/", data=sent).location


def queue(client, url: str) -> None:
    """Press the button of the plan, whose job nobody here takes."""
    token = csrf(client, "/import/")
    plan = db.session.scalar(sa.select(FileImport.plan_number))
    db.session.rollback()
    sent = {"csrf_token": token, "plan": str(plan), "go": "import"}
    client.post(f"{url}plan", data=sent)


def page_of(client, url: str):
    """Return the page of an import once nothing works on it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        page = client.get(url, follow_redirects=True)
        if page.status_code == 200 and step(page):
            return page
        time.sleep(0.1)
    raise AssertionError("The import goes on for ever.")


def press(client, page) -> None:
    """Have the step done once more that did not come to its end."""
    if step(page) == "plan":
        queue(client, page.request.path.removesuffix("plan"))
    else:
        client.post(page.request.path, data=fields_of(page))


@pytest.mark.parametrize("phase", ["reading", "planning"])
def test_killed_before_it_writes(app, database, client, session, nobody_works, phase):
    url = upload(client)
    with start(database) as process:
        wait_for(process, phase, 2_000)
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)

    page = page_of(client, url)

    assert counts(session) == (0, 0, 0)
    nobody_works()
    if step(page) == "file":
        assert message(page).endswith("stopped. Nothing was written.")
        press(client, page)
        page = page_of(client, url)
    # On a busy machine the signal may come when all is planned.
    assert step(page) == "plan"
    press(client, page)
    assert step(page_of(client, url)) == "done"
    assert counts(session) == ALL


def test_killed_while_it_writes(app, database, client, session, nobody_works):
    url = upload(client)
    with start(database) as process:
        process.communicate(timeout=120)
    for done in (1_000, 3_000, 4_000):
        assert step(page_of(client, url)) == "plan"
        queue(client, url)
        with start(database) as process:
            wait_for(process, "writing", done)
            time.sleep(random.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)

        page = page_of(client, url)

        found = counts(session)
        if step(page) == "done":
            assert (done, found) == (4_000, ALL)
            return
        assert found == (0, 0, 0)
        assert message(page).endswith("stopped. Nothing was written.")
    nobody_works()
    press(client, page)
    assert step(page_of(client, url)) == "done"
    assert counts(session) == ALL


@pytest.fixture
def restarted(server, nobody_works):
    """An app on a server of its own, which is not asked while it is away."""
    server.drop_database("jobs")
    server.create_database("jobs")
    app = build_app(server.uri("jobs"))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("phase", ["reading", "planning", "writing"])
def test_a_database_that_restarts(server, restarted, nobody_works, phase):
    client = log_in(restarted.test_client(), "editor")
    url = upload(client)
    uri = server.uri("jobs")
    if phase == "writing":
        with start(uri) as process:
            process.communicate(timeout=120)
        queue(client, url)
    with start(uri) as process:
        wait_for(process, phase, 2_000)
        db.session.remove()
        db.engine.dispose()
        server.restart()
        process.communicate(timeout=120)

    page = page_of(client, url)

    # The file is still there, and whichever it is, it is told.
    if step(page) == "done":
        assert counts(db.session()) == ALL
        return
    assert counts(db.session()) == (0, 0, 0)
    if phase == "writing" or step(page) != "plan":
        assert message(page).endswith("Nothing was written.")
    nobody_works()
    while step(page) != "done":
        press(client, page)
        page = page_of(client, url)
    assert counts(db.session()) == ALL
