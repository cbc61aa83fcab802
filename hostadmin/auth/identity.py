"""Who asks: a person with a session, or a tool with a token; and when they last did."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..clock import utcnow
from ..db.engines import engine_of
from ..models import AccountSession, ApiToken
from ..validation.accounts import Role

# How often a session or token is noted as in use: reading must not mean writing.
NOTED_EVERY = timedelta(minutes=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identity:
    """What a request is done as.

    ``account_id`` is None for a token that was made on the server's shell. Only people
    have a session.
    """

    name: str
    role: Role
    account_id: int | None = None
    session_id: int | None = None
    token_id: int | None = None
    read_only: bool = False
    theme: str | None = None


@dataclass(frozen=True)
class Found:
    """A session or token that is alive. ``is_due`` says to note that it is in use."""

    identity: Identity
    is_due: bool


def note_use(engine: Engine, identity: Identity) -> None:
    """Note that somebody is there, in a transaction of its own that waits for nobody.

    Where the database is read-only, full or locked, pages are still read.
    """
    table: Any = AccountSession if identity.token_id is None else ApiToken
    column = "seen_at" if identity.token_id is None else "last_used_at"
    row = table.id == (identity.token_id or identity.session_id)
    try:
        with (
            engine.connect() as connection,
            engine_of(engine).without_waiting(connection),
        ):
            connection.execute(
                sa.select(table.id).where(row).with_for_update(nowait=True)
            )
            connection.execute(sa.update(table).where(row).values({column: utcnow()}))
            connection.commit()
    except SQLAlchemyError as error:
        log.info("the last use of a session was not saved: %s", type(error).__name__)
