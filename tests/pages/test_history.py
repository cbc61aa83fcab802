"""The pages of the history, over HTTP."""

import pytest

from hostadmin import history
from hostadmin.auth import accounts
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.inventory import groups, hosts
from hostadmin.models import ChangeEntry

from ..helpers.hosts import add_hosts
from ..helpers.pages import parse


@pytest.fixture
def did(session):
    def run(work, actor="ann", source="web", message="as asked"):
        history.write(ActorContext(actor, source, message), work)
        return history.written_change_set_id(session())

    return run


def words(tag):
    return " ".join(tag.get_text().split())


def rows(response):
    assert response.status_code == 200, response.text
    return [words(row) for row in parse(response).select("tbody tr")]


def test_the_list_says_who_did_what_and_leads_on(client, did, make_host):
    id_ = make_host(hostname="a", owner="me")
    change = did(lambda: hosts.change_host(id_, {"owner": "you"}))

    page = parse(client.get("/changes/"))

    assert [words(row) for row in page.select("tbody tr")] == [
        f"Changed host a: owner: me → you “as asked” ann web just now "
        f"Undo change {change}",
        f"Created host a tests command just now Undo change {change - 1}",
    ]
    links = [a["href"] for a in page.select("tbody tr")[0].select("a")]
    assert links == [
        f"/changes/{change}/",
        "/changes/?actor=ann",
        f"/changes/{change}/undo",
    ]
    assert all(client.get(link).status_code == 200 for link in links)
    menu = page.select_one(".site-nav [aria-current=page]")
    assert menu.text == "Changes"


def test_the_form_narrows_and_chips_widen_again(client, did, make_host):
    id_ = make_host(hostname="a", owner="me")
    did(lambda: hosts.change_host(id_, {"owner": "you"}))
    did(lambda: hosts.change_host(id_, {"port": 1}), "bob")

    page = parse(client.get("/changes/?object=a"))
    form = page.select_one("form.conditions")
    fields = {i["name"]: i.get("value", "") for i in form.select("input[name]")}
    choices = {
        s["name"]: [o.get("value", o.text) for o in s.select("option")]
        for s in form.select("select")
    }
    assert fields == {"object": "a", "actor": "", "since": "", "until": ""}
    assert choices["source"] == ["", "web", "api", "command", "import"]
    assert choices["kind"] == ["", "host", "group", "inventory", "account", "token"]
    assert {"hostname", "owner", "vars", "children"} < set(choices["field"])

    found = client.get(
        "/changes/",
        query_string=fields | {"actor": "ann", "field": "owner", "source": "web"},
    )
    assert [row.split(" “")[0] for row in rows(found)] == [
        "Changed host a: owner: me → you"
    ]
    chips = {words(a): a["href"] for a in parse(found).select("a.chip.filter")}
    assert list(chips) == [
        "a(remove)",
        "by ann(remove)",
        "field: owner(remove)",
        "source: web(remove)",
    ]
    assert len(rows(client.get(chips["by ann(remove)"]))) == 1
    assert parse(found).select_one(".clear")["href"] == "/changes/"


def test_pages_turn(client, did, make_host):
    for number in range(5):
        make_host(hostname=f"h{number}")
    first = client.get("/changes/?per_page=2&actor=tests")
    second_url = parse(first).select_one("a[rel=next]")["href"]
    second = client.get(second_url)

    assert [row.split()[2] for row in rows(first)] == ["h4", "h3"]
    assert [row.split()[2] for row in rows(second)] == ["h2", "h1"]
    assert words(parse(second).select_one(".pager .muted")) == "3–4"
    back = parse(second).select_one("a[rel=prev]")["href"]
    assert rows(client.get(back)) == rows(first)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("source=wbe", "Did you mean “web”"),
        ("field=ownr", "Did you mean “owner”"),
        ("kind=x", "Use one of: host, group, inventory, account"),
        ("since=soon", "not a valid time"),
        ("until=9999999999999d", "not a valid time"),
        ("actor=a%00b", "actor"),
        ("object=" + "x" * 300, "object"),
        ("page=99999999999999999999", "Unknown parameter “page”"),
        ("per_page=0", "1 to 200"),
        ("per_page=99999999999", "1 to 200"),
        ("cursor=AAAA", "not valid"),
        ("cursor=" + "9" * 5000, "not valid"),
        ("actr=ann", "Did you mean “actor”"),
        ("flt_actor_equals=ann", "Unknown parameter"),
        ("actor=a&actor=b", "more than once"),
        ("sort=actor", "Unknown parameter"),
    ],
)
def test_nonsense_is_shown_and_shows_no_changes(client, make_host, query, expected):
    make_host(hostname="hidden-one")

    response = client.get(f"/changes/?{query}")

    assert response.status_code == 400
    assert expected in words(parse(response).main)
    assert "hidden-one" not in response.text


