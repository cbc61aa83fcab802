"""The engines: one module for each, and nowhere else is asked which one it is."""

from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import DBAPIError

from .base import Engine as Engine
from .mariadb import MariaDB
from .mysql import MySQL
from .mysql_relatives import IS_OCEANBASE
from .oceanbase import OceanBase
from .oracle import Oracle
from .postgresql import PostgreSQL
from .sqlite import SQLite
from .trouble import error_codes as error_codes
from .waits import will_write as will_write

# Every engine that a URI may name, by the name of its dialect.
ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (SQLite(), PostgreSQL(), MySQL(), MariaDB(), Oracle())
}
# No URI names it: it is found out.
_OCEANBASE = OceanBase()
_UNKNOWN = Engine()
Bind: TypeAlias = sa.Engine | sa.Connection | sa.Dialect
Session: TypeAlias = orm.Session | orm.scoped_session[Any]


def engine_of(where: Session | Bind | sa.URL) -> Engine:
    """Return the engine of a session, connection, engine, dialect or URL."""
    if isinstance(where, sa.URL):
        return ENGINES.get(where.get_backend_name(), _UNKNOWN)
    if isinstance(where, (orm.Session, orm.scoped_session)):
        where = where.get_bind()
    dialect = where if isinstance(where, sa.Dialect) else where.dialect
    # The scheme of a URI says less than the server, once there is a connection.
    if getattr(dialect, "is_mariadb", False):
        return ENGINES[MariaDB.name]
    if getattr(dialect, IS_OCEANBASE, False):
        return _OCEANBASE
    return ENGINES.get(dialect.name, _UNKNOWN)


def was_rolled_back(error: DBAPIError) -> bool:
    """Whether the engine says that nothing of the transaction was kept."""
    return any(engine.was_rolled_back(error.orig) for engine in ENGINES.values())
