"""What the errors of the drivers mean: locked, full, away, read-only, too slow."""

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .engines import ENGINES, Engine
from .engines.trouble import Trouble as Trouble

TOO_MUCH = "This query is too large for the database. Use a shorter one."


def is_too_much(error: SQLAlchemyError) -> bool:
    """Whether the database could serve, but not so large a statement."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    engine = _engine_of(orig)
    return engine is not None and engine.is_too_much(orig)


def trouble(error: SQLAlchemyError) -> Trouble | None:
    """Return why the database could not serve; None if the error is one of ours."""
    if isinstance(error, PoolTimeout):
        return Trouble.CROWDED
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    engine = _engine_of(error.orig)
    found = engine.trouble_of(error.orig) if engine else None
    # Without a code, the driver itself failed, before a server could name a reason.
    has_failed = engine is None and isinstance(error, OperationalError)
    if found is None and (error.connection_invalidated or has_failed):
        return Trouble.AWAY
    return found


def _engine_of(orig: BaseException | None) -> Engine | None:
    """Return the engine that gave the error a code; None for those without one."""
    return next((one for one in ENGINES.values() if one.has_raised(orig)), None)
