"""Two servers on one database whose clocks are a minute apart: nothing goes wrong."""

import io

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.history.feed import read_feed
from hostadmin.history.inventory_version import START, last_place
from hostadmin.inventory import hosts
from hostadmin.inventory.check_counts import wrong_counts
from hostadmin.jobs import add_job, table
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, FileImport, Host, Job
from hostadmin.undo import plan_undo

from ..helpers.accounts import add_person, cookie_of, log_in
from ..helpers.apps import build_app
from ..helpers.clocks import set_clock, watched
from ..helpers.pages import csrf, form_of, parse

ON_A_CLUSTER = True
MINUTE = 60


@pytest.fixture
def servers(app, database, monkeypatch):
    """Return one that is right, and one that is a minute late."""
    late = build_app(database, create=False)
    set_clock(late, -MINUTE)
    watched(monkeypatch)
    yield [app, late]
    with late.app_context():
        db.session.remove()
        db.engine.dispose()


def write(app, actor, work):
    """Run it in an app, and return its change and what it returned."""
    with app.app_context():
        result = history.write(ActorContext(actor, "web"), work)
        return history.written_change_set_id(db.session()), result


def owners(servers):
    """Let both change the owner of a host in turn; return the host and the changes."""
    _, host_id = write(servers[0], "ann", lambda: hosts.add_host({"hostname": "a"}).id)
    changes = [
        write(
            servers[number % 2],
            "ann",
            lambda n=number: hosts.change_host(host_id, {"owner": f"o{n}"}).id,
        )[0]
        for number in range(1, 6)
    ]
    return host_id, changes


def test_the_history_is_in_the_order_in_which_it_happened(servers):
    host_id, changes = owners(servers)

    for app in servers:
        with app.app_context():
            entries = history.changes_of(db.session(), "host", host_id)
            assert [e.change_set_id for e in entries][:-1] == changes[::-1]
        page = log_in(app.test_client()).get("/changes/?object=a")
        text = " ".join(parse(page).main.text.split())
        places = [text.rindex(f"o{number}") for number in range(1, 6)]
        assert places == sorted(places, reverse=True)


def test_undo_knows_what_is_newer(servers):
    _, changes = owners(servers)

    for app in servers:
        with app.app_context():
            for change in changes[:-1]:
                plan = plan_undo(db.session(), change)
                [step] = plan.first_kept
                assert step.newer["owner"].change_set_id == changes[-1]
            assert plan_undo(db.session(), changes[-1]).back == 1


def test_who_polls_sees_each_change(servers):
    right, late = servers
    with right.app_context():
        place = last_place(db.session())
    names = [f"p{number}" for number in range(9)]
    for name, app in zip(names, (late, right, late) * 3, strict=True):
        write(app, "ann", lambda n=name: hosts.add_host({"hostname": n}).id)
        with right.app_context():
            now = last_place(db.session())
            assert str(now) != str(place)
            entries = read_feed(db.session(), place, 9).entries
            assert name in {entry.subject_name for entry in entries}
            place = now
    with late.app_context():
        entries = read_feed(db.session(), START, 100).entries
        assert {entry.subject_name for entry in entries} == set(names)


def test_people_stay_logged_in_and_save_at_either(servers):
    for first, second in (servers, servers[::-1]):
        with first.app_context():
            name, value = cookie_of(first, add_person(first, "admin"))
        clients = [app.test_client() for app in (first, second)]
        for client in clients:
            client.set_cookie(name, value)
            assert client.get("/hosts/").status_code == 200
        # A form of one, which the other takes; and what it then sets as a cookie.
        form = form_of(clients[0], "/hosts/new/")
        clients[1].set_cookie(name, clients[0].get_cookie(name).value)
        form["hostname"] = f"by-{value[:4]}-{first is servers[0]}"
        assert clients[1].post("/hosts/new/", data=form).status_code == 302


def test_a_job_keeps_its_turn_as_long_as_it_lives(servers, monkeypatch):
    for ours, others in (servers, servers[::-1]):
        with ours.app_context():
            job_id = add_job(db.session(), "count", 1)
            db.session.commit()
            assert table.take_turn(db.session(), job_id, "ours")
            table.note_progress(db.engine, job_id, "ours", {})
        watch = table.TurnWatch()
        with others.app_context():
            table.free_lost_turn(db.engine, watch)
            assert db.session.get(Job, job_id).state == table.RUNNING
            db.session.rollback()
            with monkeypatch.context() as patched:
                patched.setattr(limits, "job_lease", 0)
                table.free_lost_turn(db.engine, watch)
            assert db.session.get(Job, job_id).state == table.LOST
            db.session.rollback()


def test_a_file_is_sent_to_one_and_imported_by_the_other(servers):
    for number, (first, second) in enumerate((servers, servers[::-1])):
        key = add_person(first, "editor")
        clients = []
        for app in (first, second):
            with app.app_context():
                cookie = cookie_of(app, key)
            clients.append(app.test_client())
            clients[-1].set_cookie(*cookie)
        sent = {
            "csrf_token": csrf(clients[0], "/import/"),
            "file": (io.BytesIO(f"hostname\nf{number}\n".encode()), "hosts.csv"),
        }
        page = clients[0].post("/import/", data=sent, follow_redirects=True)
        while not page.request.path.endswith("plan"):
            page = clients[1].get(page.request.path, follow_redirects=True)
        form = {
            "csrf_token": csrf(clients[1], page.request.path),
            "plan": "1",
            "go": "import",
        }
        with second.app_context():
            newest = db.session.scalar(sa.select(sa.func.max(FileImport.id)))
            form["plan"] = str(db.session.get(FileImport, newest).plan_number)
        page = clients[1].post(page.request.path, data=form, follow_redirects=True)
        while not page.request.path.endswith("done"):
            page = clients[0].get(page.request.path, follow_redirects=True)
    with servers[0].app_context():
        assert set(db.session.scalars(sa.select(Host.hostname))) == {"f0", "f1"}


def test_kept_counts_are_right(servers):
    owners(servers)
    for app in servers:
        with app.app_context():
            assert wrong_counts(db.engine) == []
            times = db.session.scalars(sa.select(ChangeSet.at).order_by(ChangeSet.id))
            assert len(set(times)) == 6