def test_an_empty_history_and_no_match_say_so(client, make_host):
    assert "No changes yet." in client.get("/changes/").text
    make_host(hostname="a")
    page = parse(client.get("/changes/?object=nope"))
    assert "No host or group was ever named “nope”." in words(page.main)
    page = parse(client.get("/changes/?actor=nobody"))
    assert "No changes match." in words(page.main)
    assert page.find("a", string="Clear all filters")["href"] == "/changes/"


def test_a_change_shows_its_entries_page_by_page(client, did):
    given = [{"hostname": f"h{n}", "port": 9} for n in range(120)]
    change = did(lambda: add_hosts(given), "ann", "import")

    page = parse(client.get(f"/changes/{change}/"))
    entries = page.select("ol.changes > li")

    assert words(page.select_one("#facts-title")) == "Created 120 hosts"
    assert len(entries) == 50
    assert words(entries[0].p).startswith("host h0 created Undo")
    assert "port: 9" in words(entries[0])
    following = page.select_one("a[rel=next]")["href"]
    following = parse(client.get(following))
    assert words(following.select("ol.changes > li")[0].p).startswith("host h50")
    last = parse(client.get(following.select_one("a[rel=next]")["href"]))
    assert len(last.select("ol.changes > li")) == 20
    undo = page.find("a", string="Undo…")["href"]
    assert client.get(undo).status_code == 200


def test_the_pages_of_objects_show_their_own_and_lead_to_all(
    client, did, make_host, make_group
):
    group = make_group(name="web")
    id_ = make_host(hostname="a", owner="me")
    make_host(hostname="b")
    change = did(lambda: hosts.change_host(id_, {"owner": "you"}))
    did(lambda: groups.change_group(group, {"description": "d"}))

    page = parse(client.get(f"/hosts/details/?id={id_}"))
    card = page.select_one("section[aria-labelledby=changes-title]")
    assert (
        "ann changed · just now · web Undo change to a “as asked” owner: me → you"
        in words(card)
    )
    undo = (
        card.select("li")[0].find("a", string=lambda s: s == "Undo")
        or card.select(".entry-links a")[0]
    )
    assert undo["href"].startswith(f"/changes/{change}/undo?entry=")
    assert client.get(undo["href"]).status_code == 200
    everything = card.find("a", string="All changes")["href"]
    assert len(rows(client.get(everything))) == 2

    page = parse(client.get(f"/groups/details/?id={group}"))
    everything = page.find("a", string="All changes")["href"]
    found = rows(client.get(everything))
    assert [row.split(" “")[0].split(" tests")[0] for row in found] == [
        "Changed group web: description: (not set) → d",
        "Created group web",
    ]


def test_what_is_deleted_keeps_its_history(client, did, make_host):
    id_ = make_host(hostname="a", owner="me")
    change = did(lambda: hosts.delete_host(id_))

    assert rows(client.get("/changes/?host=A"))[0].startswith("Deleted host a")
    page = parse(client.get(f"/changes/{change}/"))
    gone = page.select_one("ol.changes a.name")
    assert "(no longer exists)" in words(page.select_one("ol.changes"))
    assert len(rows(client.get(gone["href"]))) == 2


