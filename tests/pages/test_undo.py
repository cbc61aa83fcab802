"""The page that undoes: what it shows, and what it does when."""

import re

import pytest

from hostadmin import history
from hostadmin.history import ActorContext
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.models import Host

from ..helpers.hosts import add_hosts
from ..helpers.pages import csrf, parse


@pytest.fixture
def did(session):
    def run(work):
        history.write(ActorContext("ann", "web", "as asked"), work)
        return history.written_change_set_id(session())

    return run


@pytest.fixture
def edited(did, make_host):
    """Return a host's id and the change of its owner."""
    id_ = make_host(hostname="a", owner="me", port=1)
    change = {"owner": "you", "port": 2}
    return id_, did(lambda: hosts.change_host(id_, change))


@pytest.fixture
def press(client):
    """Undo as the page offers it."""

    def run(url):
        page = parse(client.get(url))
        form = page.select_one("main form")
        fields = {i["name"]: i["value"] for i in form.select("input[name]")}
        return client.post(url, data=fields)

    return run


def text_of(response):
    return " ".join(parse(response).select_one("main").get_text().split())


def test_it_shows_what_goes_back_and_what_stays(client, did, edited):
    id_, change = edited
    newer = did(lambda: hosts.change_host(id_, {"port": 3}))

    shown = text_of(client.get(f"/changes/{change}/undo"))

    assert f"Undo change {change}? ann" in shown
    assert "“as asked”" in shown
    assert "1 host would be reverted, 1 not fully reverted." in shown
    assert "Will be reverted (1) host a to be reverted owner: you → me" in shown
    assert (
        "Left unchanged (1) host a port: 3 · "
        f"has since been changed by ann (change {newer})"
    ) in shown


def test_it_undoes_and_the_message_leads_to_the_undo_of_it(
    client, session, press, edited
):
    id_, change = edited

    answer = press(f"/changes/{change}/undo")

    assert (answer.status_code, answer.location) == (302, f"/hosts/details/?id={id_}")
    session.rollback()
    assert hosts.get_host(id_).owner == "me"
    message = parse(client.get(answer.location)).select_one(".message")
    assert f"Change {change} undone: 1 host reverted." in message.get_text()
    again = message.find("a", string="Undo")["href"]
    press(again)
    session.rollback()
    assert hosts.get_host(id_).owner == "you"


def test_a_second_click_says_that_it_is_done(client, press, edited):
    _, change = edited
    url = f"/changes/{change}/undo"
    press(url)
    page = client.get(url)
    assert "Undone by change" in text_of(page)
    assert not parse(page).select("main button[type=submit]")
    answer = press(url)
    assert answer.status_code == 200
    assert "Undone by change" in text_of(answer)


def test_an_undone_change_says_so_and_offers_no_undo(client, press, edited):
    id_, change = edited
    url = f"/changes/{change}/undo"
    press(url)

    for page in ("/changes/", f"/changes/{change}/", f"/hosts/details/?id={id_}"):
        shown = parse(client.get(page)).main
        note = shown.find("a", string=f"Undone by change {change + 1}")
        assert note["href"] == f"/changes/{change + 1}/"
        assert not shown.select(f"a[href^='{url}']")


def test_undo_of_many_leads_to_exactly_those_hosts(client, press, did, make_host):
    ids = [make_host(hostname=f"a-{n}", owner="me") for n in range(3)]
    make_host(hostname="other")
    change = did(lambda: [hosts.change_host(id_, {"owner": "x"}) for id_ in ids])

    answer = press(f"/changes/{change}/undo")

    message = parse(client.get(answer.location)).select_one(".message")
    them = message.find("a", string="Show them")["href"]
    assert them == f"/hosts/?q=change:{change + 1}"
    shown = parse(client.get(them)).select("#rows tbody tr, table.hosts tbody tr")
    assert len(shown) == 3
    history = parse(client.get(f"/changes/{change + 1}/"))
    assert history.find("a", string="Show these 3 hosts")["href"] == them
    assert parse(client.get("/changes/")).select(f"td a[href='{them}']")


def test_a_plan_that_changed_meanwhile_is_shown_anew(client, session, did, edited):
    id_, change = edited
    url = f"/changes/{change}/undo"
    form = parse(client.get(url)).select_one("main form")
    fields = {i["name"]: i["value"] for i in form.select("input[name]")}
    did(lambda: hosts.change_host(id_, {"port": 3}))

    answer = client.post(url, data=fields)

    assert answer.status_code == 409
    assert "changed since the preview" in text_of(answer)
    session.rollback()
    assert hosts.get_host(id_).owner == "you"
    assert client.post(url, data=fields | {"digest": ""}).status_code == 409


