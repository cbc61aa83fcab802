"""The pages of hosts, over HTTP."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from hostadmin.db.session import db
from hostadmin.inventory.list_hosts import SORTS
from hostadmin.models import ChangeEntry, Host

from ..helpers.pages import csrf, errors, form_of, parse


def names(client: FlaskClient, url: str) -> list[str]:
    """Return the names on one page of the list."""
    response = client.get(url)
    assert response.status_code == 200, f"{url} answered {response.status}"
    return [link.text for link in parse(response).select("tbody td.is-main a")]


# ---- the list


def test_an_empty_inventory_says_what_to_do_next(client):
    page = parse(client.get("/hosts/"))

    commands = [code.text for code in page.select("code[data-copy-text]")]
    assert commands == ["make demo"]
    assert page.select_one("main a[href='/import/']") is not None
    assert page.select_one("a[href='/hosts/new/']") is not None


def test_the_root_leads_to_the_list(client):
    assert client.get("/").location == "/hosts/"


def test_names_are_sorted_as_people_count(client, make_host):
    for name in ("web-10", "web-2", "Web-1"):
        make_host(hostname=name)

    assert names(client, "/hosts/") == ["Web-1", "web-2", "web-10"]
    assert names(client, "/hosts/?sort=-hostname") == ["web-10", "web-2", "Web-1"]


@pytest.mark.parametrize("name", SORTS)
def test_every_order_goes_both_ways(client, make_host, name):
    make_host(hostname="a", port=22, ip_addr="10.0.0.9", environment="dev", os="b")
    make_host(hostname="b", port=80, ip_addr="10.0.0.10", owner="x", os="a")

    both = {"a", "b"}
    assert set(names(client, f"/hosts/?sort={name}")) == both
    assert set(names(client, f"/hosts/?sort=-{name}")) == both


def test_pages_turn_forwards_and_back(client, make_host):
    for number in range(7):
        make_host(hostname=f"web-{number}")
    page = parse(client.get("/hosts/?per_page=3"))
    second = page.select_one("a[rel=next]")["href"]

    assert names(client, second) == ["web-3", "web-4", "web-5"]
    back = parse(client.get(second)).select_one("a[rel=prev]")["href"]
    assert names(client, back) == ["web-0", "web-1", "web-2"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("flt_env_equals=PROD", ["a"]),
        ("flt_environment_equals=prod", ["a"]),
        ("flt0_env_equals=prod", ["a"]),
        ("flt_env_not_equal=prod", ["b", "c"]),
        ("flt_env_empty=1", ["c"]),
        ("flt_env_empty=0", ["a", "b"]),
        ("flt_ip_in_network=10.0.0.0/24", ["a", "b"]),
        ("flt_port_greater_than=22", ["b"]),
        ("flt_port_in_list=22,2222", ["a", "b"]),
        ("flt_status_not_in_list=retired", ["a", "b"]),
        ("flt_hostname_contains=%25", []),
        ("flt_group_equals=outer", ["a"]),
        ("flt_env_in_list=prod,dev&flt_port_equals=2222", ["b"]),
        ("flt_env_equals=&flt_port_equals=2222", ["b"]),
    ],
)
def test_filters_find(client, make_host, make_group, filters, expected):
    make_group(name="inner")
    make_group(name="other")
    make_group(name="outer", children=["inner", "other"])
    make_host(
        hostname="a", environment="prod", ip_addr="10.0.0.1", groups=["inner", "other"]
    )
    make_host(hostname="b", environment="dev", ip_addr="10.0.0.2", port=2222)
    make_host(hostname="c", port=None, status="retired")

    assert names(client, f"/hosts/?{filters}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("flt_statu_equals=active", "status"),
        ("flt_status_equals=actve", "active"),
        ("flt_env_equal=prod", "equals"),
        ("flt_port_equals=99999999999999999999", "port"),
        ("flt_port_equals=abc", "port"),
        ("flt_ip_in_network=10.1.2.3/8", "10.0.0.0/8"),
        ("flt_group_equals=nope", "nope"),
        ("flt_created_equals=2026-02-30", "2026-02-30"),
        ("flt_hostname_equals=a%00b", "flt_hostname_equals"),
        ("sort=nme", "name"),
        ("sort=notes", "notes"),
        ("per_page=0", "1 to 200"),
        ("per_page=100000", "1 to 200"),
        ("page=99999999999999999999", "page"),
        ("statsu=active", "statsu"),
        ("cursor=AAAA", "not valid"),
        ("cursor=%F0%9F%92%A9", "not valid"),
        ("add_field=nope&add_value=1", "nope"),
        ("add_field=port&add_op=contains&add_value=1", "contains"),
    ],
)
def test_nonsense_is_shown_and_shows_no_hosts(client, make_host, query, expected):
    make_host(hostname="hidden-one")

    response = client.get(f"/hosts/?{query}")

    assert response.status_code == 400
    assert expected in parse(response).main.text
    assert "hidden-one" not in response.text


def test_a_chip_takes_its_filter_away(client, make_host):
    make_host(hostname="a", environment="prod", os="Debian 13")

    page = parse(client.get("/hosts/?flt_env_equals=prod&flt_os_starts_with=Deb"))

    chips = {chip.contents[0].strip(): chip["href"] for chip in page.select("a.filter")}
    assert chips == {
        "env:prod": "/hosts/?q=os%5E%3DDeb",
        "os^=Deb": "/hosts/?q=env:prod",
    }


def test_a_filter_is_added_without_a_script(client):
    response = client.get(
        "/hosts/?flt_env_equals=prod&add_field=port&add_op=greater_than&add_value=1024"
    )

    assert response.location == ("/hosts/?q=env:prod&flt_port_greater_than=1024")


def test_groups_that_a_row_has_no_room_for_are_counted_and_shown(
    client, make_host, make_group
):
    names = ["a-group", "b-group", "c-group", "d-group"]
    for name in names:
        make_group(name=name)
    make_host(hostname="web-1", groups=names)

    row = parse(client.get("/hosts/")).select_one(".rows tbody tr")
    shown = row.select_one("[title]")

    assert shown["title"] == ", ".join(names)
    assert shown.text.split() == [names[0], "+3"]


def test_a_title_does_not_hold_thousands_of_characters(client, make_host):
    make_host(aliases=[f"{number}{'x' * 200}" for number in range(10, 74)])

    page = parse(client.get("/hosts/?cols=hostname,aliases"))

    titles = [len(tag["title"]) for tag in page.select(".rows [title]")]
    assert 200 < max(titles) < 1_000


def test_what_is_not_there_has_a_hint(client, make_host):
    make_host(environment="production")

    response = client.get("/hosts/?flt_env_equals=producton")

    assert "(1 host)?" in parse(response).select_one(".nothing").text
    fix = parse(response).select_one(".nothing code").parent
    assert fix["href"] == "/hosts/?q=env:production"


def test_the_fix_of_values_that_no_host_has_keeps_all_else(client, make_host):
    make_host(environment="production", role="producton", os="Debian 13")

    query = 'role:producton env:producton (os:"Debian 31" or web)'
    page = parse(client.get("/hosts/", query_string={"q": query, "sort": "-ip"}))

    fix = page.select_one(".nothing code")
    assert fix.text == 'role:producton env:production (os:"Debian 13" or web)'
    assert "sort=-ip" in fix.parent["href"]


@pytest.mark.parametrize(
    "id_", ["", "0", "-1", "abc", "1,2", "99999", "9" * 20, "1%00", "%F0%9F%92%A9"]
)
@pytest.mark.parametrize("page", ["details", "edit", "delete", "duplicate"])
def test_ids_that_are_not_there_are_not_found(client, page, id_):
    assert client.get(f"/hosts/{page}/?id={id_}").status_code == 404


@pytest.mark.parametrize("url", ["/hosts/", "/hosts/?flt_env_equals=prod"])
def test_the_list_asks_as_often_for_many_as_for_few(
    client, make_host, make_group, statements, url
):
    make_group(name="g")
    for number in range(5):
        make_host(hostname=f"few-{number}", environment="prod", groups=["g"])
    with statements() as few:
        client.get(url)
    for number in range(40):
        make_host(hostname=f"many-{number}", environment="prod", groups=["g"])
    with statements() as many:
        client.get(url)

    assert len(many) == len(few)


# ---- forms


def test_a_new_host_gets_everything_that_was_typed(client, session, make_group):
    make_group(name="web")
    response = client.post(
        "/hosts/new/",
        data={
            "csrf_token": csrf(client, "/hosts/new/"),
            "hostname": "Web-1",
            "status": "staged",
            "ip_addr": "2001:DB8::1",
            "port": "2222",
            "addresses": "10.0.0.1 10.0.0.2",
            "environment": "prod",
            "groups": "web",
            "aliases": "one\r\ntwo words",
            "vars": "rack: B14\nspeed: 25\n",
            "notes": "first\r\nsecond",
            "message": "as ordered",
        },
    )

    assert response.status_code == 302, errors(response)
    host = session.scalars(select(Host)).one()
    assert (host.hostname, host.status.value, host.ip_addr, host.port) == (
        "Web-1",
        "staged",
        "2001:db8::1",
        2222,
    )
    assert [str(a) for a in host.addresses] == ["10.0.0.1", "10.0.0.2"]
    assert [str(a) for a in host.aliases] == ["one", "two words"]
    assert [str(g) for g in host.groups] == ["web"]
    assert host.vars == {"rack": "B14", "speed": 25}
    assert host.notes == "first\nsecond"
    entry = session.scalars(select(ChangeEntry).filter_by(subject="host")).one()
    assert entry.change_set.message == "as ordered"


def test_the_form_of_a_new_host_offers_the_usual_port(client):
    assert form_of(client, "/hosts/new/")["port"] == "22"


def test_every_bad_field_is_named_and_nothing_is_lost(client, session):
    typed = {
        "hostname": "web\u200b1",
        "ip_addr": "10.0.0.300",
        "port": "70000",
        "addresses": "010.0.0.1",
        "vars": "a: 1\nb: [",
        "owner": "x" * 256,
    }
    response = client.post(
        "/hosts/new/", data={"csrf_token": csrf(client, "/hosts/new/"), **typed}
    )

    assert response.status_code == 400
    found = errors(response)
    assert found.keys() == typed.keys()
    assert "300 is over 255" in found["ip_addr"]
    assert "Line 2" in found["vars"]
    shown = parse(response)
    assert shown.select_one("[name=vars]").text.strip() == typed["vars"]
    assert shown.select_one("[name=ip_addr]")["value"] == typed["ip_addr"]
    assert session.scalar(select(func.count()).select_from(Host)) == 0


def test_a_name_in_other_case_is_taken(client, make_host):
    make_host(hostname="Web-1")
    token = csrf(client, "/hosts/new/")

    response = client.post(
        "/hosts/new/", data={"csrf_token": token, "hostname": "WEB-1."}
    )

    assert response.status_code == 400
    assert "Web-1" in errors(response)["hostname"]


def test_an_error_that_needs_its_field_is_shown_with_it(client):
    """Not as "is required." below a field, nor as "Hostname: is required." above."""
    data = {"csrf_token": csrf(client, "/hosts/new/"), "os": "x" * 256, "port": "0"}
    data |= {"owner": "a\u200bb", "vars": "[1]"}

    response = client.post("/hosts/new/", data=data)

    long = "OS must have at most 255 characters, not 256."
    assert errors(response)["hostname"] == "Hostname is required."
    assert errors(response)["os"] == long
    summary = [item.text for item in parse(response).select(".summary li")]
    port = "Port: “0” is not a valid port. Use 1–65535."
    assert {"Hostname is required.", long, port} < set(summary)
    unseen = "haracter 2 is U+200B (zero width space), which is invisible. Remove it."
    assert errors(response)["owner"] == f"C{unseen}"
    assert f"Owner: c{unseen}" in summary
    assert errors(response)["vars"].startswith("Line 1: write")
    named = {"csrf_token": data["csrf_token"], "hostname": "a", "message": "y" * 256}
    assert errors(client.post("/hosts/new/", data=named)) == {
        "message": "Reason must have at most 255 characters, not 256."
    }


def test_an_unknown_group_is_shown_with_the_nearest(client, make_group):
    make_group(name="webservers")
    token = csrf(client, "/hosts/new/")

    response = client.post(
        "/hosts/new/",
        data={"csrf_token": token, "hostname": "a", "groups": "webserver"},
    )

    assert "webservers" in errors(response)["groups"]


def test_a_form_sent_as_it_was_shown_changes_nothing(client, session, make_host):
    id_ = make_host(
        hostname="web-1",
        notes="one\r\ntwo\n",
        vars={"a": [1, True, "no", 1.5]},
        aliases=["x, y"],
    )
    before = session.get(Host, id_).version
    form = form_of(client, f"/hosts/edit/?id={id_}")

    # As browsers send line ends.
    form["notes"] = form["notes"].replace("\n", "\r\n")
    response = client.post(f"/hosts/edit/?id={id_}", data=form)

    assert response.status_code == 302, errors(response)
    session.rollback()
    host = session.get(Host, id_)
    assert (host.version, host.notes) == (before, "one\r\ntwo\n")


@pytest.mark.parametrize("version", ["", "0", "abc", "9" * 30, "-1"])
def test_a_forged_version_saves_nothing(client, session, make_host, version):
    id_ = make_host(owner="old")
    url = f"/hosts/edit/?id={id_}"
    form = form_of(client, url) | {"owner": "new", "row_version": version}

    assert client.post(url, data=form).status_code == 409
    session.rollback()
    assert session.get(Host, id_).owner == "old"


def test_fields_that_are_not_sent_stay(client, session, make_host, make_group):
    make_group(name="g")
    id_ = make_host(
        hostname="a", groups=["g"], aliases=["b"], addresses=["::1"], vars={"x": 1}
    )
    url = f"/hosts/edit/?id={id_}"
    form = form_of(client, url)
    few = {name: form[name] for name in ("csrf_token", "row_version", "hostname")}

    assert client.post(url, data=few | {"owner": "new"}).status_code == 302

    session.rollback()
    host = session.get(Host, id_)
    assert (host.owner, host.vars, host.version) == ("new", {"x": 1}, 2)
    for names, name in (
        (host.groups, "g"),
        (host.aliases, "b"),
        (host.addresses, "::1"),
    ):
        assert [str(item) for item in names] == [name]


def test_fields_that_the_form_does_not_have_are_ignored(client, session, make_host):
    id_ = make_host(owner="old")
    url = f"/hosts/edit/?id={id_}"
    form = form_of(client, url) | {
        "owner": "new",
        "id": "7",
        "version": "99",
        "created_at": "2001-01-01",
        "hostname_key": "x",
    }

    assert client.post(url, data=form).status_code == 302
    session.rollback()
    host = session.get(Host, id_)
    assert (host.owner, host.version, host.created_at.year > 2001) == ("new", 2, True)


def test_a_duplicate_shares_all_but_what_is_its_own(client, make_host):
    id_ = make_host(hostname="web-1", ip_addr="10.0.0.1", owner="me", port=80)

    form = form_of(client, f"/hosts/duplicate/?id={id_}")

    assert (form["hostname"], form["ip_addr"]) == ("", "")
    assert (form["owner"], form["port"]) == ("me", "80")


def test_deleting_asks_first(client, session, make_host):
    id_ = make_host(hostname="web-1")
    url = f"/hosts/delete/?id={id_}"
    form = form_of(client, url)

    assert session.get(Host, id_) is not None
    assert client.post(url, data=form).location == "/hosts/"
    session.rollback()
    assert session.get(Host, id_) is None


def test_a_host_changed_meanwhile_is_not_deleted(client, session, make_host):
    id_ = make_host(hostname="web-1")
    stale = form_of(client, f"/hosts/delete/?id={id_}")
    url = f"/hosts/edit/?id={id_}"
    client.post(url, data=form_of(client, url) | {"owner": "new"})

    assert client.post(f"/hosts/delete/?id={id_}", data=stale).status_code == 409
    session.rollback()
    assert session.get(Host, id_) is not None


# ---- details


def test_details_show_the_host_and_how_to_reach_it(client, make_host, make_group):
    make_group(name="pci", vars={"ansible_user": "deploy"})
    id_ = make_host(hostname="web-1", ip_addr="10.0.0.1", port=2222, groups=["pci"])
    make_host(hostname="twin", ip_addr="10.0.0.1")

    page = parse(client.get(f"/hosts/details/?id={id_}"))

    command = page.select_one("code[data-copy-text]").text
    assert command == "ssh -p 2222 deploy@10.0.0.1"
    assert "from group pci" in page.main.text
    assert "twin" in page.main.text
    assert re.search(r"tests\s+created", page.main.text)


@pytest.mark.parametrize("page", ["/hosts/new/", "/hosts/edit/?id={}"])
def test_nothing_is_read_after_the_save(app, client, make_host, page):
    """If the database is lost in that moment, the answer is still that it is saved."""
    url = page.format(make_host(hostname="old"))
    form = form_of(client, url) | {"hostname": "new", "environment": "prod"}
    done = []
    with app.app_context():
        engine = db.engine
    listeners = {
        "before_cursor_execute": lambda _c, _cursor, text, *_: done.append(text),
        "commit": lambda _connection: done.append("COMMIT"),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        answer = client.post(url, data=form)
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)

    assert answer.status_code == 302
    assert [text for text in done if text.startswith(("INSERT", "UPDATE"))]
    assert done[-1] == "COMMIT"
