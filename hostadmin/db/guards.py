"""One writer at a time where a rule spans rows, on one server and on a cluster.

A lock on rows that are only read holds on one server. The nodes of a cluster, and
engines that compare transactions when they commit, learn of each other by what is
written: so anyone who decides such a thing first updates the row of its guard.
"""

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from .session import TRANSIENT, UNNUMBERED_TABLE_OPTIONS, Base, key_text

guards = sa.Table(
    "guards",
    Base.metadata,
    sa.Column("name", key_text(32), primary_key=True),
    sa.Column("turn", sa.BigInteger, nullable=False),
    **UNNUMBERED_TABLE_OPTIONS,
    **TRANSIENT,
)

# That an admin is left; that there was no account before; that no group is inside of
# itself; how many tokens, views or sets somebody has.
ADMINS, FIRST_ACCOUNT, NESTING = "admins", "first account", "nesting"
TOKENS, VIEWS, SETS = "tokens", "views", "sets"


def take_turn(
    session: orm.Session | orm.scoped_session[orm.Session], name: str
) -> None:
    """Wait for anyone else who decides the same; read what it depends on afterwards.

    Held until the transaction ends. On a cluster, the later one fails when it commits,
    as after a deadlock, and is run again.
    """
    connection = session.connection()
    own = guards.c.name == name
    turn = sa.update(guards).where(own).values(turn=guards.c.turn + 1)
    if connection.execute(turn).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(guards).values(name=name, turn=1))
    except IntegrityError:
        # Somebody made it at the same moment.
        connection.execute(turn)
