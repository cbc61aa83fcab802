"""Made-up hosts: the same each time, as varied as real ones, and with a past."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import demo
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.history import CREATED
from hostadmin.models import ChangeEntry, ChangeSet, Host
from hostadmin.query.fields import FIELDS
from hostadmin.stats.counts import count_by_many, count_hosts
from hostadmin.stats.data_quality import host_checks
from hostadmin.stats.trend import read_trend
from hostadmin.validation.rules import clean_host


@pytest.fixture
def filled(session):
    assert demo.fill_if_empty(300)
    return db.session()


def test_the_same_hosts_are_made_each_time():
    assert list(demo.make_hosts(50)) == list(demo.make_hosts(500))[:50]


def test_every_host_obeys_the_rules_and_names_are_unique():
    made = list(demo.make_hosts(2_000))
    for host in made:
        assert clean_host(host) == host

    assert len({host["hostname"] for host in made}) == 2_000


def test_an_empty_inventory_is_filled_once_with_hosts_of_each_kind(filled):
    assert not demo.fill_if_empty(300)

    assert count_hosts(filled) == 300
    assert len(count_by_many(filled, by=["status"])) == 5
    assert filled.scalar(sa.select(Host.id).where(Host.owner.is_(None)).limit(1))
    assert filled.scalar(sa.select(Host.id).where(Host.ip_addr.is_(None)).limit(1))


def test_hosts_are_at_the_end_as_they_were_made(filled):
    made = {host["hostname"]: host for host in demo.make_hosts(300)}

    for host in filled.scalars(sa.select(Host)):
        wanted = made.pop(host.hostname)
        groups = [group.name for group in host.groups]
        assert (host.status, host.os) == (wanted["status"], wanted["os"])
        assert groups == wanted["groups"]
    assert not made


def test_what_hosts_say_of_their_time_is_what_the_history_says(filled):
    times: dict[int, list] = {}
    for entry in filled.scalars(
        sa.select(ChangeEntry)
        .join(ChangeEntry.change_set)
        .where(ChangeEntry.subject == "host")
        .order_by(ChangeSet.at, ChangeEntry.id)
    ):
        assert times.get(entry.subject_id) or entry.action == CREATED
        times.setdefault(entry.subject_id, []).append(entry.change_set.at)

    for host in filled.scalars(sa.select(Host)):
        assert host.created_at == times[host.id][0]
        assert host.updated_at == times[host.id][-1]
        assert host.updated_at <= host.confirmed_at <= utcnow()


def test_the_past_is_two_years_long_and_ends_today(filled):
    trend = read_trend(filled, FIELDS["status"], "month", 24)

    assert 0 < trend.totals[0] < trend.totals[12] < trend.totals[-1] == 300
    assert {"active", "staged", "retired"} <= {one.label for one in trend.series}
    oldest = filled.scalar(sa.select(sa.func.min(Host.created_at)))
    assert utcnow() - oldest > timedelta(days=700)


def test_addresses_are_no_finding(filled):
    check = next(one for one in host_checks() if one.name == "special-address")

    assert count_hosts(filled, check.condition) == 0
