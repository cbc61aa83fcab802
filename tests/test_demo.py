"""Made-up hosts: the same each time, and as varied as real ones."""

from datetime import UTC, datetime

import sqlalchemy as sa

from hostadmin import demo
from hostadmin.db.session import db
from hostadmin.models import ChangeEntry, Host
from hostadmin.stats.counts import count_by_many, count_hosts
from hostadmin.validation.rules import clean_host

NOW = datetime(2026, 7, 1, tzinfo=UTC)
TIMES = ("created_at", "updated_at", "confirmed_at")


def test_the_same_hosts_are_made_each_time():
    assert list(demo.make_hosts(50, NOW)) == list(demo.make_hosts(50, NOW))


def test_every_host_obeys_the_rules_and_names_are_unique():
    made = list(demo.make_hosts(2_000, NOW))
    for host in made:
        fields = {name: value for name, value in host.items() if name not in TIMES}
        assert clean_host(fields) == fields

    assert len({host["hostname"] for host in made}) == 2_000


def test_times_are_in_order():
    for host in demo.make_hosts(500, NOW):
        assert host["created_at"] <= host["updated_at"] <= host["confirmed_at"] <= NOW


def test_an_empty_inventory_is_filled_once_and_recorded(session):
    assert demo.fill_if_empty(300)
    assert not demo.fill_if_empty(300)

    node_count = count_hosts(db.session())
    entries = session.scalar(
        sa.select(sa.func.count())
        .select_from(ChangeEntry)
        .where(ChangeEntry.subject == "host")
    )
    assert (node_count, entries) == (300, 300)
    assert len(count_by_many(db.session(), by=["status"])) == 5
    assert session.scalar(sa.select(Host.id).where(Host.owner.is_(None)).limit(1))
    assert session.scalar(sa.select(Host.id).where(Host.ip_addr.is_(None)).limit(1))
