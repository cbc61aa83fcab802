"""Values sort without regard to case and accents, on every engine alike."""

import itertools
import random

import pytest

from hostadmin import history
from hostadmin.errors import QueryError
from hostadmin.exports.snapshot import snapshot
from hostadmin.inventory import hosts as inventory
from hostadmin.inventory.list_hosts import (
    hosts_beside,
    iter_hosts,
    list_hosts,
    parse_sort,
)
from hostadmin.inventory.vocabulary import spellings
from hostadmin.limits import limits
from hostadmin.query.ast import EVERYTHING
from hostadmin.query.parser import parse
from hostadmin.stats.axes import Order
from hostadmin.stats.counts import count_by_many, count_table, find_dimension
from hostadmin.stats.facets import read_facet
from hostadmin.validation.host_fields import VOCABULARY_FIELDS
from hostadmin.validation.values import fold, fold_name, sort_key

# As people expect them, whatever they were added in.
ORDER = ["10", "9", "Älter", "Berlin", "dev", "łódź", "Öl", "öl-2", "prod", "Test"]
ORDER += ["Zone", "Zoné", "zone 2", "漢字", "😀"]


def cursors(session, sort, node=EVERYTHING, size=4):
    """Walk to the end and back; return what was seen on the way there."""
    page = list_hosts(session, node, sort, None, size)
    there = [page]
    while page.next_cursor:
        page = list_hosts(session, node, sort, page.next_cursor, size)
        there.append(page)
    back = [page]
    while page.previous_cursor:
        page = list_hosts(session, node, sort, page.previous_cursor, size)
        back.append(page)
    seen = [host for page in there for host in page.rows]
    again = [host.id for page in reversed(back) for host in page.rows]
    assert again == [host.id for host in seen]
    return seen


@pytest.fixture
def hosts(make_host):
    values = random.Random(7).sample(ORDER, len(ORDER))
    for number, value in enumerate(values):
        make_host(hostname=f"h{number}", **dict.fromkeys(VOCABULARY_FIELDS, value))
    make_host(hostname="empty")


@pytest.mark.parametrize("many", [False, True])
def test_lists_facets_and_counts_have_one_order(session, hosts, monkeypatch, many):
    if many:
        # As if they were too many to be collected and sorted.
        monkeypatch.setattr(limits, "counted_rows", 3)
    for field in VOCABULARY_FIELDS:
        name = {"environment": "env"}.get(field, field)
        up = [getattr(host, field) for host in cursors(session, name)]
        down = [getattr(host, field) for host in cursors(session, f"-{name}")]
        assert up == [*ORDER, None]
        assert down == [*ORDER[::-1], None]
        if many:
            continue
        facet = read_facet(session, EVERYTHING, name, 60)
        assert [value.value for value in facet.values] == [*ORDER, None]
        assert spellings(session, field) == ORDER
        counted = [cell.values[0] for cell in count_by_many(session, by=[name])]
        assert counted == [*ORDER, None]
        for top, by_key in itertools.product((None, 5), (False, True)):
            order = Order(top, by_key=by_key)
            table = count_table(session, find_dimension(session, name), order=order)
            shown = [bucket.value for bucket in table.buckets if bucket.value]
            assert shown == ORDER[:top]


@pytest.mark.parametrize(
    "text",
    [
        "env:prod",
        "env:prod,dev,Öl",
        "-env:dev",
        "env:none",
        "-env:none",
        "env>z or dev",
    ],
)
def test_a_condition_on_the_column_of_the_order_hides_no_host(
    session, hosts, make_host, monkeypatch, text
):
    for number in range(9):
        make_host(hostname=f"p{number}", environment="prod")
    text = text.replace("env>z or dev", "env^=z or env:dev")
    wanted = {host.id for host in list_hosts(session, parse(text), size=99).rows}
    monkeypatch.setattr(limits, "counted_rows", 3)
    for sort in ("env", "-env"):
        seen = cursors(session, sort, parse(text))
        assert {host.id for host in seen} == wanted
        assert len(seen) == len(wanted)


