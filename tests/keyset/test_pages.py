"""Pages of hosts: every row once, empty values last, nonsense refused."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.errors import QueryError
from hostadmin.inventory.list_hosts import SORTS, iter_hosts, list_hosts, parse_sort
from hostadmin.keyset.cursors import Cursor, Sort, read_cursor, write_cursor
from hostadmin.keyset.pages import Count, capped_count, fetch_page
from hostadmin.limits import limits
from hostadmin.models import Group, Host
from hostadmin.query.ast import EVERYTHING, Term
from hostadmin.query.sql.compiler import compile_node
from hostadmin.query.to_text import to_text
from hostadmin.validation.values import HostStatus

BY_PORT = SORTS["port"]


@pytest.fixture
def hosts(make_host):
    """Eleven hosts; each sort column has equal values and, where it may, empty ones."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(11):
        filled = number % 3 != 0
        make_host(
            # In another order than the ids.
            hostname=f"web-{number * 7 % 11}",
            ip_addr=f"10.0.0.{number % 4}" if filled else None,
            port=20 + number % 2 if filled else None,
            status=("active", "offline")[number % 2],
            **{
                field: f"{field} {number % 2}" if filled else None
                for field in ("environment", "os", "location", "role", "owner")
            },
        )
    return start


@pytest.fixture
def times(session, hosts):
    for number, host in enumerate(session.scalars(sa.select(Host).order_by(Host.id))):
        host.confirmed_at = None if number % 3 == 0 else hosts + timedelta(number % 2)
        host.created_at = host.updated_at = hosts + timedelta(number % 4)
    session.commit()


def pages(session, sort, *, count=None, where=None, size=3):
    """Walk to the end and back; return the pages of both ways."""
    rows = sa.select(Host)
    there = [fetch_page(session, rows, where, sort, None, size, count=count)]
    while there[-1].next_cursor:
        cursor = there[-1].next_cursor
        there.append(fetch_page(session, rows, where, sort, cursor, size, count=count))
    back = [there[-1]]
    while back[-1].previous_cursor:
        cursor = back[-1].previous_cursor
        back.append(fetch_page(session, rows, where, sort, cursor, size, count=count))
    return there, back


def in_order(session, sort, where=None):
    """Return the ids of what the pages should show, sorted in Python."""
    select = sa.select(sort.column, Host.id)
    found = session.execute(select if where is None else select.where(where)).all()

    def plain(key):
        return getattr(key, "value", key)

    with_value = [(plain(key), id_) for key, id_ in found if key is not None]
    empty = [id_ for key, id_ in found if key is None]
    ordered = [id_ for _, id_ in sorted(with_value, reverse=sort.descending)]
    return ordered + sorted(empty, reverse=sort.descending)


@pytest.mark.parametrize("count", [None, Count(11)], ids=["walked", "collected"])
def test_a_walk_there_and_back_shows_each_row_once(session, times, subtests, count):
    where = None if count is None else Host.id > 0
    for text in [direction + name for name in SORTS for direction in ("", "-")]:
        sort = parse_sort(text)
        expected = in_order(session, sort)

        there, back = pages(session, sort, count=count, where=where)

        with subtests.test(text):
            assert [host.id for page in there for host in page.rows] == expected
            assert [page.start for page in there] == [1, 4, 7, 10]
            assert [[host.id for host in page.rows] for page in back] == [
                expected[start : start + 3] for start in (9, 6, 3, 0)
            ]
            assert [page.start for page in back] == [10, 7, 4, 1]
            assert back[-1].previous_cursor is None


SHARED = (
    (Host.environment == "prod", "ix_hosts_environment_name"),
    (Host.owner.is_(None), "ix_hosts_owner_name"),
    # Of two, the one that is likely to be true of less hosts.
    (sa.and_(Host.role == "web", Host.environment == "prod"), "ix_hosts_role_name"),
)


