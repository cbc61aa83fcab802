"""Variables of the whole inventory, through functions and pages."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import Conflict, InvalidInput
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.inventory.groups import EffectiveVariable, effective_variables
from hostadmin.models import ChangeEntry

from ..helpers.pages import csrf, parse


def change(given, version=None):
    with history.writing("ann", "web"):
        return inventory_vars.change_inventory({"vars": given}, version).version


def entries():
    found = db.session.scalars(
        sa.select(ChangeEntry)
        .where(ChangeEntry.subject == "inventory")
        .order_by(ChangeEntry.id)
    )
    return [(e.subject_name, e.action, e.changes) for e in found]


def test_they_are_empty_until_somebody_says_something(session):
    assert inventory_vars.inventory_vars(session()) == {}
    assert inventory_vars.get_inventory().vars == {}

    assert change({"a": 1}) == 1
    assert change({"a": True}, version=1) == 2

    assert inventory_vars.inventory_vars(session()) == {"a": True}
    assert entries() == [
        ("all", "created", {"vars": [None, {"a": 1}]}),
        ("all", "changed", {"vars": [{"a": 1}, {"a": True}]}),
    ]


def test_a_stale_version_is_a_conflict(session):
    change({"a": 1}, version=0)
    change({"a": 2}, version=1)

    for stale in (0, 1):
        with pytest.raises(Conflict):
            change({"a": 3}, version=stale)
    assert inventory_vars.inventory_vars(session()) == {"a": 2}


def test_what_is_no_mapping_is_refused(session):
    with pytest.raises(InvalidInput, match="must be a mapping"):
        change(["a"])


def test_groups_and_hosts_win_over_them(session, make_group, make_host):
    make_group(name="web", vars={"b": "group", "c": "group"})
    host_id = make_host(groups=["web"], vars={"c": "host"})
    change({"a": "all", "b": "all", "c": "all"})

    assert effective_variables(hosts.get_host(host_id)) == [
        EffectiveVariable("a", "all", "all"),
        EffectiveVariable("b", "group", "web"),
        EffectiveVariable("c", "host", None),
    ]
    assert groups.load_tree(session()).names.values() != []


def test_the_page_shows_and_saves_them(client, session):
    page = parse(client.get("/groups/"))
    assert client.get("/inventory/").headers["Location"] == "/inventory/details/?id=1"
    assert "No variables." in parse(client.get("/inventory/details/?id=1")).text
    assert page

    token = csrf(client, "/inventory/edit/?id=1")
    form = {"csrf_token": token, "row_version": "", "vars": "ntp: ntp.example"}
    saved = client.post("/inventory/edit/?id=1", data=form)
    assert saved.status_code == 302
    shown = parse(client.get("/inventory/details/?id=1")).text
    assert "ntp.example" in shown
    assert "all hosts" in shown

    stale = client.post("/inventory/edit/?id=1", data=form | {"vars": "ntp: other"})
    assert stale.status_code == 409
    main = parse(stale).main
    assert "changed variables of all hosts since you opened it" in main.h1.text
    assert main.select_one("button.primary").text == "Save variables"
    assert inventory_vars.inventory_vars(session()) == {"ntp": "ntp.example"}


@pytest.mark.parametrize("path", ["details", "edit"])
def test_there_is_one_inventory(client, path):
    assert client.get(f"/inventory/{path}/?id=2").status_code == 404


@pytest.mark.parametrize("path", ["new", "delete"])
def test_it_is_neither_added_nor_deleted(client, path):
    assert client.get(f"/inventory/{path}/?id=1").status_code == 404
