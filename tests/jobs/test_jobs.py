"""Long work: one piece at a time, ended by its end, by people, or by silence."""

import threading
import time

import pytest

from hostadmin.db.session import db, write_transaction
from hostadmin.errors import InvalidFile
from hostadmin.jobs import Lost, Runner, Running, add_job, cancel_job, find_job, table
from hostadmin.limits import limits

from ..helpers.apps import build_app


@pytest.fixture
def queued(session):
    """Queue jobs, which are committed, and return the id of each."""

    def add() -> int:
        with write_transaction():
            return add_job(db.session(), "count", 7)

    return add


def state(job_id: int) -> str:
    db.session.rollback()
    return find_job(db.session(), job_id).state


def test_only_one_job_has_the_turn(session, queued):
    first, second = queued(), queued()

    assert table.take_turn(session(), first, "here")
    assert not table.take_turn(session(), second, "there")
    assert not table.take_turn(session(), first, "there")
    with write_transaction():
        table.end_in(db.session(), first, "here")
    assert table.take_turn(session(), second, "there")


def test_a_silent_process_loses_the_turn_and_can_write_nothing(
    session, queued, monkeypatch
):
    monkeypatch.setattr(limits, "job_lease", 0)
    first, second = queued(), queued()
    table.take_turn(session(), first, "here")
    watch = table.TurnWatch()
    table.free_lost_turn(db.engine, watch)
    # A sign of life, whatever time its clock says.
    table.note_progress(db.engine, first, "here", {})
    table.free_lost_turn(db.engine, watch)
    assert state(first) == table.RUNNING

    table.free_lost_turn(db.engine, watch)

    assert state(first) == table.LOST
    assert not table.note_progress(db.engine, first, "here", {})
    with pytest.raises(Lost), write_transaction():
        table.end_in(db.session(), first, "here")
    assert table.take_turn(session(), second, "there")


@pytest.fixture
def runner(app, request):
    """A runner whose work is what a test gives it."""
    work = {}
    found = Runner(app.app_context, work)
    found.work = work
    yield found
    if found.running is not None:
        found.running.stopped.set()
    if (thread := found._thread) is not None:
        thread.join(10)


def counting(_subject_id: int, running: Running) -> None:
    """Count until somebody stops it."""
    running.begin("reading", 1_000_000)
    for number in range(1_000_000):
        time.sleep(0.005)
        running.advance(number)


def ending(_subject_id: int, running: Running) -> None:
    with write_transaction():
        running.end_in(db.session())


def test_jobs_run_one_after_the_other(session, queued, runner):
    ran = []

    def work(subject_id: int, running: Running) -> None:
        ran.append((subject_id, running.job_id))
        ending(subject_id, running)

    runner.work["count"] = work
    ids = [queued() for _ in range(3)]
    runner.run(ids[-1], 10)

    assert ran == [(7, id_) for id_ in ids]
    assert [state(id_) for id_ in ids] == [table.DONE] * 3


def test_a_job_whose_process_died_in_the_queue_is_run_by_another(
    session, queued, runner, monkeypatch
):
    monkeypatch.setattr(limits, "job_lease", 0.2)
    dead, waiting = queued(), queued()
    table.take_turn(session(), dead, "dead")
    runner.work["count"] = ending

    runner.run(waiting, 10)

    assert [state(dead), state(waiting)] == [table.LOST, table.DONE]


def test_a_job_says_how_far_it_is_and_can_be_cancelled(
    session, queued, runner, monkeypatch
):
    monkeypatch.setattr(limits, "job_beat", 0.02)
    runner.work["count"] = counting
    job_id = queued()
    runner.run(job_id, 0.3)
    db.session.rollback()
    job = find_job(session(), job_id)
    assert (job.state, job.phase, job.total) == (table.RUNNING, "reading", 1_000_000)
    assert job.done > 0

    # By another process, which knows it from the table alone.
    with write_transaction():
        cancel_job(db.session(), job_id)
    runner.run(job_id, 10)

    assert state(job_id) == table.CANCELLED


def test_another_process_sees_and_ends_a_job_that_holds_all_of_sqlite(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(limits, "job_beat", 0.02)
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")

    def writing(subject_id: int, running: Running) -> None:
        with write_transaction():
            counting(subject_id, running)

    here, other = (Runner(app.app_context, {"count": writing}) for _ in range(2))
    with app.app_context():
        with write_transaction():
            job_id = table.add_job(db.session(), "count", 7)
        here.run(job_id, 0.1)
        for _ in range(600):
            db.session.rollback()
            seen = other.shown(find_job(db.session(), job_id))
            if seen.done:
                break
            time.sleep(0.05)
        assert (seen.phase, seen.total) == ("reading", 1_000_000)
        assert seen.done > 0

        assert other.cancel(job_id)
        here.run(job_id, 60)
        assert state(job_id) == table.CANCELLED
        # Of another job, it says nothing.
        assert not other.cancel(job_id + 1)
        db.session.remove()
        db.engine.dispose()
    if (thread := here._thread) is not None:
        thread.join(10)
    for _ in range(600):
        if not list(tmp_path.glob("*-job*")):
            break
        time.sleep(0.05)
    assert not list(tmp_path.glob("*-job*"))


def test_a_job_that_waits_is_cancelled_at_once(session, queued):
    job_id = queued()
    with write_transaction():
        cancel_job(db.session(), job_id)
    assert state(job_id) == table.CANCELLED
    assert not table.take_turn(session(), job_id, "here")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InvalidFile("Line 3 is wrong."), "Line 3 is wrong."),
        (ZeroDivisionError("secret"), "Something went wrong on the server"),
    ],
)
def test_what_fails_says_why_and_lets_the_next_one_go(
    session, queued, runner, error, message, caplog
):
    def failing(_subject_id: int, _running: Running) -> None:
        raise error

    runner.work["count"] = failing
    job_id = queued()
    runner.run(job_id, 10)

    assert state(job_id) == table.FAILED
    assert find_job(session(), job_id).error.startswith(message)
    runner.work["count"] = ending
    following = queued()
    runner.run(following, 10)
    assert state(following) == table.DONE


def test_a_thread_that_ends_and_a_job_that_comes_do_not_miss_each_other(
    session, queued, runner
):
    runner.work["count"] = ending
    before = threading.active_count()
    for _ in range(20):
        job_id = queued()
        runner.run(job_id, 10)
        assert state(job_id) == table.DONE
    assert threading.active_count() < before + 10
