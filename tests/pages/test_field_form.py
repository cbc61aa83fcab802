"""One field of a host, edited by itself: what a cell of the list becomes."""

import pytest

from hostadmin import history
from hostadmin.inventory import hosts
from hostadmin.models import ChangeEntry, Host

from ..helpers.pages import parse

LIST = "/hosts/?q=env:prod&cols=hostname,owner"


@pytest.fixture
def host(make_host, make_group):
    make_group(name="pci")
    return make_host(
        hostname="web-1", environment="prod", owner="me", groups=["pci"], port=22
    )


def open_cell(client, host, name):
    """Return where the form of a cell leads, and what it sends."""
    headers = {"Referer": f"http://localhost{LIST}"}
    answer = client.get(f"/hosts/field/?id={host}&name={name}", headers=headers)
    form = parse(answer).select_one("main form")
    fields = {}
    for field in form.select("[name]"):
        chosen = field.select_one("option[selected]")
        fields[field["name"]] = chosen["value"] if chosen else field.get("value", "")
    return form["action"], fields


@pytest.mark.parametrize(
    ("column", "field", "shown", "typed"),
    [
        ("owner", "owner", "me", "you"),
        ("env", "environment", "prod", ""),
        ("ip", "ip_addr", "", "10.0.0.1"),
        ("port", "port", "22", "2222"),
        ("status", "status", "active", "offline"),
        ("groups", "groups", "pci", ""),
    ],
)
def test_a_cell_changes_its_field_and_nothing_else(
    client, session, host, column, field, shown, typed
):
    url, fields = open_cell(client, host, column)
    assert fields[field] == shown

    answer = client.post(url, data=fields | {field: typed})

    assert (answer.status_code, answer.location) == (302, LIST)
    session.rollback()
    entries = session.query(ChangeEntry).filter_by(subject="host", action="changed")
    assert [set(entry.changes) for entry in entries] == [{field}]
    message = parse(client.get(LIST)).select_one(".message")
    assert message.find("a", string="Undo")


def test_what_is_wrong_is_shown_by_the_same_rules(client, session, host):
    url, fields = open_cell(client, host, "port")

    answer = client.post(url, data=fields | {"port": "0"})

    assert answer.status_code == 400
    page = parse(answer)
    assert "not a valid port" in page.select_one(".error").text
    # The whole form is there to go on with, and nothing of the host is lost in it.
    assert page.select_one("[name=owner]")["value"] == "me"


def test_a_cell_that_somebody_else_changed_asks_as_the_form_does(
    client, app, session, host
):
    url, fields = open_cell(client, host, "owner")
    with app.app_context(), history.writing("bob"):
        hosts.change_host(host, {"owner": "bobs"})

    answer = client.post(url, data=fields | {"owner": "mine"})

    assert answer.status_code == 409
    assert "bob" in parse(answer).main.text
    session.rollback()
    assert session.get(Host, host).owner == "bobs"


def test_only_fields_that_can_be_edited_have_a_form(client, client_of, host):
    for name in ("updated", "vars.rack", "id", "", "version"):
        answer = client.get(f"/hosts/field/?id={host}&name={name}")
        assert answer.status_code == 400, name
    assert client.get("/hosts/field/?id=999&name=owner").status_code == 404
    viewer = client_of("viewer")
    assert viewer.get(f"/hosts/field/?id={host}&name=owner").status_code == 403
