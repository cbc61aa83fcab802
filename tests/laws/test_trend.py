"""The trend at each day is what a count on that day gave, whatever was done since."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.inventory import bulk_delete, hosts
from hostadmin.models import ChangeSet, Host
from hostadmin.query.fields import FIELDS
from hostadmin.stats import trend as trends
from hostadmin.stats.counts import count_hosts, count_table, find_dimension
from hostadmin.stats.trend import read_trend
from hostadmin.undo import undo

from ..helpers.apps import empty_tables

TODAY = datetime(2026, 3, 10, 15, tzinfo=UTC)
DAYS = 6
BY = ("status", "env", "port")

FIELDS_OF_A_HOST = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["active", "staged", "retired"]),
        "environment": st.sampled_from([None, "prod", "Prod", "null", 'a"b']),
        "port": st.sampled_from([None, 22, 443]),
        "notes": st.sampled_from([None, "n"]),
    },
)
PICK = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), FIELDS_OF_A_HOST),
        st.tuples(st.just("change"), PICK, FIELDS_OF_A_HOST),
        st.tuples(st.just("delete"), PICK),
        st.tuples(st.just("clear")),
        st.tuples(st.just("undo"), PICK),
    ),
    max_size=4,
)


def ids(model):
    return db.session.scalars(sa.select(model.id).order_by(model.id)).all()


def take(step, number):
    kind, *rest = step
    there = ids(ChangeSet if kind == "undo" else Host)
    if kind == "add":
        hosts.add_host({"hostname": f"h{number}"} | rest[0])
    elif not there:
        return
    elif kind == "change":
        hosts.change_host(there[rest[0] % len(there)], rest[1])
    elif kind == "delete":
        hosts.delete_host(there[rest[0] % len(there)])
    elif kind == "clear":
        rows = db.session.execute(sa.select(Host.id, Host.version)).all()
        bulk_delete.delete_hosts(db.session(), {row[0]: row[1] for row in rows})
    else:
        undo(db.session(), there[-1 - rest[0] % len(there)])[0].close()


def counted(session, name):
    table = count_table(session, find_dimension(session, name))
    numbers = zip(table.buckets, table.counts, strict=True)
    return {bucket.label: number for bucket, number in numbers}


@pytest.fixture
def day(monkeypatch):
    """Return a function that says which day it is, as far as the history knows."""

    def set_day(number):
        now = TODAY - timedelta(days=DAYS - 1 - number)
        monkeypatch.setattr(history.writer, "utcnow", lambda: now)

    monkeypatch.setattr(trends, "utcnow", lambda: TODAY)
    return set_day


@pytest.fixture
def emptied(session):
    def empty():
        session.rollback()
        with db.engine.begin() as connection:
            empty_tables(connection)

    return empty


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(each_day=st.lists(STEPS, min_size=DAYS, max_size=DAYS))
def test_each_day_is_what_was_counted_then(session, emptied, day, each_day):
    emptied()
    expected = []
    for number, steps in enumerate(each_day):
        day(number)
        for place, step in enumerate(steps):
            history.write(
                ActorContext("ann", "web"),
                lambda step=step, name=f"{number}-{place}": take(step, name),
            )
        session.rollback()
        expected.append([count_hosts(session), *(counted(session, by) for by in BY)])

    whole = read_trend(session, None, "day", DAYS)
    assert list(whole.totals) == [then[0] for then in expected]
    for at, by in enumerate(BY, 1):
        found = read_trend(session, FIELDS[by], "day", DAYS)
        assert list(found.totals) == [then[0] for then in expected]
        for number, then in enumerate(expected):
            shown = {s.label: s.counts[number] for s in found.series}
            assert {label: n for label, n in shown.items() if n} == then[at], by


def test_of_many_values_some_have_no_line_of_their_own(session, make_host):
    for number in range(12):
        make_host(owner=f"o{number % 11:02}", hostname=f"h{number}")

    found = read_trend(session, FIELDS["owner"], "month", 3)

    assert [series.label for series in found.series][:2] == ["o00", "o01"]
    assert found.series[-1].label == "(other)"
    assert found.series[-1].counts[-1] == 4
    # The last day of each month, and today.
    assert all((day + timedelta(days=1)).day == 1 for day in found.days[:-1])
    assert sum(series.counts[-1] for series in found.series) == 12


def test_without_a_history_there_was_nothing(session):
    found = read_trend(session, FIELDS["status"], "day", 30)

    assert list(found.totals) == [0] * 30
    assert found.series == []
