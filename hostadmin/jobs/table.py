"""The table of jobs: who has the turn, how far it is, and who lost it.

A process that runs a job says every second that it lives. One that was silent for
longer than ``limits.job_lease`` has lost its turn: what it wrote is committed only
together with the row that says so, and that row it no longer has. How long it was
silent, each process that waits finds out by itself: clocks of machines differ.
"""

import threading
import time
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ..clock import utcnow
from ..db.engines import engine_of
from ..errors import HostadminError
from ..limits import limits
from ..models import Job

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, LOST = "failed", "cancelled", "lost"
ENDED = (DONE, FAILED, CANCELLED, LOST)
_THE_TURN = 1

JOBS: Any = Job.__table__


class Cancelled(HostadminError):
    """Somebody asked for the end of the job."""


class Lost(HostadminError):
    """The job is no longer that of this process; nothing may be written for it."""


class JobView:
    """A job as pages show it: plain values, which no transaction holds."""

    def __init__(self, job: Job) -> None:
        self.id, self.kind, self.subject_id = job.id, job.kind, job.subject_id
        self.state, self.phase, self.error = job.state, job.phase, job.error
        self.done, self.total = job.done, job.total
        self.phase_at, self.created_at = job.phase_at, job.created_at
        self.is_cancelled = job.is_cancelled

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def rate(self) -> float:
        """Rows a second in this phase."""
        seconds = (utcnow() - self.phase_at).total_seconds() if self.phase_at else 0
        return self.done / seconds if seconds >= 1 else 0

    @property
    def seconds_left(self) -> int | None:
        if not (self.total and self.rate and self.done <= self.total):
            return None
        return round((self.total - self.done) / self.rate)


def add_job(session: orm.Session, kind: str, subject_id: int) -> int:
    """Queue a job, in the transaction that is open, and return its id."""
    job = Job(kind=kind, subject_id=subject_id, state=QUEUED, created_at=utcnow())
    session.add(job)
    session.flush()
    return job.id


def find_job(session: orm.Session, job_id: int | None) -> JobView | None:
    job = session.get(Job, job_id, populate_existing=True) if job_id else None
    return JobView(job) if job else None


def next_job(session: orm.Session) -> int | None:
    """Return the job that waits for the longest time."""
    waiting = sa.select(Job.id).where(Job.state == QUEUED)
    return session.scalar(waiting.order_by(Job.created_at, Job.id).limit(1))


def ahead_of(session: orm.Session, job: JobView) -> int:
    """Return how many jobs run or wait before this one."""
    at_once = sa.and_(Job.created_at == job.created_at, Job.id < job.id)
    earlier = sa.select(sa.func.count()).where(
        Job.state.in_((QUEUED, RUNNING)),
        sa.or_(Job.created_at < job.created_at, at_once),
    )
    return session.scalar(earlier) or 0


def forget_jobs(session: orm.Session, older_than: datetime) -> None:
    session.execute(
        sa.delete(Job).where(Job.ended_at.is_not(None), Job.ended_at < older_than)
    )


# ---- the turn


def take_turn(session: orm.Session, job_id: int, worker: str) -> bool:
    """Take the turn for a queued job, in a transaction that is committed here.

    That only one has it is a unique key, so that no two processes can.
    """
    now = utcnow()
    statement = (
        sa.update(Job)
        .where(Job.id == job_id, Job.state == QUEUED)
        .values(state=RUNNING, turn=_THE_TURN, worker=worker, beat_at=now, phase_at=now)
    )
    try:
        _lock(session, job_id)
        taken: Any = session.execute(statement)
        session.commit()
    except IntegrityError:
        session.rollback()
        return False
    return bool(taken.rowcount)


class _Sign(NamedTuple):
    """What the process that has the turn said last."""

    job_id: int
    worker: str
    beat_at: datetime


