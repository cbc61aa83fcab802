"""The counts, and that each leads to exactly the hosts it counts."""

import pytest

from .pages import parse


@pytest.fixture
def inventory(make_host, make_group):
    make_group(name="inner")
    make_group(name="outer", children=["inner"])
    make_host(environment="prod", owner="(not set)", groups=["inner"], port=22)
    make_host(environment="prod", owner="data", groups=["inner", "outer"])
    make_host(environment="dev", status="retired", ip_addr="10.1.2.3", port=None)
    make_host(ip_addr="2001:db8:1::1", addresses=["10.1.9.9"], os='<b>"&')


def tables(page):
    """Return title → [(label, count, link)]."""
    return {
        section.select_one("h2, h3, caption").text.strip(): [
            (
                row.select_one("th").text.strip(),
                int(row.select_one(".count").text.split()[0].replace(",", "")),
                row.select_one("a")["href"],
            )
            for row in section.select("tbody tr")
            if row.select_one("th")
        ]
        for section in page.select(".panels .card")
    }


def total(client, url):
    """Return how many hosts the list at this address says there are."""
    page = parse(client.get(url))
    heading = page.select_one(".card-head h2")
    return int(heading.text.split()[0].replace(",", ""))


@pytest.mark.parametrize("query", ["", "?flt_env_equals=prod", "?flt_env_empty=1"])
def test_every_number_is_the_count_behind_its_link(client, inventory, query):
    page = parse(client.get(f"/stats/{query}"))

    found = [
        (title, label, count, total(client, url))
        for title, rows in tables(page).items()
        for label, count, url in rows
    ]
    assert found
    assert [row for row in found if row[2] != row[3]] == []


def test_counts_of_single_values_add_up(client, inventory):
    found = tables(parse(client.get("/stats/")))

    for title in ("By status", "By environment", "By OS", "By owner", "By port"):
        assert sum(count for _, count, _ in found[title]) == 4, title


def test_a_value_that_reads_like_nothing_is_kept_apart(client, inventory):
    found = tables(parse(client.get("/stats/")))["By owner"]

    links = [(count, url) for label, count, url in found if label == "(not set)"]
    assert sorted(count for count, _ in links) == [1, 2]
    assert len({url for _, url in links}) == 2


def test_cards_lead_to_their_hosts(client, inventory):
    page = parse(client.get("/stats/"))

    for card in page.select("a.stat, .cards a"):
        number = int(next(card.stripped_strings).replace(",", ""))
        assert total(client, card["href"]) == number


def test_an_empty_inventory_has_stats(client):
    page = parse(client.get("/stats/"))

    assert "0 hosts" in page.main.text


@pytest.mark.parametrize(
    "query", ["by=nope", "by=network/999", "flt_x_equals=1", "top=-1"]
)
def test_nonsense_is_told(client, query):
    assert client.get(f"/stats/?{query}").status_code == 400