def test_no_token_no_undo(client, session, edited):
    id_, change = edited
    assert client.post(f"/changes/{change}/undo", data={}).status_code == 400
    session.rollback()
    assert hosts.get_host(id_).owner == "you"


@pytest.mark.parametrize(
    "path", ["9" * 18, "9" * 30, "0", "x", "1/undo?entry=x", "%00", "-1"]
)
def test_what_is_not_there_is_404(client, path):
    url = f"/changes/{path}" if "undo" in path else f"/changes/{path}/undo"
    answer = client.get(url)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_markup_in_values_is_text(client, did, make_host):
    id_ = make_host(hostname="<b>a</b>", notes="<script>1</script>")
    change = did(lambda: hosts.change_host(id_, {"notes": "x\u202e" + "y" * 60_000}))
    page = client.get(f"/changes/{change}/undo")
    assert "<script>1" not in page.text
    assert "<b>a</b>" not in page.text
    assert len(page.text) < 20_000


def undo_url(response):
    found = re.search(r"/changes/\d+/undo", response.text)
    assert found, response.text
    return found[0]


def test_every_saved_form_offers_undo(client, session, press, make_host, make_group):
    make_group(name="g")

    def save(url, **fields):
        token = csrf(client, url)
        version = parse(client.get(url)).select_one("[name=row_version]")
        fields["row_version"] = version["value"] if version else ""
        answer = client.post(url, data={"csrf_token": token, **fields})
        assert answer.status_code == 302, text_of(answer)
        press(undo_url(client.get(answer.location)))
        session.rollback()

    save("/hosts/new/", hostname="new", status="active")
    assert hosts.find_host("new") is None
    id_ = make_host(hostname="a")
    save(f"/hosts/edit/?id={id_}", hostname="b", status="active", port="22")
    assert hosts.get_host(id_).hostname == "a"
    save(f"/hosts/delete/?id={id_}", id=id_)
    assert hosts.get_host(id_).hostname == "a"
    save("/groups/new/", name="h")
    assert session.query(groups.Group).count() == 1
    group = groups.find_groups(["g"])[0].id
    save(f"/groups/edit/?id={group}", name="g2")
    assert groups.get_group(group).name == "g"
    save(f"/groups/delete/?id={group}", id=group)
    assert groups.get_group(group).name == "g"
    save("/inventory/edit/?id=1", vars="x: 1")
    assert inventory_vars.inventory_vars(session) == {}
    assert session.query(Host).count() == 1


def test_a_save_that_changed_nothing_offers_none(client, make_host):
    id_ = make_host(hostname="a")
    url = f"/hosts/edit/?id={id_}"
    fields = {"hostname": "a", "status": "active", "port": "22", "row_version": "1"}
    answer = client.post(url, data={"csrf_token": csrf(client, url), **fields})
    page = parse(client.get(answer.location))
    assert "Saved" in page.select_one(".message").get_text()
    assert page.select_one(".message").find("a", string="Undo") is None


def test_undo_of_many_additions_says_what_it_deletes_and_asks_for_the_number(
    client, session, did
):
    many = 60
    added = did(lambda: add_hosts([{"hostname": f"h-{n}"} for n in range(many)]))
    url = f"/changes/{added}/undo"

    page = parse(client.get(url))
    form = page.select_one("main form")
    fields = {i["name"]: i.get("value", "") for i in form.select("input[name]")}

    assert page.h1.text == "Delete 60 hosts?"
    assert "danger" in form.find("button", string="Delete 60 hosts")["class"]
    assert len(page.select(".changes > li")) == 10
    assert "and 50 more" in page.main.text
    for typed in ("", "59", "x"):
        answer = client.post(url, data=fields | {"number": typed})
        assert answer.status_code == 400
        assert "Type 60 to delete 60 hosts." in text_of(answer)
        session.rollback()
        assert session.query(Host).count() == many
    assert client.post(url, data=fields | {"number": "60"}).status_code == 302
    session.rollback()
    assert session.query(Host).count() == 0


def test_cancel_and_undo_lead_back_to_the_list(client, did, make_host):
    ids = [make_host(hostname=f"a-{n}") for n in range(2)]
    change = did(lambda: [hosts.change_host(id_, {"owner": "x"}) for id_ in ids])
    url, seen = f"/changes/{change}/undo", "/hosts/?q=env:none&cols=hostname"

    shown = client.get(url, headers={"Referer": f"http://localhost{seen}"})

    page = parse(shown)
    assert page.find("a", string="Cancel")["href"] == seen
    fields = {i["name"]: i["value"] for i in page.select("main form input[name]")}
    assert client.post(url, data=fields).location == seen
