"""Facets: exact numbers, links that choose and take back, and no time of the page."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from hypothesis import given, settings

from hostadmin.db.session import db
from hostadmin.history.kept_counts import fold
from hostadmin.limits import limits
from hostadmin.models import Host
from hostadmin.query.ast import Term
from hostadmin.query.fields import FIELDS
from hostadmin.query.parser import parse
from hostadmin.query.to_text import to_text
from hostadmin.query.toggle import holds as holds_for
from hostadmin.query.toggle import toggled, without_own
from hostadmin.stats import facets
from hostadmin.stats.facets import NAMES, read_facets

from ..helpers.examples import EXAMPLES
from ..helpers.pages import parse as parse_page
from ..helpers.query_reference import holds
from ..helpers.random_queries import trees
from ..helpers.slow_sql import SLOW


@pytest.fixture(autouse=True)
def enough_time(monkeypatch):
    """A busy machine must not change what is counted."""
    monkeypatch.setattr(limits, "facet_seconds", 60.0)
    monkeypatch.setattr(limits, "more_facets_seconds", 60.0)


def values_of(row, name):
    """Return what a host has in a field; None stands for nothing."""
    if name == "group":
        return row.groups or {None}
    return {row.fields[name]}


@pytest.mark.parametrize("most", [None, 4])
def test_numbers_and_links_mean_the_hosts_that_python_finds(
    session, rows, monkeypatch, most
):
    """Also where some counts are kept, and others have too many values."""
    if most is not None:
        monkeypatch.setattr(limits, "kept_values", most)
        monkeypatch.setattr(limits, "kept_pairs", 2 * most)
    fold(db.engine)
    session.rollback()

    @given(trees())
    @settings(max_examples=max(20, EXAMPLES // 25), deadline=None, database=None)
    def check(node):
        for facet in read_facets(session, node):
            name = facet.field.name
            under = [row for row in rows if holds(without_own(node, facet.field), row)]
            now = {row.id for row in rows if holds(node, row)}
            for value in facet.values:
                having = {r.id for r in under if value.value in values_of(r, name)}
                assert value.count == len(having)
                others = [one for one in facet.chosen if one != value.value]
                link = parse(to_text(toggled(node, facet.field, value.value, others)))
                found = {row.id for row in rows if holds(link, row)}
                if not value.chosen:
                    assert found == (now | having if facet.chosen else having)
                elif others:
                    kept = {
                        row.id for row in under if {*others} & {*values_of(row, name)}
                    }
                    assert found == kept
                else:
                    assert found == {row.id for row in under}

    check()


@pytest.mark.parametrize(
    ("query", "field", "value", "others", "expected"),
    [
        ("", "env", "prod", [], "env:prod"),
        ("env:prod web", "env", "dev", ["prod"], "env:prod,dev web"),
        ("env:prod,dev", "env", "dev", ["prod"], "env:prod"),
        ("env:prod web", "env", "prod", [], "web"),
        ("env:prod", "env", None, ["prod"], "env:prod or env is empty"),
        ("env:none,prod", "env", None, ["prod"], "env:prod"),
        ("-owner:search web", "owner", "search", [], "owner:search web"),
        ("(os:a* or os:b*) web", "os", "a 1", ["b 2"], 'os:"b 2" web'),
        ("os:a* -os:a1", "os", "c", ["a2"], "os:a* -os:a1 or os:c"),
        ("env~pro", "env", "x*", ["prod"], 'env~pro or env:"x*"'),
        ("env:*", "env", "prod", [], "env:prod"),
        ("env:prod or os:x", "env", "prod", [], "(env:prod or os:x) env:prod"),
        ("group:web", "group", "db", ["web"], "group:web,db"),
    ],
)
def test_a_value_comes_and_goes(query, field, value, others, expected):
    found = toggled(parse(query), FIELDS[field], value, others)

    assert to_text(found) == expected
    assert parse(expected) == found


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("*a" * 7 + "*b", "a" * 60, False),
        ("*a" * 100 + "*b", "a" * 255, False),
        ("*a" * 100 + "*", "a" * 255, True),
        ("?" * 254 + "*?", "a" * 255, True),
        ("a[bc]?*", "a[BC]d", True),
        ("a[bc]*", "ab", False),
        ("[!a]*", "b", False),
        ("a*c", "a\nb\nc", True),
        ("a*", "ba", False),
        ("*.a", "xa", False),
    ],
)
def test_a_pattern_is_tried_on_a_value_at_once(pattern, value, expected):
    start = time.process_time()

    assert holds_for(Term("env", "=", (pattern,)), FIELDS["env"], value) is expected

    assert time.process_time() - start < 1


# ---- on the page


@pytest.fixture
def few(make_host, make_group):
    make_group(name="web")
    for number in range(8):
        make_host(hostname=f"a{number}", environment="prod", owner=f"o{number}")
    make_host(hostname="b", environment="dev", groups=["web"])


def side_of(response):
    return parse_page(response).select_one("aside.facets")


def lines(side, name):
    return {
        link.span.text: (link.b.text, link)
        for link in side.select(f"#facet-{name} li a")
    }


def test_a_value_leads_to_as_many_hosts_as_it_says(client, few):
    side = side_of(client.get("/hosts/?q=-group:web"))
    number, link = lines(side, "env")["prod"]

    page = parse_page(client.get(link["href"]))

    assert number == "8"
    assert parse_qs(urlsplit(link["href"]).query) == {"q": ["-group:web env:prod"]}
    assert len(page.select("td.is-main")) == 8
    assert lines(page, "env")["prod"][1]["aria-current"] == "true"
    assert "dev" not in lines(page, "env")


def test_what_is_not_set_is_a_value_too(client, few):
    number, link = lines(side_of(client.get("/hosts/")), "owner")["(not set)"]

    assert number == "1"
    assert parse_qs(urlsplit(link["href"]).query) == {"q": ["owner is empty"]}


def test_more_values_are_on_a_page_of_their_own(client, few):
    side = side_of(client.get("/hosts/?sort=-ip"))
    more = side.select_one("#facet-owner p a")

    page = parse_page(client.get(more["href"]))

    assert more.text == "3 more…"
    assert len(lines(page, "owner")) == 9
    assert "sort=-ip" in lines(page, "owner")["o7"][1]["href"]


def test_what_is_chosen_is_shown_though_nothing_has_it(client, few):
    side = side_of(client.get("/hosts/?q=env:nowhere,prod"))

    number, link = lines(side, "env")["nowhere"]
    assert (number, link["aria-current"]) == ("0", "true")
    assert parse_qs(urlsplit(link["href"]).query) == {"q": ["env:prod"]}


def test_a_long_list_of_values_does_not_fill_the_page(client, few):
    names = ",".join(f"x{number}" for number in range(900))
    response = client.get("/hosts/", query_string={"q": f"env:{names},prod"})

    assert len(lines(side_of(response), "env")) < 25
    assert len(response.data) < 1_000_000


def test_without_time_a_page_comes_all_the_same(client, few, monkeypatch):
    monkeypatch.setattr(limits, "facet_seconds", 0.0)
    response = client.get("/hosts/?q=a")

    links = side_of(response).select("a[data-swap]")
    assert response.status_code == 200
    assert [link.contents[0] for link in links] == ["Show counts"] * len(NAMES)
    page = parse_page(client.get(links[1]["href"]))
    assert lines(page, "env")["prod"][0] == "8"


def test_what_many_hosts_leave_out_is_asked_for_and_the_same(client, few, monkeypatch):
    """Under one condition numbers are kept; of two, those of their own fields."""
    for query, kept in (("", 6), ("env:prod", 6), ("env:prod owner:o*", 2), ("a", 0)):
        url = f"/hosts/?q={query}"
        monkeypatch.setattr(limits, "facet_hosts", 0)
        monkeypatch.setattr(limits, "filtered_facet_hosts", 0)
        left = side_of(client.get(url))
        more = client.get(left["data-more"])
        monkeypatch.setattr(limits, "facet_hosts", 100)
        monkeypatch.setattr(limits, "filtered_facet_hosts", 100)
        whole = side_of(client.get(url))

        assert not whole.has_attr("data-more")
        assert len(left.select(".facet ul")) == kept, query
        found = parse_page(more).select(".facet")
        shown = {str(facet) for facet in (*left.select(".facet:has(ul)"), *found)}
        assert shown == {str(facet) for facet in whole.select(".facet")}, query


def test_a_facet_that_takes_too_long_is_stopped(session, few, monkeypatch):
    def slow(session, *_):
        session.execute(sa.text(SLOW[session.get_bind().dialect.name]))

    monkeypatch.setattr(facets, "_read", slow)
    monkeypatch.setattr(limits, "facet_seconds", 0.05)

    found = read_facets(session, parse("a"))

    assert [facet.values for facet in found] == [None] * len(NAMES)
    assert session.scalar(sa.select(sa.func.count(Host.id))) == 9


def test_with_many_groups_they_are_counted_on_demand(client, few, monkeypatch):
    monkeypatch.setattr(limits, "facet_groups", 0)

    side = side_of(client.get("/hosts/"))

    link = side.select_one("#facet-group a[data-swap]")
    assert link.contents[0] == "Show counts"
    page = parse_page(client.get(link["href"]))
    assert lines(page, "group")["web"][0] == "1"


def test_of_very_many_values_a_page_shows_the_first(client, few, monkeypatch):
    monkeypatch.setattr(limits, "facet_values", 3)

    page = parse_page(client.get("/hosts/facet/?field=owner"))

    assert len(lines(page, "owner")) == 4  # with "(not set)"
    assert page.select_one("#facet-owner p").text == "5 more"


def test_a_facet_that_does_not_exist_is_refused(client, few):
    response = client.get("/hosts/facet/?field=envv")

    assert response.status_code == 400
    assert "Did you mean “env”" in response.text


def test_a_group_that_does_not_exist_is_an_error_as_everywhere(client, few):
    assert client.get("/hosts/?q=group:nope").status_code == 400
    assert client.get("/hosts/facet/?field=env&q=group:nope").status_code == 400
