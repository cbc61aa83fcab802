"""Runs jobs in one thread of this process, which begins and ends as there are jobs."""

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import orm
from sqlalchemy.exc import SQLAlchemyError

from ..clock import utcnow
from ..db.failures import trouble
from ..db.session import db, write_transaction
from ..errors import HostadminError
from ..limits import limits
from . import table
from .beside import Beside
from .table import Cancelled, JobView

log = logging.getLogger(__name__)

# Between two questions for the turn that another process has.
_WAIT_SECONDS = 0.5
_ENDING_ATTEMPTS = 10
_OUR_FAULT = "Something went wrong on the server. See its log."


class Running:
    """A job that runs here: what it says of itself, and whether it shall end."""

    def __init__(self, job_id: int, worker: str) -> None:
        self.job_id, self.worker = job_id, worker
        self.phase, self.done = "", 0
        self.total: int | None = None
        self.phase_at = utcnow()
        self.stopped = threading.Event()

    def begin(self, phase: str, total: int | None = None) -> None:
        """Say what comes next, and of how many rows. Raises ``Cancelled``."""
        self.phase, self.done, self.total = phase, 0, total
        self.phase_at = utcnow()
        self.advance(0)

    def advance(self, done: int) -> None:
        """Say how many rows are done. Raises ``Cancelled``."""
        self.done = done
        if self.stopped.is_set():
            raise Cancelled("The import was cancelled. Nothing was written.")

    def end_in(self, session: orm.Session) -> None:
        """Note the end in the transaction of the work. Raises ``Lost``."""
        table.end_in(session, self.job_id, self.worker)

    def values(self) -> dict[str, Any]:
        return {
            "phase": self.phase,
            "done": self.done,
            "total": self.total,
            "phase_at": self.phase_at,
        }


# It gets the row that the job is about, and commits what it writes.
Work = Callable[[int, Running], None]


def _beside() -> Beside:
    return Beside(db.engine)


class Runner:
    """Takes the jobs of the table one after the other, of all accounts."""

    def __init__(
        self,
        context: Callable[[], AbstractContextManager[Any]],
        work: Mapping[str, Work],
    ) -> None:
        self._context, self._work = context, work
        # Two processes never share one, nor does one that has the number of another.
        self.worker = (
            f"{socket.gethostname()[:30]}/{os.getpid()}/{secrets.token_hex(4)}"
        )
        self._watch = table.TurnWatch()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Condition()
        self.running: Running | None = None

    def kick(self) -> None:
        """See to it that queued jobs are run."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run_all, daemon=True)
                self._thread.start()

    def free_lost_turn(self) -> None:
        """Take the turn from a process that says no more that it lives."""
        table.free_lost_turn(db.engine, self._watch)

    def run(self, job_id: int, seconds: float) -> None:
        """Have a job run, and wait for its end, but not for longer than that."""
        self.kick()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with self._ended:
                if self._has_ended(job_id):
                    return
                self._ended.wait(min(left, 0.2))

    def _has_ended(self, job_id: int) -> bool:
        job = table.find_job(db.session(), job_id)
        db.session.rollback()
        return job is None or job.has_ended

    def shown(self, job: JobView) -> JobView:
        """Return a job with what only the process knows that runs it."""
        if job.has_ended:
            return job
        running = self.running
        is_here = running is not None and running.job_id == job.id
        values = running.values() if running and is_here else _beside().noted(job.id)
        for name, value in (values or {}).items():
            setattr(job, name, value)
        return job

    def cancel(self, job_id: int) -> bool:
        """Ask a job to end, here or beside SQLite; return whether it will hear."""
        running = self.running
        if running is None or running.job_id != job_id:
            return _beside().ask_to_end(job_id)
        running.stopped.set()
        return True

    # ---- in the thread

    def _run_all(self) -> None:
        try:
            with self._context():
                while self._run_next():
                    pass
        except Exception:
            # The next question for a page begins a new thread.
            log.exception("jobs cannot be run")

    def _run_next(self) -> bool:
        """Run one job, or wait for the turn; return False when there is none left."""
        db.session.rollback()
        self.free_lost_turn()
        job_id = table.next_job(db.session())
        if job_id is None:
            with self._lock:
                # Anyone who queues one from now on begins a new thread.
                db.session.rollback()
                if table.next_job(db.session()) is None:
                    self._thread = None
                    db.session.rollback()
                    return False
            return True
        db.session.rollback()
        if not self._take_turn(job_id):
            time.sleep(_WAIT_SECONDS)
            return True
        running = self.running = Running(job_id, self.worker)
        try:
            self._run(running)
        finally:
            running.stopped.set()
            self.running = None
            with self._ended:
                self._ended.notify_all()
        return True

    def _take_turn(self, job_id: int) -> bool:
        try:
            return table.take_turn(db.session(), job_id, self.worker)
        except SQLAlchemyError:
            db.session.rollback()
            return False

    def _run(self, running: Running) -> None:
        job = table.find_job(db.session(), running.job_id)
        db.session.rollback()
        if job is None:
            return
        beat = threading.Thread(target=self._beat, args=(running,), daemon=True)
        beat.start()
        try:
            self._work[job.kind](job.subject_id, running)
        except Cancelled:
            self._end(running, table.CANCELLED, None)
        except HostadminError as error:
            self._end(running, table.FAILED, str(error))
        except SQLAlchemyError as error:
            log.exception("a job failed")
            reason = trouble(error)
            self._end(running, table.FAILED, reason.value if reason else _OUR_FAULT)
        except Exception:
            log.exception("a job failed")
            self._end(running, table.FAILED, _OUR_FAULT)

    def _beat(self, running: Running) -> None:
        """Say every second that the job is alive."""
        with self._context():
            engine, beside = db.engine, _beside()
        while not running.stopped.is_set():
            beside.note(running.job_id, running.values())
            goes_on = table.note_progress(
                engine, running.job_id, running.worker, running.values()
            )
            if not goes_on or beside.shall_end(running.job_id):
                running.stopped.set()
            running.stopped.wait(limits.job_beat)
        beside.forget()

    def _end(self, running: Running, state: str, error: str | None) -> None:
        """Note a bad end, also if the database has to come back for that."""
        for _ in range(_ENDING_ATTEMPTS):
            try:
                with write_transaction():
                    table.end_failed(
                        db.session(), running.job_id, running.worker, state, error
                    )
                return
            except (SQLAlchemyError, HostadminError):
                with contextlib.suppress(SQLAlchemyError):
                    db.session.remove()
                time.sleep(limits.job_beat)
