"""A connection whose transaction sees one moment of the database."""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from ..db.engines import engine_of


@contextlib.contextmanager
def at_one_moment(engine: sa.Engine) -> Iterator[sa.Connection]:
    level = engine_of(engine).snapshot_options
    with engine.connect().execution_options(**level) as connection:
        yield connection
