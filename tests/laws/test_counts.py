"""Laws of the counts: every number, under any query, is that of its hosts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.query.ast import all_of, terms_of
from hostadmin.stats.axes import Kind, Order
from hostadmin.stats.counts import (
    cells_of,
    count_by_many,
    count_hosts,
    count_table,
    cross_table,
    find_dimensions,
)

from ..helpers.examples import EXAMPLES
from ..helpers.query_reference import holds
from ..helpers.random_queries import add_rows, trees

BY = (
    "status",
    "env",
    "os",
    "location",
    "role",
    "owner",
    "port",
    "group",
    "network",
    "network/24",
    "network/0",
    "domain",
    "alias",
    "ip",
    "hostname",
    "notes",
    "var.a",
    "var.a.b",
    "created:month",
    "updated:quarter",
    "confirmed:year",
    "confirmed:week",
)
ORDERS = st.builds(
    Order,
    top=st.sampled_from((None, 1, 2, 5, 20)),
    by_key=st.booleans(),
    zeros=st.booleans(),
)


@pytest.fixture
def rows(session, make_host, make_group):
    return add_rows(session, make_host, make_group)


def number_of(session, rows, *conditions):
    """Count in Python, but for lists and objects, which each engine writes its way."""
    node = all_of(*conditions)
    if any(term.field in ("var.a", "var.a.b") for term in terms_of(conditions[-1])):
        return count_hosts(session, node)
    return sum(holds(node, row) for row in rows)


def test_every_number_of_a_table_is_that_of_its_hosts(session, rows):
    session.rollback()

    @given(trees(), st.sampled_from(BY), ORDERS)
    @settings(max_examples=max(20, EXAMPLES // 10), deadline=None, database=None)
    def check(node, by, order):
        (dimension,) = find_dimensions(session, [by])

        table = count_table(session, dimension, node, order)

        assert table.total == number_of(session, rows, node)
        for slot, number in zip(table.buckets, table.counts, strict=True):
            assert number == number_of(session, rows, node, slot.condition), slot
        if not dimension.is_several:
            assert sum(table.counts) == table.total
        shown = sum(slot.kind is Kind.VALUE for slot in table.buckets)
        # And one more, where that is the last.
        assert order.top is None or shown <= order.top + 1

    check()


def test_every_number_of_a_cross_table_is_that_of_its_hosts(session, rows):
    session.rollback()
    pairs = st.lists(st.sampled_from(BY), min_size=2, max_size=2, unique=True)

    @given(trees(), pairs, ORDERS, ORDERS)
    @settings(max_examples=max(20, EXAMPLES // 20), deadline=None, database=None)
    def check(node, by, down, across):
        dimensions = find_dimensions(session, by)

        table = cross_table(session, dimensions, node, (down, across))

        assert table.total == number_of(session, rows, node)
        for row, column, number in cells_of(table):
            assert number == number_of(
                session, rows, node, all_of(row.condition, column.condition)
            )
        for margin in (table.rows, table.columns):
            for slot, number in zip(margin.buckets, margin.counts, strict=True):
                assert number == number_of(session, rows, node, slot.condition)

    check()


def test_every_line_of_the_command_is_that_of_its_hosts(session, rows):
    session.rollback()
    some = st.lists(st.sampled_from(BY), min_size=1, max_size=2, unique=True)

    @given(trees(), some)
    @settings(max_examples=max(20, EXAMPLES // 20), deadline=None, database=None)
    def check(node, by):
        cells = count_by_many(session, node, by)

        for cell in cells:
            assert cell.count == number_of(session, rows, node, cell.condition) > 0
        assert len({cell.values for cell in cells}) == len(cells)
        if not any(d.is_several for d in find_dimensions(session, by)):
            assert sum(cell.count for cell in cells) == number_of(session, rows, node)

    check()
