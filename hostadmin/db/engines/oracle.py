"""Oracle: what is said to it compiles, and was never run on a server.

- DATE, which SQLAlchemy takes for a time, keeps no fractions of a second.
- Of its two levels of isolation, SERIALIZABLE is the one that sees one moment.
"""

from sqlalchemy.dialects import oracle

from .base import Engine


class Oracle(Engine):
    name = "oracle"
    schemes = ("oracle",)
    driver = "oracledb"
    time_type = oracle.TIMESTAMP()
