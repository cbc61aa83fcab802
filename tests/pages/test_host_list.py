"""The list of hosts: its sentence, columns, orders and what it remembers."""

from urllib.parse import parse_qs, urlsplit

import pytest

from hostadmin.admin.list_columns import COOKIE
from hostadmin.inventory.columns import DEFAULT
from hostadmin.limits import limits

from ..helpers.pages import parse


@pytest.fixture
def some(make_host, make_group):
    make_group(name="web")
    make_host(
        hostname="web-1",
        environment="prod",
        port=80,
        groups=["web"],
        aliases=["shop", "www"],
        vars={"rack": "B14", "bgp": {"asn": 65001}, "on": True},
        notes="first line\nsecond line",
    )
    make_host(hostname="web-2", environment="dev", port=22)
    make_host(hostname="db-1", environment="prod", port=5432)


def page_of(response):
    assert response.status_code == 200
    return parse(response)


def heads(page):
    return [th.text.strip() for th in page.select(".rows thead th:not(.tick)")]


def names(page):
    return [cell.text.strip() for cell in page.select("td.is-main")]


def form_of(page):
    """Return where the form of columns goes, and what it sends as it is."""
    form = page.select_one("form:has([name=col])")
    pairs = [
        (field["name"], field["value"])
        for field in form.select("input[name]")
        if field.get("type") != "checkbox" or field.has_attr("checked")
        if field.get("value")
    ]
    return form["action"], pairs


def panel_of(client, page, name):
    """Return the page with what a button of the list opens."""
    return page_of(client.get(page.select_one(f"#{name}[href], #{name} > a")["href"]))


def send(client, page, *more, without=()):
    """Send the form of columns that the list leads to."""
    action, pairs = form_of(panel_of(client, page, "columns"))
    data = {}
    for name, value in (*pairs, *more):
        if (name, value) not in without:
            data.setdefault(name, []).append(value)
    return client.post(action, data=data)


# ---- words


def test_the_page_says_in_words_what_is_shown(client, some):
    page = page_of(client.get("/hosts/?q=env:PROD -port:80"))

    assert page.select_one(".finder .hint").text == "Hosts in prod, not on port 80"
    assert page.h2.text != ""
    assert "1 of 3 hosts" in page.select_one(".card-head").text


def test_a_number_is_capped_and_says_so_or_is_kept_and_exact(client, some, monkeypatch):
    monkeypatch.setattr(limits, "counted_rows", 2)

    filtered = page_of(client.get("/hosts/?q=-ip:192.0.2.1"))
    every = page_of(client.get("/hosts/"))

    assert filtered.select_one(".card-head h2").text == "More than 2 hosts match"
    assert every.select_one(".card-head h2").text == "3 hosts"


def test_examples_are_links_that_work(client, some, make_group):
    page = page_of(client.get("/hosts/"))
    links = panel_of(client, page, "examples").select("#examples dt a")

    assert len(links) > 5
    for link in links:
        assert client.get(link["href"]).status_code == 200, link["href"]
    assert page.select_one("#find")["placeholder"].startswith("env:prod")


def test_a_chip_tells_the_instant_that_a_time_means(client, some):
    page = page_of(client.get("/hosts/?q=created>-7d updated>2020"))
    titles = [chip["title"] for chip in page.select("a.filter")]

    assert titles[0].startswith("-7d is 20")
    assert titles[0].endswith("UTC. Remove created>-7d")
    assert titles[1] == "Remove updated>2020"


# ---- columns


def test_the_address_chooses_columns_and_their_order(client, some):
    page = page_of(
        client.get("/hosts/?cols=env,hostname,port,aliases,var.rack,var.bgp.asn,notes")
    )

    assert heads(page) == [
        *("Env", "Hostname", "Port", "Aliases", "rack", "bgp.asn", "Notes", "Actions")
    ]
    row = next(tr for tr in page.select("tbody tr") if "web-1" in tr.text)
    cells = [" ".join(td.text.split()) for td in row.select("td:not(.tick)")]
    assert cells[:7] == [
        *("prod", "web-1", "80", "shop, www", "B14", "65001", "first line second line")
    ]
    # Whatever comes first leads to the host.
    assert row.select_one(".is-main a")["href"].startswith("/hosts/details/?id=")


def test_links_of_the_page_keep_the_columns(client, some):
    page = page_of(client.get("/hosts/?cols=hostname,ip&q=web*&sort=-ip"))

    kept = [
        *page.select("thead a"),
        *page.select("#facet-env a"),
        page.select_one("a.filter"),
    ]
    for link in kept:
        assert parse_qs(urlsplit(link["href"]).query)["cols"] == ["hostname,ip"]
    find = page.select_one("form.find [name=cols]")
    assert find["value"] == "hostname,ip"