def test_long_values_are_shortened_and_whole_on_a_page_of_their_own(
    client, session, did, make_host
):
    text = "<b>" + "y" * 65_000 + "\u202e</b>"
    id_ = make_host(hostname="a")
    change = did(lambda: hosts.change_host(id_, {"notes": text}))

    for url in (f"/changes/{change}/", "/changes/", f"/hosts/details/?id={id_}"):
        page = parse(client.get(url))
        lists = page.select(".changes, .changed")
        assert lists
        assert all(len(part.get_text()) < 2_000 for part in lists)
    page = parse(client.get(f"/changes/{change}/"))
    whole = page.select_one(".entry-links a:nth-of-type(2)")
    assert words(whole) == "Show all values of a"
    answer = client.get(whole["href"])
    cells = parse(answer).select("td.value")
    assert [cell.text for cell in cells] == [
        "(not set)",
        text.replace("\u202e", "\\u202e"),
    ]
    assert "<b>yyy" not in answer.text
    assert "\u202e" not in answer.text
    entry = session.query(ChangeEntry).filter_by(change_set_id=change).one()
    assert whole["href"] == f"/changes/{change}/{entry.id}/"


@pytest.mark.parametrize(
    "path",
    ["0", "-1", "x", "9" * 18, "9" * 40, "%00", "1/2", "1/x", "1/0", "1/" + "9" * 18],
)
def test_ids_that_are_not_there_are_not_found(client, path):
    assert client.get(f"/changes/{path}/").status_code == 404


def test_an_entry_of_another_change_is_not_found(client, session, did, make_host):
    id_ = make_host(hostname="a")
    change = did(lambda: hosts.change_host(id_, {"port": 1}))
    first, second = session.query(ChangeEntry).order_by(ChangeEntry.id)
    assert client.get(f"/changes/{change}/{second.id}/").status_code == 200
    assert client.get(f"/changes/{change}/{first.id}/").status_code == 404


@pytest.mark.parametrize("url", ["/changes/", "/changes/1/", "/changes/1/1/"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_written_to_it(client, url, method):
    assert getattr(client, method)(url).status_code in (400, 405)


def test_what_accounts_did_is_listed_and_not_undone(client, session, did, app):
    with app.app_context():
        history.write(
            ActorContext("tests", "command"),
            lambda: accounts.add_account("ann", "p" * 20, "viewer"),
        )
    found = client.get("/changes/?kind=account&object=ann")
    assert rows(found)[0].startswith("Created account ann tests command")
    assert "Undo" not in parse(found).select_one("tbody").text
    link = parse(found).select_one("tbody a")["href"]
    page = client.get(link)
    assert "p" * 20 not in page.text
    assert "Undo" not in parse(page).main.text
    gone = did(lambda: db.session.delete(accounts.find_account("ann")))
    name = parse(client.get(f"/changes/{gone}/")).select_one("ol.changes a.name")
    assert [row.split(" “")[0] for row in rows(client.get(name["href"]))] == [
        "Deleted account ann",
        "Created account ann tests command just now",
    ]


def test_sign_ins_are_a_tab_of_their_own_for_admins(
    client, client_of, session, did, make_host
):
    make_host(hostname="a")
    entry = {"subject": "account", "subject_id": 1, "subject_name": "ann"}
    entry |= {"action": "logged in", "changes": {}}
    did(lambda: history.add_entries(session(), [entry]))

    assert [row.split(" ")[0] for row in rows(client.get("/changes/"))] == ["Created"]
    page = parse(client.get("/changes/"))
    tab = page.find("a", string="Logins")["href"]
    [shown] = rows(client.get(tab))
    assert shown.startswith("Account ann: logged in")
    assert len(rows(client.get("/changes/?kind=account"))) == 1
    editor = client_of("editor")
    assert editor.get(tab).status_code == 403
    assert parse(editor.get("/changes/")).find("a", string="Logins") is None
    assert client.get("/changes/?sign_ins=2").status_code == 400
