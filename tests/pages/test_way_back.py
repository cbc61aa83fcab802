"""From a host back to the list that led to it, and on to the next of its hosts."""

import pytest

from hostadmin.limits import limits
from hostadmin.models import Host

from ..helpers.pages import form_of, parse

LIST = "/hosts/?q=env:prod&sort=-hostname&cols=hostname,owner&cursor=x"


@pytest.fixture
def ids(make_host):
    for number in (1, 2, 10):
        make_host(hostname=f"other-{number}", environment="dev")
    return {
        name: make_host(hostname=name, environment="prod", owner="me")
        for name in ("web-10", "web-1", "web-2")
    }


def from_list(client, url, list_url=LIST):
    return client.get(url, headers={"Referer": f"http://localhost{list_url}"})


def crumbs(page):
    return [(a.text, a["href"]) for a in page.select(".crumbs a")]


def test_the_breadcrumb_keeps_query_page_and_columns(client, ids):
    page = parse(from_list(client, f"/hosts/details/?id={ids['web-2']}"))

    assert crumbs(page) == [("Hosts", "/hosts/"), ("env:prod", LIST)]
    edit = page.find("a", string="Edit")["href"]
    # From here on the address says it, whatever the browser tells.
    page = parse(client.get(edit))
    assert crumbs(page)[:2] == [("Hosts", "/hosts/"), ("env:prod", LIST)]
    answer = client.post(edit, data=form_of(client, edit) | {"owner": "you"})
    assert crumbs(parse(client.get(answer.location)))[1] == ("env:prod", LIST)


@pytest.mark.parametrize(
    ("referer", "url"),
    [
        ("http://evil.example/hosts/?q=env:prod", "/hosts/"),
        ("http://localhost/stats/?q=env:prod", "/hosts/"),
        ("http://localhost/hosts/?sort=-ip", "/hosts/?sort=-ip"),
        ("nonsense", "/hosts/"),
    ],
)
def test_only_a_list_of_ours_is_gone_back_to(client, ids, referer, url):
    page = client.get(
        f"/hosts/details/?id={ids['web-1']}", headers={"Referer": referer}
    )

    assert crumbs(parse(page)) == [("Hosts", url)]


def test_before_and_after_are_the_hosts_of_that_list(client, ids, monkeypatch):
    for counted in (10_000, 1):
        monkeypatch.setattr(limits, "counted_rows", counted)
        for name, before, after in (
            ("web-10", None, "web-2"),
            ("web-2", "web-10", "web-1"),
            ("web-1", "web-2", None),
        ):
            page = parse(from_list(client, f"/hosts/details/?id={ids[name]}"))
            found = {a["rel"][0]: a["title"] for a in page.select(".beside a")}
            expected = {"prev": before, "next": after}
            assert found == {rel: name for rel, name in expected.items() if name}


def test_a_list_that_makes_no_sense_any_more_has_no_neighbours(client, ids):
    url = f"/hosts/details/?id={ids['web-1']}"
    page = from_list(client, url, "/hosts/?q=group:gone")

    assert page.status_code == 200
    assert not parse(page).select(".beside")


def test_save_and_edit_next_goes_on_although_the_host_left_the_list(
    client, ids, session
):
    page = from_list(client, f"/hosts/edit/?id={ids['web-10']}")
    assert parse(page).find("button", string="Save and edit next")
    url = parse(page).select_one("main form")["action"]
    fields = form_of(client, url) | {"environment": "dev", "save_next": "1"}

    answer = client.post(url, data=fields)

    session.rollback()
    assert session.get(Host, ids["web-10"]).environment == "dev"
    assert answer.location.startswith(f"/hosts/edit/?id={ids['web-2']}&url=")
    last = from_list(client, f"/hosts/edit/?id={ids['web-1']}")
    assert not parse(last).find("button", string="Save and edit next")


def test_a_deleted_host_leads_back_to_its_list(client, ids):
    page = from_list(client, f"/hosts/details/?id={ids['web-1']}")
    delete = parse(page).find("a", string="Delete…")["href"]

    answer = client.post(delete, data=form_of(client, delete))

    assert (answer.status_code, answer.location) == (302, LIST)