@pytest.mark.parametrize(
    ("cols", "words"),
    [
        ("hostnam", "Did you mean “hostname”"),
        ("ip,<b>", "Unknown column"),
        ("var.", "Unknown column"),
        (",".join(f"var.a{n}" for n in range(31)), "at most 30"),
    ],
)
def test_columns_that_do_not_exist_are_refused(client, some, cols, words):
    response = client.get("/hosts/", query_string={"cols": cols})

    assert response.status_code == 400
    assert words in response.text
    assert "web-1" not in response.text


def test_columns_are_remembered_and_the_address_wins(client, some):
    page = page_of(client.get("/hosts/?q=web*&sort=-ip"))
    dropped = [("col", name) for name in DEFAULT if name not in ("hostname", "port")]

    sent = send(client, page, ("more", "port, var.rack"), without=dropped)

    assert sent.status_code == 303
    assert parse_qs(urlsplit(sent.location).query) == {
        "q": ["web*"],
        "sort": ["-ip"],
        "cols": ["hostname,port,var.rack"],
    }
    remembered = page_of(client.get("/hosts/"))
    assert heads(remembered)[:-1] == ["Hostname", "Port", "rack"]
    assert heads(page_of(client.get("/hosts/?cols=env")))[:-1] == ["Env"]

    reset = send(client, remembered, ("reset", "1"))
    assert "cols" not in reset.location
    assert len(heads(page_of(client.get("/hosts/")))) == len(DEFAULT) + 1


def test_a_column_moves_without_a_script(client, some):
    page = page_of(client.get("/hosts/"))

    sent = send(client, page, ("up", "status"))

    # The panel is open again, for the next move.
    assert sent.location.endswith("#column-status")
    panel = page_of(client.get(sent.location))
    assert panel.select_one("#columns[open] #column-status")
    moved = page_of(client.get(panel.select_one(".links a")["href"]))
    assert heads(moved)[:3] == ["Hostname", "Status", "Address"]
    send(client, moved, ("down", "hostname"))
    assert heads(page_of(client.get("/hosts/")))[:2] == ["Status", "Hostname"]


def test_higher_rows_are_remembered(client, some):
    page = page_of(client.get("/hosts/"))
    send(client, page, ("density", "comfortable"))

    assert page_of(client.get("/hosts/")).select_one("table.comfortable")
    assert not page.select_one("table.comfortable")


def test_each_column_on_offer_is_one_of_a_file_too(client, some):
    page = page_of(client.get("/hosts/"))
    panel = panel_of(client, page, "columns")
    offered = [box["value"] for box in panel.select("[name=col]")]

    assert client.get(f"/export/csv?cols={','.join(offered)}").status_code == 200
    # They are of a query alone.
    assert not {"check", "set", "change"} & {*offered}


@pytest.mark.parametrize("text", ["cols=nope", "%", "x" * 4000, "cols=,;&density=2"])
def test_a_cookie_of_nonsense_does_no_harm(client, some, text):
    client.set_cookie(COOKIE, text)

    assert len(heads(page_of(client.get("/hosts/")))) == len(DEFAULT) + 1


def test_choosing_columns_needs_a_token(client, some):
    assert client.post("/hosts/columns/", data={"col": "ip"}).status_code == 400


@pytest.mark.parametrize("name", ["columns", "export", "examples", "sort"])
def test_a_panel_says_what_it_is_about_and_leads_back(client, some, name):
    address = "/hosts/?q=env:prod&sort=-ip&cols=hostname,ip&per_page=25"
    panel = panel_of(client, page_of(client.get(address)), name)

    assert panel.h1.text == "Hosts in prod"
    assert panel.select_one(f"details#{name}[open] > summary")
    back = urlsplit(panel.select_one(".links a")["href"])
    assert (back.path, parse_qs(back.query)) == (
        "/hosts/",
        parse_qs(urlsplit(address).query),
    )


def test_a_panel_refuses_what_the_list_refuses(client, some):
    for path in ("columns", "files", "examples", "sort"):
        for wrong in ("q=env:", "colour=red"):
            assert client.get(f"/hosts/{path}/?{wrong}").status_code == 400
    assert client.get("/hosts/columns/?cols=nope").status_code == 400
    assert client.get("/hosts/sort/?sort=nope").status_code == 400


# ---- orders


def test_several_orders_are_in_the_address(client, some):
    page = page_of(client.get("/hosts/?sort=-env,hostname"))

    assert names(page) == ["db-1", "web-1", "web-2"]
    assert page.select_one("th[aria-sort]").text.strip() == "Env"
    panel = panel_of(client, page, "sort")
    then = panel.select_one(".sort a.then[aria-current]")
    assert parse_qs(urlsplit(then["href"]).query)["sort"] == ["-env,-hostname"]


def test_too_many_hosts_are_sorted_by_one_column_with_a_note(client, some, monkeypatch):
    monkeypatch.setattr(limits, "counted_rows", 2)

    page = page_of(client.get("/hosts/?sort=-port,hostname"))

    assert names(page) == ["db-1", "web-1", "web-2"]
    assert "Sorted by Port only" in page.select_one(".list .note").text
    assert page.select_one(".list .note").text.endswith("by variables.")
