"""Laws of the query, on random hosts and random queries, against every engine."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import QueryError
from hostadmin.inventory.list_hosts import iter_hosts, list_hosts
from hostadmin.query.ast import negated
from hostadmin.query.checks import CHECKS
from hostadmin.query.parser import parse
from hostadmin.query.sql.compiler import select_ids
from hostadmin.query.to_text import (
    and_also,
    to_text,
    top_level_terms,
    without,
)
from hostadmin.stats.counts import count_hosts

from ..helpers.examples import EXAMPLES
from ..helpers.query_reference import holds
from ..helpers.random_queries import trees


@given(trees())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_tree_and_its_text_are_the_same(node):
    text = to_text(node)

    assert parse(text) == node
    assert to_text(parse(text)) == text


@given(trees(), trees())
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_terms_come_and_go(node, more):
    both = and_also(node, more)

    assert set(top_level_terms(both)) == {
        *top_level_terms(node),
        *top_level_terms(more),
    }
    for term in top_level_terms(node):
        less = without(node, term)
        assert len(top_level_terms(less)) == len(top_level_terms(node)) - 1
        assert parse(to_text(less)) == less


@given(st.text("ab:=<>~!^$()\"'\\-*?,./0 orandti\0é", max_size=40))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        node = parse(text)
    except QueryError as caught:
        error = caught
    else:
        assert parse(to_text(node)) == node
        return
    assert error.text == text
    assert 0 <= error.start <= error.end <= len(text)
    if error.fixed is not None:
        parse(error.fixed)


def test_every_engine_finds_what_python_finds(session, rows):
    """Also: a query and its opposite part the hosts; list, count and file agree."""
    session.rollback()
    every = {row.id for row in rows}

    @given(trees())
    @settings(max_examples=EXAMPLES // 2, deadline=None, database=None)
    def check(node):
        asked = parse(to_text(node))
        expected = {row.id for row in rows if holds(node, row)}

        found = session.scalars(select_ids(session, asked)).all()
        others = set(session.scalars(select_ids(session, negated(asked))))

        assert len(found) == len(set(found))
        assert set(found) == expected
        assert others == every - expected
        assert count_hosts(session, asked) == len(expected)
        assert count_hosts(session, negated(asked)) == len(every) - len(expected)

    check()


def test_every_check_finds_some_of_these_hosts(rows):
    for name in CHECKS:
        assert 0 < sum(name in row.found for row in rows) < len(rows)


def test_list_count_and_file_agree(session, rows):
    session.rollback()

    @given(trees(), st.sampled_from(["hostname", "-ip", "port", "-updated", "owner"]))
    @settings(max_examples=max(20, EXAMPLES // 20), deadline=None, database=None)
    def check(node, sort):
        listed, cursor = [], None
        while True:
            page = list_hosts(session, node, sort, cursor, 25)
            listed += [host.id for host in page.rows]
            if (cursor := page.next_cursor) is None:
                break
        sent = [host.id for host in iter_hosts(session, node, sort)]

        assert listed == sent
        assert page.count.value == len(listed) == count_hosts(session, node)
        assert set(listed) == {row.id for row in rows if holds(node, row)}

    check()
