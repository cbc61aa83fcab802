"""Oracle: what is said to it compiles, and was never run on a server.

- DATE, which SQLAlchemy takes for a time, keeps no fractions of a second.
- Of its two levels of isolation, SERIALIZABLE is the one that sees one moment.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import oracle
from sqlalchemy.sql.elements import ColumnElement

from .base import Clause, Engine


class Oracle(Engine):
    name = "oracle"
    schemes = ("oracle",)
    driver = "oracledb"
    time_type = oracle.TIMESTAMP()

    def is_ascii(self, text: ColumnElement[str]) -> Clause:
        whole: Clause = sa.func.lengthb(text) == sa.func.length(text)
        return whole
