"""The page of one host: what it says, where it leads, what can be done from it."""

import pytest

from hostadmin import history
from hostadmin.bulk_edit import CONFIRM, BulkEdit, Selection, change
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.inventory import hosts
from hostadmin.models import ChangeSet, Host
from hostadmin.validation.values import HostStatus

from ..helpers.pages import csrf, parse


@pytest.fixture
def host(make_host, make_group):
    make_group(name="pci", vars={"user": "deploy"})
    make_host(hostname="twin", ip_addr="10.4.0.9", environment="Prod x")
    for last in (1, 3, 7, 12, 255):
        make_host(hostname=f"near-{last}", ip_addr=f"10.4.0.{last}")
    make_host(hostname="far", ip_addr="10.4.1.1")
    return make_host(
        hostname="web-1",
        ip_addr="10.4.0.9",
        port=2222,
        environment="Prod x",
        owner="a*b",
        groups=["pci"],
        vars={"rack": "E 4", "speed": 10, "odd": {"a": [1]}, 'na"me': "x"},
    )


def page_of(client, id_):
    return parse(client.get(f"/hosts/details/?id={id_}"))


def row(page, label):
    return page.find("dt", string=label).parent.dd


def test_every_value_leads_to_the_hosts_that_have_it(client, host):
    page = page_of(client, host)
    links = page.select("a.same[href^='/hosts/?q=']")

    assert len(links) == 8
    for link in links:
        found = parse(client.get(link["href"]))
        names = [a.text for a in found.select("td.is-main a")]
        assert "web-1" in names, link["href"]
    both = client.get(row(page, "Environment").a["href"])
    assert len(parse(both).select("td.is-main")) == 2


def test_the_network_has_the_nearest_on_both_sides(client, host, make_host):
    around = row(page_of(client, host), "Network")

    assert around.a.text == "10.4.0.0/24"
    names = [a.text for a in around.select("a.name")]
    assert names == ["near-3", "near-7", "near-12", "near-255"]
    six = make_host(hostname="six", ip_addr="2001:db8::1")
    assert row(page_of(client, six), "Network").text.split() == ["2001:db8::/64"]
    assert page_of(client, make_host()).find("dt", string="Network") is None


def test_it_says_who_added_changed_and_confirmed_it(client, app, session, host):
    def as_who(name, work):
        with app.app_context():
            history.write(
                ActorContext(name, "import" if name == "bob" else "web"), work
            )

    as_who("ann", lambda: hosts.change_host(host, {"owner": "me"}))
    edited = page_of(client, host)
    assert "by tests, command" in row(edited, "Created").text
    for label in ("Updated", "Confirmed"):
        assert row(edited, label).select_one("a").text == "ann"

    edit, chosen = BulkEdit(CONFIRM), Selection(ids=(host,))
    as_who("bob", lambda: change(db.session(), chosen, edit))
    confirmed = page_of(client, host)
    assert row(confirmed, "Updated").select_one("a").text == "ann"
    assert row(confirmed, "Confirmed").text.strip().endswith("by bob, import")


def test_nobody_is_named_where_the_history_does_not_know(client, app, session, host):
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hosts SET confirmed_at = '2020-01-01'")

    assert "by" not in row(page_of(client, host), "Confirmed").text


def test_confirm_is_one_click_and_no_change(client, session, host):
    before = session.get(Host, host)
    seen, version = before.confirmed_at, before.version
    url = f"/hosts/details/?id={host}"
    form = page_of(client, host).find("button", string="Confirm").parent
    answer = client.post(form["action"], data={"csrf_token": csrf(client, url)})

    session.rollback()
    after = session.get(Host, host)
    assert (answer.status_code, answer.location) == (302, url)
    assert after.confirmed_at > seen
    assert after.version == version
    assert session.query(ChangeSet).filter_by(confirmed_count=1).count() == 1
    assert "Confirmed host web-1." in client.get(url).text
    assert client.post(form["action"]).status_code == 400
    assert client.get(form["action"]).status_code == 405


def test_retire_is_two_taps_and_leads_back_to_the_host(client, session, host):
    link = page_of(client, host).find("a", string="Retire…")["href"]

    form = parse(client.get(link)).select_one("form.confirm")
    fields = {i["name"]: i.get("value", "") for i in form.select("input[name]")}
    answer = client.post(form["action"], data=fields | {"step": "do"})

    assert answer.location == f"/hosts/details/?id={host}"
    session.rollback()
    assert session.get(Host, host).status is HostStatus.RETIRED
    assert page_of(client, host).find("a", string="Retire…") is None


def test_who_may_only_read_is_offered_nothing_to_do(client_of, host):
    page = page_of(client_of("viewer"), host)

    assert not page.select(".page-head .actions a, .page-head .actions button")
