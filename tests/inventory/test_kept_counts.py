"""Kept numbers are those of the hosts, whatever was written, by whom, and at once."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.bulk_edit import Selection, change, read_edit
from hostadmin.db.session import db
from hostadmin.errors import InvalidInput
from hostadmin.history.kept_counts import fold
from hostadmin.inventory import hosts
from hostadmin.inventory.check_counts import (
    check_counts,
    repair_counts,
    wrong_counts,
)
from hostadmin.inventory.kept_counts import kept_count
from hostadmin.limits import limits
from hostadmin.models import KEPT_COUNTS, NOT_KEPT, Host, host_counts
from hostadmin.query.ast import EVERYTHING
from hostadmin.query.parser import parse
from hostadmin.stats.counts import count_hosts

from ..helpers.races import run_at_once

ON_A_CLUSTER = True


COUNT = sa.select(sa.func.count(Host.id))


def rows(fields=None):
    """Count the rows of kept counts, or those of them by some columns."""
    statement = sa.select(sa.func.count()).select_from(host_counts)
    if fields is not None:
        statement = statement.where(host_counts.c.fields == fields)
    with db.engine.connect() as connection:
        return connection.scalar(statement)


def not_kept():
    return check_counts(db.engine).not_kept


@pytest.fixture
def few(monkeypatch):
    """No more than three values of anything are kept."""
    monkeypatch.setattr(limits, "kept_values", 3)
    monkeypatch.setattr(limits, "kept_pairs", 3)


def test_what_is_kept_is_what_is_counted(session, make_host):
    host_id = make_host(
        hostname="a", environment="prod", os="Debian 13", owner="search"
    )
    make_host(hostname="b", environment="prod", port=None)
    make_host(hostname="c")

    with history.writing("ann"):
        hosts.change_host(host_id, {"environment": None, "status": "retired"})

    assert wrong_counts(db.engine) == []
    for query, number in (
        ("", 3),
        ("env:PROD", 1),
        ("env is empty", 2),
        ("-env:pr*", 2),
        ("port is empty or env is empty", 3),
        ("port>21 env:prod", 0),
        ("status:retired owner:search", 1),
        ("status:retired,active -owner:search", 2),
    ):
        assert kept_count(session, parse(query)) == number, query
    # Of three columns nothing is kept; these are counted.
    assert kept_count(session, parse("env:prod os:debian* owner:search")) is None
    assert kept_count(session, parse("env:prod web")) is None


def test_a_transaction_that_has_written_counts_for_itself(session, make_host):
    make_host(hostname="a")
    with history.writing("ann"):
        hosts.add_host({"hostname": "b"})
        assert count_hosts(db.session()) == 2
    assert kept_count(session) == 2


def test_what_is_taken_back_was_never_counted(session, make_host):
    make_host(hostname="a")

    def add_twice():
        with history.writing("ann"):
            hosts.add_host({"hostname": "b"})
            hosts.add_host({"hostname": "b"})

    with pytest.raises(InvalidInput):
        add_twice()

    assert kept_count(session) == 1
    assert wrong_counts(db.engine) == []


def test_a_write_that_fails_at_its_counts_leaves_neither(
    session, make_host, monkeypatch
):
    make_host(hostname="a")

    def fail(*_):
        raise OSError("no room")

    def add():
        with history.writing("ann"):
            hosts.add_host({"hostname": "b"})

    with monkeypatch.context() as patched:
        patched.setattr("hostadmin.history.kept_counts.insert_counts", fail)
        with pytest.raises(OSError, match="no room"):
            add()

    session.rollback()
    assert session.scalars(sa.select(Host.hostname)).all() == ["a"]
    assert wrong_counts(db.engine) == []


def test_a_host_that_several_flushes_change_is_counted_as_it_ends(session, make_host):
    host_id = make_host(hostname="a", environment="prod", owner="search")
    with history.writing("ann"):
        for environment, port in (("dev", 80), (None, 80), ("test", None)):
            hosts.change_host(host_id, {"environment": environment, "port": port})
            db.session.flush()
        hosts.change_host(host_id, {"owner": None})

    assert wrong_counts(db.engine) == []
    assert kept_count(session, parse("env:test owner is empty")) == 1


def test_what_many_writes_changed_is_counted_batch_by_batch(
    session, make_host, monkeypatch
):
    monkeypatch.setattr("hostadmin.history.kept_counts.BATCH", 2)
    monkeypatch.setattr("hostadmin.inventory.check_counts.BATCH", 2)
    ids = [
        make_host(hostname=f"h{n}", owner=("search", "data", None)[n % 3])
        for n in range(7)
    ]
    with history.writing("ann"):
        edit = read_edit([("owner", "ops"), ("environment", "prod")])
        change(db.session(), Selection(ids=tuple(ids)), edit)

    assert wrong_counts(db.engine) == []
    assert kept_count(session, parse("env:prod owner:ops")) == 7


def test_clocks_do_not_matter(session, make_host, monkeypatch):
    """As on nodes whose clocks differ by years, and while one is set back."""
    host_id = make_host(hostname="a", environment="prod")
    for year in (2090, 1999, 2090, 2010):
        moment = datetime(year, 1, 1, tzinfo=UTC)
        monkeypatch.setattr("hostadmin.history.writer.utcnow", lambda at=moment: at)
        monkeypatch.setattr("hostadmin.history.recorder.utcnow", lambda at=moment: at)
        with history.writing("ann"):
            hosts.change_host(host_id, {"environment": f"of {year}"})
            hosts.add_host({"hostname": f"h{db.session.scalar(COUNT)}"})
        fold(db.engine)

        assert wrong_counts(db.engine) == []


def test_many_rows_become_one_and_say_the_same(session, make_host):
    for number in range(5):
        make_host(hostname=f"h{number}", environment="prod")
    before = kept_count(session, parse("env:prod"))

    fold(db.engine)

    # All five have the same values.
    assert rows() == len(KEPT_COUNTS)
    assert kept_count(session, parse("env:prod")) == before == 5
    assert wrong_counts(db.engine) == []


def test_a_value_that_nothing_has_any_more_leaves_no_row(session, make_host):
    host_id = make_host(hostname="a", environment="prod")
    with history.writing("ann"):
        hosts.delete_host(host_id)
    fold(db.engine)

    assert rows() == 0


def test_the_more_rows_there_are_the_less_often_they_are_read(
    make_host, app, monkeypatch
):
    monkeypatch.setattr(limits, "fold_rows", 10)
    monkeypatch.setattr(
        "secrets.randbelow", lambda n: 0 if n == limits.fold_rows else n - 1
    )
    with app.app_context():
        for expected in (1, 2, 3):
            make_host(environment="prod")
            assert rows() == expected * len(KEPT_COUNTS)

        monkeypatch.setattr("secrets.randbelow", lambda _: 0)
        make_host(environment="prod")
        assert rows() == len(KEPT_COUNTS)


def test_at_once_nothing_is_lost(app, session, make_host):
    ids = [make_host(hostname=f"h{n}", environment="dev") for n in range(4)]

    def change(host_id):
        hosts.change_host(host_id, {"environment": "prod", "owner": "search"})

    run_at_once(
        app,
        lambda: fold(db.engine),
        lambda: fold(db.engine),
        *(lambda host_id=host_id: change(host_id) for host_id in ids),
        *(lambda n=n: hosts.add_host({"hostname": f"new{n}"}) for n in range(3)),
        lambda: hosts.delete_host(ids[0]),
    )

    session.rollback()
    assert wrong_counts(db.engine) == []
    assert kept_count(session) == session.scalar(sa.select(sa.func.count(Host.id)))


DAMAGE = st.lists(
    st.tuples(st.sampled_from(["lose", "add"]), st.integers(0, 50)),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(damage=DAMAGE)
def test_what_was_tampered_with_is_found_and_repaired(session, make_host, damage):
    name = f"h{session.scalar(sa.select(sa.func.count(Host.id)))}"
    make_host(hostname=name, environment="prod")
    session.rollback()
    with db.engine.begin() as connection:
        ids = connection.scalars(sa.select(host_counts.c.id)).all()
        for kind, number in damage:
            row = host_counts.c.id == ids[number % len(ids)]
            more = sa.update(host_counts).values(hosts=host_counts.c.hosts + 1)
            connection.execute(
                more.where(row) if kind == "add" else sa.delete(host_counts).where(row)
            )

    assert wrong_counts(db.engine)
    repair_counts(db.engine)

    assert wrong_counts(db.engine) == []
    assert kept_count(session) == session.scalar(sa.select(sa.func.count(Host.id)))


def test_what_is_written_during_a_repair_is_kept(app, session, make_host):
    make_host(hostname="a")
    run_at_once(
        app,
        lambda: repair_counts(db.engine),
        lambda: repair_counts(db.engine),
        *(lambda n=n: hosts.add_host({"hostname": f"new{n}"}) for n in range(4)),
    )

    session.rollback()
    assert kept_count(session, EVERYTHING) == 5
    assert wrong_counts(db.engine) == []


# ---- too many values


def test_too_many_values_are_counted_instead_of_kept(session, make_host, few):
    for number in range(5):
        make_host(hostname=f"h{number}", environment="prod", owner=f"o{number % 4}")
    assert kept_count(session, parse("owner:o0")) == 2
    session.rollback()

    fold(db.engine)

    with_owner = [",".join(names) for names in KEPT_COUNTS if "owner" in names]
    assert not_kept() == sorted(with_owner)
    assert kept_count(session, parse("owner:o0")) is None
    assert count_hosts(session, parse("owner:o0")) == 2
    assert kept_count(session, parse("env:prod")) == kept_count(session) == 5
    assert wrong_counts(db.engine) == []


def test_pairs_may_be_too_many_where_the_values_are_not(
    session, make_host, monkeypatch
):
    monkeypatch.setattr(limits, "kept_pairs", 3)
    for number in range(4):
        make_host(
            hostname=f"h{number}", owner=f"o{number % 2}", environment=f"e{number // 2}"
        )

    fold(db.engine)

    assert not_kept() == ["environment,owner"]
    assert kept_count(session, parse("owner:o0")) == 2
    assert kept_count(session, parse("owner:o0 env:e0")) is None
    assert count_hosts(session, parse("owner:o0 env:e0")) == 1


def test_a_column_with_too_many_values_is_in_no_pair(session, make_host, monkeypatch):
    """All of its values may go with one value of the other."""
    monkeypatch.setattr(limits, "kept_values", 3)
    for number in range(4):
        make_host(hostname=f"h{number}", owner=f"o{number}", environment="prod")

    fold(db.engine)

    assert not_kept() == ["owner"]
    assert kept_count(session, parse("owner:o0 env:prod")) is None
    assert kept_count(session, parse("env:prod os is empty")) == 4


def test_what_is_given_up_leaves_no_row_but_one_that_says_so(session, make_host, few):
    for number in range(5):
        make_host(hostname=f"h{number}", owner=f"o{number}")
    fold(db.engine)
    make_host(hostname="later", owner="new")
    assert rows("owner") > 3

    for _ in range(2):
        fold(db.engine)

        assert rows("owner") == 0
        assert rows(NOT_KEPT) == len(not_kept()) == 7


def test_one_write_with_too_many_values_keeps_none_of_them(session, make_host, few):
    make_host(hostname="a", owner="ops")
    with history.writing("ann"):
        for number in range(5):
            hosts.add_host({"hostname": f"h{number}", "owner": f"o{number}"})
        db.session.flush()

    assert "owner" in not_kept()
    assert rows("owner") == 1
    assert kept_count(session, parse("owner:ops")) is None
    assert kept_count(session) == 6
    assert wrong_counts(db.engine) == []


def test_many_changes_between_few_values_are_kept(session, make_host, few):
    ids = [make_host(hostname=f"h{n}", owner=f"o{n % 3}") for n in range(6)]
    with history.writing("ann"):
        for number, host_id in enumerate([*ids, *ids]):
            hosts.change_host(host_id, {"owner": f"o{number // 2 % 3}"})
            db.session.flush()

    assert not_kept() == []
    assert kept_count(session, parse("owner:o1")) == 2
    assert wrong_counts(db.engine) == []


def test_few_values_again_are_kept_after_a_repair(session, make_host, few):
    ids = [make_host(hostname=f"h{n}", owner=f"o{n}") for n in range(5)]
    fold(db.engine)
    with history.writing("ann"):
        change(db.session(), Selection(ids=tuple(ids)), read_edit([("owner", "ops")]))
    assert "owner" in check_counts(db.engine).few_again

    repair_counts(db.engine)

    assert (not_kept(), wrong_counts(db.engine)) == ([], [])
    assert kept_count(session, parse("owner:ops")) == 5


def test_a_repair_keeps_no_more_values_than_others(session, make_host, monkeypatch):
    for number in range(5):
        make_host(hostname=f"h{number}", owner=f"o{number}")
    session.rollback()
    monkeypatch.setattr(limits, "kept_values", 3)
    monkeypatch.setattr(limits, "kept_pairs", 3)

    repair_counts(db.engine)

    assert kept_count(session, parse("owner:o1")) is None
    repair_counts(db.engine)
    assert rows("owner") == 0
    assert "owner" in not_kept()
    assert check_counts(db.engine).few_again == []


def test_who_gives_up_during_a_repair_is_not_overlooked(session, make_host, few):
    """A repair cannot know of what is not committed; the row that says so stays."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("has one writer at a time")
    make_host(hostname="a", owner="ops")
    with history.writing("ann"):
        for number in range(5):
            hosts.add_host({"hostname": f"h{number}", "owner": f"o{number}"})
        db.session.flush()
        repair_counts(db.engine)

    assert kept_count(session, parse("owner:o1")) is None
    assert wrong_counts(db.engine) == []


