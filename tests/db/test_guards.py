"""Rules that span rows hold whatever others write at the same moment."""

import sqlalchemy as sa

from hostadmin.auth import accounts, tokens
from hostadmin.clock import utcnow
from hostadmin.db.guards import guards, take_turn
from hostadmin.db.session import db
from hostadmin.errors import Conflict, InvalidInput
from hostadmin.history.writer import CLOCKS_DIFFER
from hostadmin.inventory import groups
from hostadmin.limits import limits
from hostadmin.models import Account, ChangeSet
from hostadmin.validation.accounts import Role

from ..helpers.accounts import add_person
from ..helpers.races import run_at_once

ON_A_CLUSTER = True

ROUNDS = 5


def test_everybody_takes_turns_also_the_first_time(app, session):
    def work():
        take_turn(db.session(), "a")
        return db.session.scalar(sa.select(guards.c.turn))

    assert sorted(run_at_once(app, *[work] * 4)) == [1, 2, 3, 4]


def test_an_admin_is_left_when_each_takes_the_role_of_another(app, session):
    for number in range(ROUNDS):
        for name in ("ann", "bob"):
            add_person(app, "admin", f"{name}{number}")
    everybody = session.scalars(sa.select(Account.id)).all()
    session.rollback()
    works = [
        lambda id_=id_: accounts.change_role(id_, Role.VIEWER).id
        for id_ in everybody[:6]
    ]
    outcomes = run_at_once(app, *works)
    assert len([o for o in outcomes if isinstance(o, int)]) == 6
    # The last four: each but one goes.
    works = [
        lambda id_=id_: accounts.set_active(id_, False).id for id_ in everybody[6:]
    ]
    outcomes = run_at_once(app, *works)
    assert sorted(map(type, outcomes), key=str) == [Conflict, int, int, int]


def test_nobody_gets_more_tokens_than_there_may_be(app, session, monkeypatch):
    monkeypatch.setattr(limits, "account_tokens", 2)
    add_person(app, "viewer", "ann")

    def add():
        owner = accounts.named_account("ann")
        return tokens.add_token("t", "viewer", owner=owner)[0].id

    outcomes = run_at_once(app, *[add] * 4)
    assert sorted(map(type, outcomes), key=str) == [
        InvalidInput,
        InvalidInput,
        int,
        int,
    ]


def test_no_ring_comes_of_halves(app, session, make_group):
    for number in range(ROUNDS):
        names = [f"{letter}{number}" for letter in "abc"]
        ids = [make_group(name=name) for name in names]
        following = names[1:] + names[:1]
        outcomes = run_at_once(
            app,
            *[
                lambda id_=id_, child=child: (
                    groups.change_group(id_, {"children": [child]}, 1).id
                )
                for id_, child in zip(ids, following, strict=True)
            ],
        )
        assert len([o for o in outcomes if isinstance(o, int)]) == 2, outcomes


def set_time(at):
    with db.engine.begin() as connection:
        connection.execute(sa.update(ChangeSet.__table__).values(at=at))


def test_the_history_is_in_order_whatever_the_clocks_say(app, session, make_host):
    """Another server's clock is fast by a minute; or by a day, which is a fault."""
    make_host()
    ahead = utcnow() + CLOCKS_DIFFER / 2
    set_time(ahead)
    make_host()
    times = session.scalars(sa.select(ChangeSet.at).order_by(ChangeSet.id)).all()
    assert times[0] == ahead < times[1]

    session.rollback()
    set_time(ahead + CLOCKS_DIFFER)
    make_host()
    assert session.scalar(sa.select(sa.func.min(ChangeSet.at))) < ahead
