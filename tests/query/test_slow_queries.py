"""What no index serves is stopped in time, and said to be."""

import pytest
import sqlalchemy as sa

from hostadmin.db.time_limit import TooSlow
from hostadmin.inventory import list_hosts as list_hosts_module
from hostadmin.inventory.list_hosts import list_hosts
from hostadmin.keyset.pages import Count
from hostadmin.limits import limits
from hostadmin.query.parser import parse

from ..helpers.pages import parse as parse_page
from ..helpers.slow_sql import SLOW


@pytest.fixture
def some(make_host):
    for number in range(5):
        make_host(hostname=f"web-{number}", vars={"rack": "B14"})
    make_host(hostname="db-1")


@pytest.fixture
def slow_count(monkeypatch):
    """Counting takes a minute, unless it is stopped."""
    original = list_hosts_module.capped_count

    def count(session, ids, *rest):
        if ids.whereclause is not None:
            session.execute(sa.text(SLOW[session.get_bind().dialect.name]))
        return original(session, ids, *rest)

    monkeypatch.setattr(list_hosts_module, "capped_count", count)
    monkeypatch.setattr(limits, "count_seconds", 0.1)


def page_of(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return parse_page(response)


def test_rows_are_shown_though_they_could_not_be_counted(client, some, slow_count):
    page = page_of(client, "/hosts/?q=var.rack:B14&per_page=2")
    following = page_of(client, page.select_one(".pager [rel=next]")["href"])
    last = page_of(client, following.select_one(".pager [rel=next]")["href"])

    names = [
        cell.text.strip()
        for one in (page, following, last)
        for cell in one.select("td.is-main")
    ]
    assert names == [f"web-{number}" for number in range(5)]
    assert page.select_one(".card-head h2").text == "More than 2 hosts match"
    assert "Counting stopped after" in page.select_one(".list .note").text
    assert last.select_one(".card-head h2").text == "5 of 6 hosts"


def test_a_search_that_takes_too_long_shows_nothing_and_says_so(
    client, some, monkeypatch
):
    def slow(*_, **__):
        raise TooSlow(3)

    monkeypatch.setattr(list_hosts_module, "fetch_page", slow)
    page = page_of(client, "/hosts/?q=var.rack:B14")

    assert "The search stopped after 3 s" in page.select_one(".list .note").text
    assert page.select_one(".card-head h2").text == "None found among 6 hosts"
    assert "No hosts match" not in page.text
    assert not page.select("td.is-main")


@pytest.mark.parametrize(
    ("query", "number"), [("group:web", 3), ("group:outer", 4), ("group:web,db", 4)]
)
def test_groups_are_counted_by_their_members(
    session, make_host, make_group, query, number
):
    make_group(name="web")
    make_group(name="db")
    make_group(name="outer", children=["web", "db"])
    for groups in (["web"], ["web", "db"], ["web"], ["db"], []):
        make_host(groups=groups)

    page = list_hosts(session, parse(query))

    assert page.count.value == len(page.rows) == number


def test_a_big_group_is_found_by_probes(session, make_host, make_group, monkeypatch):
    from hostadmin.query.sql import groups as sql_groups

    original = sql_groups.capped_count
    monkeypatch.setattr(sql_groups, "capped_count", lambda s, ids: original(s, ids, 2))
    make_group(name="web")
    for groups in (["web"], ["web"], ["web"], []):
        make_host(groups=groups)

    page = list_hosts(session, parse("group:web"))

    if session.get_bind().dialect.name == "sqlite":
        assert "EXISTS" in str(page.where)
    assert page.count.value == len(page.rows) == 3


def test_what_is_at_the_end_of_the_order_is_collected(session, make_host, monkeypatch):
    for number in range(6):
        make_host(hostname=f"web-{number}", role="web")
    walks = []
    original = list_hosts_module.fetch_page

    def impatient(*args, collect=False, **more):
        walks.append(collect)
        if not collect:
            session().execute(sa.text(SLOW[session.get_bind().dialect.name]))
        return original(*args, collect=collect, **more)

    monkeypatch.setattr(list_hosts_module, "fetch_page", impatient)
    monkeypatch.setattr(
        list_hosts_module, "capped_count", lambda *_: Count(3, capped=True)
    )
    shown, cursor = [], None
    while True:
        page = list_hosts(session(), parse("role:web"), "-hostname", cursor, 4)
        shown += [host.hostname for host in page.rows]
        if (cursor := page.next_cursor) is None:
            break

    assert shown == [f"web-{number}" for number in range(5, -1, -1)]
    assert walks == [False, True, False, True]