def test_only_case_is_ignored_in_names():
    for one, other in [("WEB.Example", "web.example"), ("ÄRGER", "a\u0308rger")]:
        assert fold_name(one) == fold_name(other)
    for one, other in [
        ("straße", "strasse"),
        ("zürich", "zurich"),
        ("ΟΔΟΣ", "οδος"),
        ("ﬁle", "file"),
        ("web_1", "web-1"),
    ]:
        assert fold_name(one) != fold_name(other)


def test_a_key_of_order_never_outgrows_its_column():
    for char in ("ä", "ß", "\u0390", "\ufb03", "\U0001d160", "각", "\u0958"):
        longest = "".join(itertools.repeat(char, 255))
        while len(fold(longest)) > 255:
            longest = longest[:-1]
        assert len(sort_key(longest)) <= 511


# ---- by variables


RACKS = ["r2", "R10", 7, None, "Ä", "a", True, {"x": 1}, "", "r2"]
BY_RACK = ["h2", "h5", "h4", "h0", "h9", "h1", "h6", "h7"]


@pytest.fixture
def racks(make_host):
    for number, rack in enumerate(RACKS):
        make_host(
            hostname=f"h{number}", port=number, vars={"rack": rack, "a.b": number % 3}
        ) if number else make_host(hostname="h0", port=1, vars={"rack": rack})


def names(hosts):
    return [host.hostname for host in hosts]


def test_few_hosts_are_sorted_by_a_variable(session, racks):
    up, down = names(cursors(session, "var.rack")), names(cursors(session, "-var.rack"))

    without = ["h3", "h8"]
    assert [name for name in up if name not in ("h7", *without)] == [
        name for name in BY_RACK if name != "h7"
    ]
    assert up[-2:] == without
    assert down[-2:] == without[::-1]
    assert sorted(up[:-2]) == sorted(down[:-2])
    assert names(cursors(session, "var.rack,-hostname", size=3))[3:5] == ["h9", "h0"]
    assert names(cursors(session, "-port,var.rack"))[-1] in ("h0", "h1")
    assert names(iter_hosts(session, EVERYTHING, "var.rack")) == up
    assert set(names(cursors(session, "var.a.b"))) == set(up)


def test_a_page_after_a_host_that_is_gone_goes_on_at_its_number(session, racks):
    every = names(cursors(session, "var.rack"))
    first = list_hosts(session, EVERYTHING, "var.rack", None, 3)
    with history.writing("ann"):
        inventory.delete_host(first.rows[-1].id)
    second = list_hosts(session, EVERYTHING, "var.rack", first.next_cursor, 3)

    assert names(second.rows) == every[3:6]


def test_the_next_host_is_that_of_the_order(session, racks):
    every = cursors(session, "-var.rack")
    for place, host in enumerate(every):
        before, after = hosts_beside(session, EVERYTHING, "-var.rack", host)
        assert before == (every[place - 1] if place else None)
        assert after == (every[place + 1] if host != every[-1] else None)


def test_an_export_has_the_order_of_a_variable(session, racks):
    with snapshot(session.get_bind(), sort=parse_sort("var.rack")) as source:
        exported = [row["hostname"] for row in source.hosts]
    assert exported == names(cursors(session, "var.rack"))


def test_many_hosts_are_not_sorted_by_a_variable_and_the_page_says_why(
    session, racks, client, monkeypatch
):
    monkeypatch.setattr(limits, "counted_rows", 3)
    page = list_hosts(session, EVERYTHING, "var.rack,-port")
    shown = client.get("/hosts/?sort=var.rack&cols=hostname,var.rack").text
    refused = client.get("/export/csv?sort=var.rack")

    assert page.sort.text == "-port"
    assert "Sorted by Hostname only" in shown
    assert "At most 3 hosts can be sorted by several columns or by variables" in shown
    assert refused.status_code == 400
    assert "At most 3 hosts can be sorted by a variable" in refused.text
    with pytest.raises(QueryError, match="At most"):
        list(iter_hosts(session, EVERYTHING, "var.rack"))
