"""Lists sorted by several columns at once."""

import random

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.errors import QueryError
from hostadmin.inventory import hosts as inventory
from hostadmin.inventory.list_hosts import iter_hosts, list_hosts, parse_sort
from hostadmin.keyset.pages import Count, fetch_page
from hostadmin.models import Host
from hostadmin.query.parser import parse

NUMBER = 23


@pytest.fixture
def hosts(app, session):
    """Hosts with few different values, many of them empty."""
    chance = random.Random(5)
    with history.writing(actor="tests", source="command"):
        for number in range(NUMBER):
            inventory.add_host(
                {
                    "hostname": f"h{number}",
                    "port": chance.choice([None, 22, 80]),
                    "environment": chance.choice([None, "dev", "prod"]),
                    "status": chance.choice(["active", "retired"]),
                }
            )


def in_order(session, sort):
    """Sort in Python, from the last column to the first, empty values last."""
    found = list(session.scalars(sa.select(Host).order_by(Host.id)))
    found.sort(key=lambda host: host.id, reverse=sort.descending)
    for part in reversed(sort.parts):

        def key(host, part=part):
            value = getattr(host, part.column.key)
            return getattr(value, "value", value)

        with_key = [host for host in found if key(host) is not None]
        with_key.sort(key=key, reverse=part.descending)
        found = with_key + [host for host in found if key(host) is None]
    return [host.id for host in found]


TEXTS = (
    "port,env",
    "-port,env",
    "port,-env",
    "-env,-status",
    "status,-port",
    "-status,port",
    "-env,port,-status,hostname",
)


def walked(session, sort, size=6):
    count = Count(NUMBER)
    pages = [fetch_page(session, sa.select(Host), None, sort, None, size, count=count)]
    while cursor := pages[-1].next_cursor:
        pages.append(
            fetch_page(session, sa.select(Host), None, sort, cursor, size, count=count)
        )
    return pages, count


def test_a_walk_by_two_columns_shows_each_row_once_in_order(session, hosts, subtests):
    for text in TEXTS:
        sort = parse_sort(text)
        expected = in_order(session, sort)

        pages, count = walked(session, sort)

        with subtests.test(text):
            assert [host.id for page in pages for host in page.rows] == expected
            back = [pages[-1]]
            while cursor := back[-1].previous_cursor:
                back.append(
                    fetch_page(
                        session, sa.select(Host), None, sort, cursor, 6, count=count
                    )
                )
            starts = [page.start for page in pages]
            assert [page.start for page in back] == starts[::-1]
            assert [host.id for page in back[::-1] for host in page.rows] == expected


def test_many_rows_are_sorted_by_the_first_column_alone(session, hosts):
    sort = parse_sort("-env,port")

    page = fetch_page(
        session, sa.select(Host), None, sort, None, 4, count=Count(3, capped=True)
    )
    following = fetch_page(
        session,
        sa.select(Host),
        None,
        sort,
        page.next_cursor,
        4,
        count=Count(3, capped=True),
    )

    assert page.sort == following.sort == parse_sort("-env")
    alone = [host.id for host in [*page.rows, *following.rows]]
    assert alone == in_order(session, parse_sort("-env"))[:8]


def test_a_list_and_a_file_have_the_same_order(session, hosts):
    node = parse("env:prod,dev")

    page = list_hosts(session, node, "status,-port,-hostname")
    sent = [host.id for host in iter_hosts(session(), node, "status,-port,-hostname")]

    assert [host.id for host in page.rows] == sent
    assert page.sort.text == "status,-port,-hostname"


def test_a_cursor_of_another_order_is_refused(session, hosts):
    def page(sort, cursor=None):
        return list_hosts(session, parse("port:22"), sort, cursor, size=2)

    cursor = page("env,port").next_cursor

    for other in ("env", "env,-port", "env,port,status", "port,env"):
        with pytest.raises(QueryError, match="not valid"):
            page(other, cursor)