@pytest.mark.parametrize("text", ["hostname", "-hostname", "ip", "-owner"])
def test_hosts_that_share_a_value_are_walked_there_and_back(
    session, times, subtests, text
):
    sort = parse_sort(text)
    for where in (
        Host.owner.is_(None),
        Host.status == HostStatus.ACTIVE,
        sa.and_(Host.role == "role 1", Host.status == HostStatus.OFFLINE),
        sa.and_(Host.role.is_(None), Host.environment.is_(None)),
    ):
        expected = in_order(session, sort, where)

        there, back = pages(session, sort, where=where, size=2)

        with subtests.test(str(where)):
            assert len(expected) > 2
            assert [host.id for page in there for host in page.rows] == expected
            assert [host.id for page in back[::-1] for host in page.rows] == expected


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_a_range_of_an_index(session, subtests):
    plans = []

    def explain(connection, _cursor, statement, parameters, *_rest):
        if statement.startswith("SELECT") and "ORDER BY" in statement:
            rows = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", tuple(parameters)
            )
            plans.extend(row.detail for row in rows)

    named = compile_node(session, Term("hostname", "^=", ("web-1",)))
    bind = session.get_bind()
    sa.event.listen(bind, "before_cursor_execute", explain)
    for text in [direction + name for name in SORTS for direction in ("", "-")]:
        sort = parse_sort(text)
        index = f"ix_hosts_{sort.column.key}_id"
        for where, shared in ((None, None), (named, None), *SHARED):
            wanted = shared if shared and sort.name == "hostname" else index
            for cursor in (None, *example_cursors(sort)):
                plans.clear()
                fetch_page(session, sa.select(Host), where, sort, cursor)
                with subtests.test(f"{text} {where} {cursor}"):
                    assert plans
                    assert all(wanted in plan for plan in plans), plans
                    assert not any("TEMP B-TREE" in plan for plan in plans), plans
                    if where is named and sort.name == "hostname":
                        assert all(plan.startswith("SEARCH") for plan in plans), plans
    sa.event.remove(bind, "before_cursor_execute", explain)


def example_cursors(sort):
    if isinstance(sort.column.type, sa.Integer):
        key = 22
    elif isinstance(sort.column.type, sa.Enum):
        key = sort.column.type.enum_class("active")
    elif isinstance(sort.column.type, sa.String):
        key = "x"
    else:
        key = datetime(2026, 1, 1, tzinfo=UTC)
    for value in (key, None) if sort.nullable else (key,):
        for backward in (False, True):
            yield write_cursor(sort, Cursor(value, 5, 51, backward))


def test_a_unique_column_needs_no_tie_break(session, make_group):
    for name in "cab":
        make_group(name=name)
    sort = Sort("name", Group.name, Group.id, unique=True)

    first = fetch_page(session, sa.select(Group), None, sort, None, 2)
    second = fetch_page(session, sa.select(Group), None, sort, first.next_cursor, 2)

    assert [group.name for group in first.rows] == ["a", "b"]
    assert [group.name for group in second.rows] == ["c"]


def test_previous_of_an_early_row_gives_a_full_first_page(session, hosts):
    sort = SORTS["hostname"]
    second = session.scalars(sa.select(Host).where(Host.hostname == "web-1")).one()
    cursor = write_cursor(sort, Cursor(second.hostname_sort, second.id, 2, True))

    page = fetch_page(session, sa.select(Host), None, sort, cursor, 3)

    assert [host.hostname for host in page.rows] == ["web-0", "web-1", "web-2"]
    assert (page.start, page.previous_cursor) == (1, None)


def test_rows_that_are_gone_make_no_empty_page(session, hosts):
    sort = SORTS["hostname"]
    first = fetch_page(session, sa.select(Host), None, sort, None, 8)
    gone = sa.delete(Host.__table__).where(
        Host.hostname_sort > first.rows[-1].hostname_sort
    )
    with history.recording(session) as connection:
        connection.execute(gone)
    session.commit()

    page = fetch_page(session, sa.select(Host), None, sort, first.next_cursor, 3)

    assert [host.hostname for host in page.rows] == ["web-5", "web-6", "web-7"]
    assert page.next_cursor is None