class TurnWatch:
    """How long the holder of the turn has been silent, as this process sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sign: _Sign | None = None
        self._since = 0.0

    def seconds_since(self, sign: _Sign) -> float:
        """Return for how long this sign has been the last one."""
        now = time.monotonic()
        with self._lock:
            if sign != self._sign:
                self._sign, self._since = sign, now
            return now - self._since


def free_lost_turn(engine: sa.Engine, watch: TurnWatch) -> None:
    """Take the turn from a process that was silent for too long. Waits for nobody."""
    sign = _last_sign(engine)
    if sign is None or watch.seconds_since(sign) <= limits.job_lease:
        return
    _without_waiting(
        engine,
        sign.job_id,
        sa.and_(_is_own(sign.job_id, sign.worker), JOBS.c.beat_at == sign.beat_at),
        {"state": LOST, "turn": None, "ended_at": utcnow(), "error": None},
    )


def _last_sign(engine: sa.Engine) -> _Sign | None:
    columns = (JOBS.c.id, JOBS.c.worker, JOBS.c.beat_at)
    try:
        with engine.connect() as connection:
            row = connection.execute(
                sa.select(*columns).where(JOBS.c.turn == _THE_TURN)
            ).first()
    except SQLAlchemyError:
        return None
    return _Sign(*row) if row else None


def note_progress(
    engine: sa.Engine, job_id: int, worker: str, values: dict[str, Any]
) -> bool:
    """Say that the process lives and how far it is; return whether to go on.

    Where the database is locked or away, that is said the next time.
    """
    own = _is_own(job_id, worker)
    _without_waiting(engine, job_id, own, {**values, "beat_at": utcnow()})
    try:
        with engine.connect() as connection:
            row = connection.execute(
                sa.select(JOBS.c.is_cancelled, JOBS.c.state, JOBS.c.worker).where(
                    JOBS.c.id == job_id
                )
            ).first()
    except SQLAlchemyError:
        return True
    return row is not None and (row[1], row[2], bool(row[0])) == (
        RUNNING,
        worker,
        False,
    )


def _is_own(job_id: int, worker: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        JOBS.c.id == job_id, JOBS.c.state == RUNNING, JOBS.c.worker == worker
    )


def _lock(session: orm.Session, job_id: int) -> None:
    """Lock the row before it is changed.

    By its id alone: MariaDB may find it by its state, and locks that index first then.
    Of two that lock in another order, one would be rolled back.
    """
    session.execute(sa.select(Job.id).where(Job.id == job_id).with_for_update())


def _without_waiting(
    engine: sa.Engine,
    job_id: int,
    where: sa.ColumnElement[bool],
    values: dict[str, Any],
) -> None:
    """Do the same and change a job; do nothing where somebody else has locked it."""
    try:
        with (
            engine.connect() as connection,
            engine_of(engine).without_waiting(connection),
        ):
            found = connection.execute(
                sa.select(JOBS.c.id)
                .where(JOBS.c.id == job_id)
                .with_for_update(nowait=True)
            ).all()
            if found:
                connection.execute(sa.update(JOBS).where(where).values(values))
                connection.commit()
    except SQLAlchemyError:
        return


# ---- the end


def end_in(session: orm.Session, job_id: int, worker: str, state: str = DONE) -> None:
    """Note the end in the transaction of the work itself. Raises ``Lost``.

    So what the job writes and that it is done are committed together, or neither.
    """
    _lock(session, job_id)
    ended: Any = session.execute(
        sa.update(Job)
        .where(_is_own(job_id, worker))
        .values(state=state, turn=None, ended_at=utcnow())
    )
    if not ended.rowcount:
        raise Lost("The server gave up on this job. Nothing was written.")


def end_failed(
    session: orm.Session, job_id: int, worker: str, state: str, error: str | None
) -> None:
    """Note that a job ended without what it was for; one that ended stays as it is."""
    _lock(session, job_id)
    session.execute(
        sa.update(Job)
        .where(_is_own(job_id, worker))
        .values(state=state, turn=None, ended_at=utcnow(), error=error)
    )


def cancel_job(session: orm.Session, job_id: int) -> None:
    """Ask a job to end, in the transaction that is open; one that waits, ends now."""
    _lock(session, job_id)
    session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.state == QUEUED)
        .values(state=CANCELLED, is_cancelled=True, ended_at=utcnow())
    )
    session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.state == RUNNING)
        .values(is_cancelled=True)
    )
