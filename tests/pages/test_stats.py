"""The counts, and that each leads to exactly the hosts it counts."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, change_fields
from hostadmin.stats import counts

from ..helpers.pages import parse


@pytest.fixture
def inventory(make_host, make_group):
    make_group(name="inner")
    make_group(name="outer", children=["inner"])
    make_host(environment="prod", owner="(not set)", groups=["inner"], port=22)
    make_host(environment="prod", owner="data", groups=["inner", "outer"])
    make_host(environment="dev", status="retired", ip_addr="10.1.2.3", port=None)
    make_host(ip_addr="2001:db8:1::1", addresses=["10.1.9.9"], os='<b>"&')


def tables(page):
    """Return title → [(label, count, link)] of the tables with bars."""
    return {
        section.select_one("h2").text.strip(): [
            (
                row.select_one("th").text.strip(),
                int(row.select_one(".count").text.split()[0].replace(",", "")),
                row.select_one("a")["href"],
            )
            for row in section.select(".bars tbody tr")
        ]
        for section in page.select(".panels .card")
    }


def numbers(page):
    """Return (number, link) of everything on the page that counts hosts."""
    found = []
    for link in page.select("main a[href^='/hosts/']"):
        text = link.get("aria-label", "").rpartition(": ")[2]
        text = text or next(link.stripped_strings, "")
        if text.replace(",", "").isdigit() and link.find_parent("th") is None:
            found.append((int(text.replace(",", "")), link["href"]))
    return found


def total(client, url):
    """Return how many hosts the list at this address says there are."""
    page = parse(client.get(url))
    heading = page.select_one(".card-head h2")
    return int(heading.text.split()[0].replace(",", ""))


EVERYWHERE = [
    "",
    "?flt_env_equals=prod",
    "?flt_env_empty=1",
    "?table=created:week&table=group,env&table=domain",
    "?by=owner",
    "?by=owner&top=1",
    "?by=group&top=1&zero=1",
    "?by=created:week&flt_env_equals=prod",
    "?by=os&by=network/24&top=1",
    "?by=group&by=created:quarter&order=value",
    "?by=env&by=os&flt_status_equals=active",
    "?by=var.rack&by=port",
]


@pytest.mark.parametrize("query", EVERYWHERE)
def test_every_number_is_the_count_behind_its_link(client, inventory, query):
    found = numbers(parse(client.get(f"/stats/{query}")))

    assert len(found) > 2
    wrong = [(n, url) for n, url in found if total(client, url) != n]
    assert wrong == []


def test_counts_of_single_values_add_up(client, inventory):
    found = tables(parse(client.get("/stats/")))

    for title in ("By status", "By environment", "By OS", "By owner", "By port"):
        assert sum(count for _, count, _ in found[title]) == 4, title


def test_a_value_that_reads_like_nothing_is_kept_apart(client, inventory):
    found = tables(parse(client.get("/stats/")))["By owner"]

    links = [(count, url) for label, count, url in found if label == "(not set)"]
    assert sorted(count for count, _ in links) == [1, 2]
    assert len({url for _, url in links}) == 2


def test_a_table_is_a_file_too(client, inventory):
    text = client.get("/stats/table.csv?by=owner").text
    assert text.splitlines() == [
        "owner,kind,hosts",
        "(not set),value,1",
        "data,value,1",
        ",not set,2",
    ]
    assert client.get("/stats/table.json?by=owner&flt_env_equals=dev").json == {
        "by": ["owner"],
        "total": 1,
        "rows": [{"value": None, "kind": "not set", "hosts": 1}],
    }
    lines = client.get("/stats/table.csv?by=env&by=owner").text.splitlines()
    assert lines[0] == "env,kind,owner,kind,hosts"
    assert "prod,value,(not set),value,1" in lines
    cells = client.get("/stats/table.json?by=env&by=owner").json["cells"]
    assert sum(cell["hosts"] for cell in cells) == 4


def test_markup_in_a_value_is_text(client, inventory):
    for query in ("", "?by=os", "?by=env&by=os"):
        text = client.get(f"/stats/{query}").text
        assert '<b>"&' not in text
        assert "&lt;b&gt;&#34;&amp;" in text


def test_a_heading_says_what_is_counted(client, inventory):
    page = parse(client.get("/stats/?by=location&by=os&flt_env_equals=prod"))

    assert page.h1.text == "2 hosts in prod, by location and OS"


@pytest.mark.parametrize("url", ["/stats/", "/stats/?by=owner", "/stats/?by=os&by=env"])
def test_more_hosts_cost_no_more_statements(client, make_host, statements, url):
    def cost():
        with statements() as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    for number in range(5):
        make_host(owner=f"o{number}", os=f"s{number % 3}", groups=[])
    few = cost()
    for number in range(5, 50):
        make_host(owner=f"o{number}", os=f"s{number % 30}")

    assert cost() == few < 50


def test_what_is_too_slow_is_said_and_the_rest_is_there(client, inventory, monkeypatch):
    monkeypatch.setattr(limits, "count_page_seconds", 0)
    page = parse(client.get("/stats/"))

    assert page.h1.text == "4 hosts"
    assert "too slow to count" in page.select_one(".numbers").text
    assert "Not counted" in page.select_one(".panels").text


def test_cards_lead_to_their_hosts(client, inventory):
    page = parse(client.get("/stats/"))

    cards = page.select(".numbers a")
    assert len(cards) == 6
    for card in cards:
        number = int(next(card.stripped_strings).replace(",", ""))
        assert total(client, card["href"]) == number


def test_the_last_days_are_read_from_the_history(client, inventory, make_host, app):
    old = make_host(hostname="old", environment="prod")
    gone = make_host(hostname="gone")
    with app.app_context(), history.writing(actor="tests"):
        hosts.change_host(old, {"status": "retired", "owner": "x"}, 1)
        hosts.delete_host(gone, 1)
    page = parse(client.get("/stats/"))

    line = page.select_one(".recent-activity")
    added, *others = line.select("a")
    assert [link.text for link in line.select("a")] == [
        "5 added",
        "1 changed",
        "1 retired",
        "1 deleted",
    ]
    assert total(client, added["href"]) == 5
    for link in others:
        assert client.get(link["href"]).status_code == 200
    assert (
        parse(client.get("/stats/?q=env:prod")).select_one(".recent-activity") is None
    )


def test_an_empty_inventory_has_stats(client):
    page = parse(client.get("/stats/"))

    assert "0 hosts" in page.main.text


@pytest.mark.parametrize(
    "query",
    [
        *("by=nope", "by=network/999", "flt_x_equals=1", "top=-1", "top=1001"),
        *("by=env&by=env", "by=env&by=os&by=port", "order=x", "show=x", "zero=2"),
        *("table=nope", "table=env,os,port", "by=created:era", "by=var."),
    ],
)
def test_nonsense_is_shown(client, query):
    assert client.get(f"/stats/?{query}").status_code == 400


def test_a_number_of_values_may_be_all(client):
    answer = parse(client.get("/stats/?by=env&top=1001")).select_one("#query-error")

    assert "“1001” is not a valid number of values to show." in answer.text
    assert "Use a number from 1 to 1,000, or “all”." in answer.text


def test_all_values_are_as_many_as_a_page_shows(client, make_host, monkeypatch):
    for number in range(5):
        make_host(hostname=f"h{number}", ip_addr=f"10.0.0.{number + 1}")
    monkeypatch.setattr(limits, "count_rows", 3)
    monkeypatch.setattr(limits, "count_file_rows", 2)

    assert "(2 others)" in parse(client.get("/stats/?by=hostname&top=all")).main.text
    page = parse(client.get("/stats/?by=hostname&by=ip&top=all"))
    assert "(2 others)" in page.main.text
    assert client.get("/stats/table.csv?by=hostname&top=all").text.count("\n") == 6
    rows = client.get("/stats/table.csv?by=hostname&by=ip&top=all").text
    assert {row.split(",")[0] for row in rows.split()[1:]} == {"h0", "h1", ""}


def test_one_value_that_is_left_is_shown_by_its_name(client, inventory):
    """Its line is no longer than one that says there is one more."""
    page = parse(client.get("/stats/?by=hostname&top=3"))

    assert "other)" not in page.main.text
    assert len(page.select(".bars tbody tr")) == 4


def test_what_takes_long_with_many_hosts_is_counted_after_the_page(
    client, inventory, monkeypatch
):
    whole = tables(parse(client.get("/stats/")))
    monkeypatch.setattr(limits, "overview_hosts", 3)
    page = parse(client.get("/stats/"))

    later = page.select("[data-later]")
    assert {card["id"] for card in later} == {"network", "created-month", "group"}
    found = tables(page)
    for card in later:
        url = card["data-later"]
        assert card.select_one("p a")["href"] == url
        found |= tables(parse(client.get(url)))
    assert found == whole


@pytest.mark.parametrize(
    "url", ["/stats/?by=group", "/stats/?table=group", "/data-quality/"]
)
def test_what_many_hosts_were_counted_for_is_kept_until_something_changes(
    client, inventory, make_host, monkeypatch, url
):
    monkeypatch.setattr(limits, "overview_hosts", 1)
    work = []
    for name in ("count_hosts", "count_table"):
        real = getattr(counts, name)

        def count(*args, real=real):
            work.append(args)
            return real(*args)

        monkeypatch.setattr(counts, name, count)

    def texts():
        work.clear()
        return parse(client.get(url)).main.text, len(work)

    (first, cost), (again, less) = texts(), texts()
    assert again == first
    assert less < cost
    make_host(hostname="another", groups=["inner"])
    changed, cost_again = texts()
    assert changed != first
    assert cost_again == cost


def test_a_table_is_on_the_overview_once_and_there_are_not_too_many(client, inventory):
    twice = parse(client.get("/stats/?" + "table=env&" * 600))
    once = parse(client.get("/stats/?table=env"))
    assert len(tables(twice)) == len(tables(once))
    many = "&".join(f"table=var.v{number}" for number in range(51))
    assert client.get(f"/stats/?{many}").status_code == 400


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_of_too_many_values_is_refused(client, inventory, monkeypatch, kind):
    monkeypatch.setattr(limits, "count_values", 1)

    whole = client.get(f"/stats/table.{kind}?by=env&top=all")
    some = client.get(f"/stats/table.{kind}?by=env&top=1")

    assert whole.status_code == 400
    assert "gives more than 1 values" in whole.text
    assert "export the hosts instead" in whole.text
    assert some.status_code == 200


def test_a_command_tells_that_there_are_too_many_values(inventory, monkeypatch, runner):
    monkeypatch.setattr(limits, "count_values", 1)

    result = runner.invoke(args=["hosts", "count", "--by", "env"])

    assert result.exit_code == 1
    assert "gives more than 1 values" in result.stderr
    assert result.stdout == ""


# ---- trend


@pytest.fixture
def since_yesterday(inventory, session):
    yesterday = utcnow() - timedelta(days=1)
    with db.engine.begin() as connection:
        connection.execute(sa.update(ChangeSet.__table__).values(at=yesterday))
        connection.execute(sa.update(change_fields).values(at=yesterday))


def test_the_trend_is_a_chart_with_its_table(client, since_yesterday, make_host):
    make_host(hostname="new", environment="prod")

    page = parse(client.get("/stats/trend/?by=env"))

    rows = [
        [cell.text.strip() for cell in row.select("th, td")]
        for row in page.select(".cross tr")
    ]
    prod = rows[0].index("prod")
    assert int(rows[-1][prod]) == int(rows[-2][prod]) + 1
    assert (rows[-3][-1], rows[-2][-1], rows[-1][-1]) == ("0", "4", "5")
    assert len(page.select(".trend path")) == len(rows[0]) - 2
    wrong = [(n, url) for n, url in numbers(page) if total(client, url) != n]
    assert wrong == []


def test_the_overview_has_a_trend_once_there_is_one(client, since_yesterday):
    page = parse(client.get("/stats/"))

    assert page.select_one(".trend svg")["aria-label"].endswith("4 now, highest 4")
    assert not parse(client.get("/stats/?q=env:prod")).select(".trend")


def test_without_hosts_the_trend_is_a_sentence(client):
    page = parse(client.get("/stats/trend/?by=status&over=36m"))

    assert "No hosts in this period." in page.main.text
    assert not page.select("svg path[d]:not(symbol path)")


@pytest.mark.parametrize(
    "query", ["by=nope", "by=group", "over=1d", "x=1", "by=env&by=os"]
)
def test_a_trend_of_nonsense_is_shown(client, query):
    assert client.get(f"/stats/trend/?{query}").status_code == 400