def test_a_cursor_without_any_row_gives_an_empty_first_page(session):
    cursor = write_cursor(BY_PORT, Cursor(22, 5, 51))

    page = fetch_page(session, sa.select(Host), None, BY_PORT, cursor, 3)

    assert (page.rows, page.next_cursor, page.previous_cursor) == ([], None, None)


def encoded(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


GOOD = ("port", 0, 0, 22, 5, 51, 0)


def test_a_cursor_comes_back_as_it_was():
    assert read_cursor(BY_PORT, encoded(*GOOD)) == Cursor(22, 5, 51)
    for name, key in (
        ("hostname", "wéb"),
        ("status", Host.status.type.enum_class("active")),
        ("created", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("ip", None),
    ):
        cursor = Cursor(key, 7, 8, True)
        assert read_cursor(SORTS[name], write_cursor(SORTS[name], cursor)) == cursor


@pytest.mark.parametrize(
    "parts",
    [
        (),
        GOOD[:-1],
        ("ip", *GOOD[1:]),
        ("port", 1, *GOOD[2:]),
        ("port", 0, 1, *GOOD[3:]),
        ("port", 0, 0, None, 5, 51, 0),
        ("port", 0, 0, "22", 5, 51, 0),
        ("port", 0, 0, True, 5, 51, 0),
        ("port", 0, 0, 22.0, 5, 51, 0),
        ("port", 0, 0, 10**20, 5, 51, 0),
        ("port", 0, 0, 22, 2**63, 51, 0),
        ("port", 0, 0, 22, 0, 51, 0),
        ("port", 0, 0, 22, "5", 51, 0),
        ("port", 0, 0, 22, 5, -1, 0),
        ("port", 0, 0, 22, 5, 51, 2),
        ("port", 0, 0, [22], 5, 51, 0),
    ],
)
def test_a_cursor_we_did_not_write_is_refused(parts):
    with pytest.raises(QueryError, match="This page address is not valid"):
        read_cursor(BY_PORT, encoded(*parts))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("hostname", "a\0b"),
        ("hostname", "\ud800"),
        ("hostname", None),
        ("hostname", 5),
        ("status", "broken"),
        ("created", "2026-01-01"),
        ("created", "2026-01-01T00:00:00"),
        ("created", "2026-01-01T00:00:00+01:00"),
        ("created", "0001-01-01T00:00:00+23:59"),
        ("created", 5),
    ],
)
def test_a_key_that_the_column_cannot_hold_is_refused(name, key):
    text = encoded(name, 0, int(key is None), key, 5, 51, 0)

    with pytest.raises(QueryError, match="This page address is not valid"):
        read_cursor(SORTS[name], text)


@pytest.mark.parametrize(
    "text", ["x", "é", "====", "bnVsbA", "e30", "W10", "A" * 5000, "\0", "[" * 99, "/+"]
)
def test_a_cursor_that_is_no_cursor_is_refused(text):
    with pytest.raises(QueryError, match="This page address is not valid"):
        read_cursor(BY_PORT, text)


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_any_text_is_read_or_refused(text):
    with pytest.raises(QueryError):
        read_cursor(BY_PORT, text)


def test_deep_json_is_refused():
    deep = base64.urlsafe_b64encode(b"[" * 3000).decode()

    with pytest.raises(QueryError, match="not valid"):
        read_cursor(BY_PORT, deep)


@pytest.mark.parametrize(
    ("cap", "expected"), [(None, Count(11)), (11, Count(11)), (10, Count(10, True))]
)
def test_a_count_stops_at_its_cap(session, hosts, cap, expected):
    assert capped_count(session, sa.select(Host.id), cap) == expected