def test_at_once_with_too_many_values_nothing_is_lost(app, session, make_host, few):
    ids = [make_host(hostname=f"h{n}", owner=f"o{n}") for n in range(6)]

    def change_owner(host_id):
        hosts.change_host(host_id, {"owner": "ops"})

    for _ in range(3):
        run_at_once(
            app,
            lambda: fold(db.engine),
            lambda: fold(db.engine),
            lambda: repair_counts(db.engine),
            *(lambda host_id=host_id: change_owner(host_id) for host_id in ids),
        )
        assert wrong_counts(db.engine) == []
    session.rollback()
    repair_counts(db.engine)

    assert not_kept() == []
    assert wrong_counts(db.engine) == []
    assert kept_count(session, parse("owner:ops")) == count_owner(session, "ops")


def count_owner(session, owner):
    return session.scalar(COUNT.where(Host.owner == owner))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 5)),
        st.tuples(st.just("add many"), st.integers(1, 6)),
        st.tuples(st.just("change all"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("fold"), st.just(0)),
        st.tuples(st.just("repair"), st.just(0)),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_what_is_kept_is_right_whatever_is_given_up(session, few, steps):
    for step in steps:
        take(session, *step)

        session.rollback()
        assert wrong_counts(db.engine) == []
        for owner in ("o0", "o1"):
            kept = kept_count(session, parse(f"owner:{owner}"))
            assert kept in (None, count_owner(session, owner)), step
        session.rollback()


def take(session, step, number):
    ids = list(session.scalars(sa.select(Host.id).order_by(Host.id)))
    session.rollback()
    if step == "fold":
        fold(db.engine)
    elif step == "repair":
        repair_counts(db.engine)
    else:
        with history.writing("ann"):
            write_step(step, number, ids)


def write_step(step, number, ids):
    name = f"h{db.session.scalar(sa.select(sa.func.max(Host.id))) or 0}"
    if step == "add":
        hosts.add_host({"hostname": name, "owner": f"o{number}"})
    elif step == "add many":
        for n in range(number):
            hosts.add_host({"hostname": f"{name}-{n}", "owner": f"o{n}"})
        db.session.flush()
    elif step == "change all" and ids:
        edit = read_edit([("owner", f"o{number}")])
        change(db.session(), Selection(ids=tuple(ids)), edit)
    elif step == "delete" and ids:
        hosts.delete_host(ids[number % len(ids)])