def test_a_capped_count_says_so():
    assert [str(Count(1200)), str(Count(10_000, capped=True))] == ["1,200", "10,000+"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hostnam", "Did you mean “hostname”"),
        ("notes", "cannot be sorted by “notes”"),
        ("group", "cannot be sorted by “group”"),
        ("ip,-ip", "“ip” is used twice"),
        ("ip,", "Unknown column"),
        ("--ip", "Unknown column"),
        ("var.", "Unknown column"),
    ],
)
def test_a_sort_that_makes_no_sense_is_refused(text, words):
    with pytest.raises(QueryError, match=words):
        parse_sort(text)


def test_a_sort_is_known_by_all_names_of_its_field():
    assert parse_sort("-ip_addr") == parse_sort("-ip")
    assert parse_sort("") == SORTS["hostname"]
    assert parse_sort("-environment").text == "-env"


def test_names_are_sorted_as_people_count(session, make_host):
    for name in ("web-10", "web-9", "Web-2", "db-1"):
        make_host(hostname=name)

    page = list_hosts(session)

    assert [h.hostname for h in page.rows] == ["db-1", "Web-2", "web-9", "web-10"]


def test_a_list_knows_how_many_match_and_how_many_there_are(session, hosts):
    page = list_hosts(session, Term("status", "=", ("offline",)), "-port", size=2)

    assert (page.count, page.total_count) == (Count(5), Count(11))
    assert [host.port for host in page.rows] == [21, 21]
    assert page.previous_cursor is None


def test_the_number_of_statements_does_not_grow_with_the_page(
    session, make_host, make_group, statements
):
    make_group(name="web")
    for _ in range(8):
        make_host(groups=["web"], ip_addr="10.0.0.1")

    counts = []
    for size in (1, 2, 7):
        session.expunge_all()
        with statements() as seen:
            page = list_hosts(session, Term("group", "=", ("web",)), "ip", None, size)
            assert [len(host.groups) for host in page.rows] == [1] * size
        counts.append(len(seen))

    # Servers learn how long to search, and to forget it. The first page
    # of a transaction also asks which numbers are kept.
    assert counts[1] == counts[2] <= counts[0] <= 10


@pytest.mark.parametrize("batch", [2, 1000])
def test_all_hosts_come_one_by_one(session, hosts, monkeypatch, subtests, batch):
    monkeypatch.setattr(limits, "list_batch", batch)
    named = Term("hostname", "~", ("web",))
    with_port = Term("port", ">=", ("1",))
    for cap in (3, 10_000):
        monkeypatch.setattr(limits, "counted_rows", cap)
        for node in (EVERYTHING, named, with_port):
            # Every third, as they were made, has no port.
            expected = [
                web for web in range(11) if node != with_port or web * 8 % 11 % 3
            ]

            found = [host.hostname for host in iter_hosts(session, node)]

            with subtests.test(f"{to_text(node)} {cap}"):
                assert found == [f"web-{number}" for number in expected]


def test_a_host_in_a_file_is_complete(session, make_host, make_group):
    make_group(name="web")
    make_host(
        hostname="a",
        aliases=["b"],
        addresses=["10.0.0.2"],
        groups=["web"],
        vars={"x": 1},
    )
    session.commit()

    host = next(iter_hosts(session))

    assert [alias.name for alias in host.aliases] == ["b"]
    assert [address.ip_addr for address in host.addresses] == ["10.0.0.2"]
    assert [group.name for group in host.groups] == ["web"]
    assert host.vars == {"x": 1}


def test_a_stream_refuses_nonsense_before_the_first_host(session):
    with pytest.raises(QueryError, match="does not exist"):
        iter_hosts(session, Term("group", "=", ("nowhere",)))


def test_a_stream_shows_one_moment(session, hosts, make_host, monkeypatch):
    monkeypatch.setattr(limits, "list_batch", 2)
    session.commit()
    stream = iter_hosts(session)
    next(stream)

    make_host(hostname="web-99")
    session.commit()

    assert len(list(stream)) == 10
