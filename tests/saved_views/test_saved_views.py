"""Saved views: kept, found, opened, changed and deleted, within what is allowed."""

import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from hostadmin import history, saved_views
from hostadmin.errors import Conflict, InvalidInput, InvalidValue, NotFound
from hostadmin.history import ActorContext
from hostadmin.inventory import groups
from hostadmin.limits import limits
from hostadmin.models import Account, ChangeSet, SavedView
from hostadmin.saved_views.read import Viewer
from hostadmin.saved_views.write import View

from ..helpers.pages import csrf, parse

NOBODY, ANN, BOB = Viewer(), Viewer(1), Viewer(2)
GUEST = Viewer(3, shares=False)


@pytest.fixture
def written(session):
    """Run a write on views as the pages do."""

    def run(function, *args):
        return history.write(
            ActorContext("ann", "web"), lambda: function(session(), *args)
        )

    return run


@pytest.fixture
def keep(request, session, written):
    """Keep a view: one of the current user, if there is one."""
    me = NOBODY
    if "client" in request.fixturenames:
        request.getfixturevalue("client")
        me = Viewer(session.scalars(sa.select(Account.id)).one())

    def run(name="Prod", query="", viewer=me, page="hosts", options=(), **more):
        shared = more.get("shared", True)
        view = View(name, page, query, options, shared)
        return written(saved_views.add_view, viewer, view).id

    return run


@pytest.fixture
def send(client):
    """Send the form of a page with these fields instead of its own."""

    def run(url, **fields):
        form = parse(client.get(url)).select_one("main form")
        own = {
            i["name"]: i.get("value", "")
            for i in form.select("input[name]")
            if i.get("type") != "checkbox" or i.has_attr("checked")
        }
        sent = {name: text for name, text in (own | fields).items() if text is not None}
        return client.post(form.get("action") or url, data=sent)

    return run


def names(found):
    return [view.name for view in found]


def shown(response):
    return {a.text for a in parse(response).select("td.is-main a")}


# ---- what the functions allow


def test_a_name_is_free_once_for_each_owner_whatever_its_case(session, written, keep):
    keep("Größe", viewer=ANN)
    keep("Größe", viewer=BOB)

    with pytest.raises(InvalidInput, match="“Größe” already exists"):
        keep(" GRÖSSE ", viewer=ANN)
    other = keep("Other", viewer=ANN)
    with pytest.raises(InvalidInput, match="already exists"):
        written(saved_views.change_view, ANN, other, View("grösse", "hosts"), 1)

    assert names(saved_views.list_views(session, ANN)) == ["Größe", "Other", "Größe"]


def test_private_views_are_their_owners_alone(session, written, keep):
    private = keep("mine", viewer=ANN, shared=False)
    shared = keep("ours", viewer=ANN)
    common = keep("everybody's")

    assert names(saved_views.list_views(session, BOB)) == ["everybody's", "ours"]
    assert saved_views.find_view(session, BOB, private) is None
    for change in (
        lambda: written(saved_views.change_view, BOB, private, View("x", "hosts"), 1),
        lambda: written(saved_views.delete_view, BOB, private, 1),
        lambda: written(saved_views.set_default, BOB, private),
        lambda: written(saved_views.change_view, BOB, shared, View("x", "hosts"), 1),
        lambda: written(saved_views.delete_view, BOB, shared, 1),
        lambda: written(saved_views.delete_view, GUEST, common, 1),
        lambda: written(saved_views.delete_view, ANN, 10**6, 1),
    ):
        with pytest.raises(NotFound):
            change()
    written(saved_views.change_view, BOB, common, View("all's", "hosts"), 1)

    session.rollback()
    assert names(saved_views.list_views(session, ANN)) == ["mine", "ours", "all's"]
    session.rollback()
    assert names(saved_views.list_views(session, GUEST)) == ["all's", "ours"]


def test_who_may_not_share_keeps_views_for_themselves(session, written, keep):
    with pytest.raises(InvalidInput, match="for themselves"):
        keep("for all", viewer=GUEST)
    own = keep("for me", viewer=GUEST, shared=False)
    with pytest.raises(InvalidInput, match="for themselves"):
        written(
            saved_views.change_view, GUEST, own, View("for me", "hosts", shared=True), 1
        )

    written(saved_views.delete_view, GUEST, own, 1)
    assert names(saved_views.list_views(session, GUEST)) == []


def test_of_two_who_change_a_view_the_second_gets_a_conflict(session, written, keep):
    id_ = keep("a", "env:prod")
    written(saved_views.change_view, ANN, id_, View("b", "hosts", "env:dev"), 1)

    session.rollback()
    with pytest.raises(Conflict, match="“b” was changed by someone else"):
        written(saved_views.change_view, ANN, id_, View("c", "hosts"), 1)
    with pytest.raises(Conflict):
        written(saved_views.delete_view, ANN, id_, 1)

    assert session.get(SavedView, id_).query == "env:dev"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (View("", "hosts"), "name is required"),
        (View("x" * 256, "hosts"), "name must have at most 255 characters"),
        (View("a\x00b", "hosts"), "is invisible"),
        (View("a", "groups"), "is not a page"),
        (View("a", "hosts", "statu:x"), "query: Unknown field"),
        (View("a", "hosts", "group:gone"), "does not exist"),
        (View("a", "hosts", "x" * 10_001), "at most 10,000"),
        (View("a", "hosts", "", [("cols", "x" * 4_000)]), "too long to save"),
    ],
)
def test_what_makes_no_sense_is_not_kept(session, written, given, message):
    with pytest.raises(InvalidInput, match=message):
        written(saved_views.add_view, ANN, given)
    session.rollback()
    assert saved_views.list_views(session, ANN) == []


def test_there_is_a_limit_to_how_many(keep, monkeypatch):
    monkeypatch.setattr(limits, "saved_views", 2)
    keep("a", viewer=ANN)
    keep("b", viewer=ANN)

    with pytest.raises(InvalidInput, match="You already have 2 views"):
        keep("c", viewer=ANN)
    keep("c", viewer=BOB)


def test_the_list_opens_with_ones_own_choice_or_else_with_everybodys(
    session, written, keep
):
    common, own = keep("common"), keep("own", viewer=ANN, shared=False)

    def opens(viewer):
        session.rollback()
        view = saved_views.default_view(session, viewer)
        return view and view.name

    assert opens(ANN) is None
    written(saved_views.set_default, NOBODY, common)
    written(saved_views.set_default, ANN, own)
    assert (opens(ANN), opens(BOB)) == ("own", "common")
    written(saved_views.set_default, BOB, None)
    assert opens(BOB) is None
    written(saved_views.set_default, ANN, common)
    written(saved_views.delete_view, ANN, common, 1)
    assert (opens(ANN), opens(NOBODY)) == (None, None)
    with pytest.raises(InvalidValue, match="view of hosts"):
        written(saved_views.set_default, ANN, keep("counts", page="stats", viewer=ANN))


def test_what_is_gone_is_shown_and_does_not_keep_from_renaming(
    session, written, keep, make_group
):
    group = make_group(name="web")
    id_ = keep("Web", "group:web env:prod")
    view = saved_views.get_view(session, ANN, id_)
    assert saved_views.problem_of(session, view) == ""
    history.write(ActorContext("ann", "web"), lambda: groups.delete_group(group))

    view = saved_views.get_view(session, ANN, id_)
    assert saved_views.problem_of(session, view).startswith(
        "Group “web” does not exist"
    )
    renamed = View("Old web", "hosts", "group:web env:prod", shared=True)
    written(saved_views.change_view, ANN, id_, renamed, 1)
    with pytest.raises(InvalidInput, match="does not exist"):
        written(saved_views.change_view, ANN, id_, View("x", "hosts", "group:web"), 2)


# ---- the pages


@pytest.fixture
def three(make_host, make_group):
    make_group(name="web")
    make_host(hostname="web-1", environment="prod", groups=["web"])
    make_host(hostname="web-2", environment="dev")
    make_host(hostname="db-1", environment="prod")


def menu(client, url):
    page = parse(client.get(url))
    links = page.select(".views a")
    return {" ".join(link.text.split()): link["href"] for link in links}


def test_a_list_is_saved_as_a_view_and_opened_with_one_click(client, send, three):
    links = menu(client, "/hosts/?q=env:prod -web&sort=-ip&per_page=25")
    answer = send(links["Save this view…"], name="Databases")

    assert answer.status_code == 302
    url = menu(client, "/hosts/")["Databases"]
    assert url == answer.location
    asked = parse_qs(urlsplit(url).query)
    assert (asked["q"], asked["sort"]) == (["env:prod -web"], ["-ip"])
    assert "per_page" not in asked
    page = client.get(url)
    assert shown(page) == {"db-1"}
    current = parse(page).select(".views [aria-current]")
    assert [link.text for link in current] == ["Databases"]


def test_counts_are_saved_as_a_view(client, send, three):
    links = menu(client, "/stats/?by=env&by=status&top=10&q=web")
    url = send(links["Save this view…"], name="Web by env").location

    assert urlsplit(url).path == "/stats/"
    asked = parse_qs(urlsplit(url).query)
    assert (asked["by"], asked["top"], asked["q"]) == (
        ["env", "status"],
        ["10"],
        ["web"],
    )
    assert parse(client.get(url)).h1.text.startswith("2 hosts")
    assert "Web by env · stats" in menu(client, "/hosts/")


def test_what_was_changed_since_is_kept_in_the_view(client, send, keep, three):
    id_ = keep("Prod", "env:prod")
    url = f"/hosts/?view={id_}&q=env:dev&sort=-hostname"
    page = parse(client.get(url))

    assert (
        " ".join(page.select_one(".views summary").text.split()) == "View: Prod changed"
    )
    answer = send(menu(client, url)["Update “Prod”…"])
    assert answer.status_code == 302
    asked = parse_qs(urlsplit(menu(client, "/hosts/")["Prod"]).query)
    assert (asked["q"], asked["sort"]) == (["env:dev"], ["-hostname"])


def test_a_view_is_renamed_and_its_query_typed_anew(client, session, send, keep):
    id_ = keep("Prod", "env:prod", options=[("sort", "-ip")])

    answer = send(f"/views/edit/?id={id_}", name="Dev", query="env = dev")

    assert answer.status_code == 302
    session.rollback()
    view = session.get(SavedView, id_)
    assert (view.name, view.query, view.shared) == ("Dev", "env:dev", True)
    assert view.options == [["sort", "-ip"]]
    stale = send(f"/views/edit/?id={id_}", version="1", name="Other")
    assert stale.status_code == 409
    assert "was changed by someone else" in parse(stale).main.text
    session.rollback()
    assert session.get(SavedView, id_).name == "Dev"
    assert send(f"/views/edit/?id={id_}", query="statu:x").status_code == 400


def test_a_forged_version_was_never_seen(send, keep):
    id_ = keep("Prod", "env:prod")

    # A superscript is a digit for Python, and no number.
    for version in ("\u00b2", "\u0661", "-1", "9" * 30):
        stale = send(f"/views/edit/?id={id_}", version=version, name="Other")
        assert stale.status_code == 409, version
        stale = send(f"/views/delete/?id={id_}", version=version)
        assert stale.status_code == 409, version


def test_a_view_is_deleted_after_a_question_and_can_be_saved_again(
    client, session, send, keep
):
    id_ = keep("Prod", "env:prod", options=[("sort", "-ip")])
    question = parse(client.get(f"/views/delete/?id={id_}"))
    assert "Delete the view “Prod”?" in question.h1.text
    assert client.post("/views/delete/", data={"id": id_}).status_code == 400

    answer = send(f"/views/delete/?id={id_}")

    session.rollback()
    assert session.query(SavedView).count() == 0
    message = parse(client.get(answer.location)).select_one(".message")
    assert "View “Prod” deleted" in message.text
    assert send(message.a["href"]).status_code == 302
    session.rollback()
    (again,) = saved_views.list_views(session, NOBODY)
    assert (again.name, again.query, again.options, again.shared) == (
        "Prod",
        "env:prod",
        [["sort", "-ip"]],
        True,
    )
    assert client.get(f"/views/delete/?id={id_}").status_code == 404


def test_that_a_view_of_a_long_query_is_deleted_is_shown(client, send, keep):
    dice = random.Random(1)
    names = (f"{dice.getrandbits(256):x}" for _ in range(90))
    id_ = keep("Prod", f"name in ({', '.join(names)})")

    answer = send(f"/views/delete/?id={id_}")

    assert len(answer.headers["Set-Cookie"]) < 4_000
    message = parse(client.get(answer.location)).select_one(".message")
    assert message.text.strip() == "View “Prod” deleted."


def test_the_list_opens_with_the_default_view_and_nothing_else_does(
    client, send, keep, three
):
    keep("Other", "env:dev")
    send("/views/new/?q=env:prod", name="Prod", default="1")

    answer = client.get("/hosts/")
    assert answer.status_code == 302
    assert shown(client.get(answer.location)) == {"web-1", "db-1"}
    everything = menu(client, answer.location)["All hosts"]
    for url in (everything, "/hosts/?q=", "/hosts/?sort=hostname", "/hosts/?q=%20"):
        assert shown(client.get(url)) == {"web-1", "web-2", "db-1"}, url
    assert shown(client.get("/hosts/?q=env:dev")) == {"web-2"}
    assert client.get("/export/csv").text.count("\n") == 4

    token = csrf(client, "/views/")
    client.post("/views/default/", data={"csrf_token": token, "id": ""})
    assert client.get("/hosts/").status_code == 200


def test_every_way_out_of_the_default_view_leads_out_of_it(client, send, keep, three):
    send("/views/new/?q=env:prod web", name="Prod", default="1")
    url = client.get("/hosts/").location

    # One condition taken away, then the other; then all at once; then the numbers.
    for _ in range(2):
        url = parse(client.get(url)).select_one("a.filter")["href"]
    assert len(shown(client.get(url))) == 3
    again = client.get("/hosts/").location
    clear = parse(client.get(again)).find("a", string="Clear all")["href"]
    assert len(shown(client.get(clear))) == 3
    link = parse(client.get("/stats/")).select_one(".numbers a")["href"]
    assert len(shown(client.get(link))) == 3
    header = parse(client.get(url)).select_one("th.col-ip a")["href"]
    assert len(shown(client.get(header))) == 3


def test_a_default_view_of_all_hosts_is_no_loop(client, send, three):
    send("/views/new/", name="All", default="1")
    answer = client.get("/hosts/")
    assert client.get(answer.location).status_code == 200


def test_an_address_with_only_a_view_shows_no_more_than_it(client, keep, three):
    id_ = keep("Prod", "env:prod")
    for url in (
        f"/hosts/?view={id_}",
        f"/hosts/?view={id_}&per_page=25",
        f"/hosts/?sort=-ip&view={id_}",
        f"/views/{id_}",
    ):
        answer = client.get(url)
        assert answer.status_code == 302
        assert shown(client.get(answer.location)) == {"web-1", "db-1"}
    for bad in ("99999", "x", "", "-1", "9" * 30, "%00"):
        answer = client.get(f"/hosts/?view={bad}")
        assert answer.status_code == 400
        assert shown(answer) == set()
    counts = keep("Counts", page="stats")
    assert client.get(f"/hosts/?view={counts}").status_code == 400
    assert client.get(f"/export/csv?view={id_}").status_code == 400


def test_a_view_of_a_value_that_no_host_has_says_so(client, keep, three):
    id_ = keep("Old", "owner:search env:prod,gone -os:beos")
    page = parse(client.get(client.get(f"/views/{id_}").location))

    assert page.select_one(".nothing").text.count("“search”") == 1
    assert (
        "The view “Old” filters by owner “search”, environment “gone”, which no host"
    ) in " ".join(page.select_one(".nothing").text.split())
    assert "No host has the owner “search”, environment “gone”." in " ".join(
        parse(client.get("/views/")).main.text.split()
    )


def test_columns_belong_to_a_view(client, send, three):
    url = "/hosts/?q=env:prod&cols=hostname,port,var.rack"
    opened = send(menu(client, url)["Save this view…"], name="Ports").location

    assert parse_qs(urlsplit(opened).query)["cols"] == ["hostname,port,var.rack"]
    head = parse(client.get(opened)).select("thead th a, thead th")
    assert any("Port" in cell.text for cell in head)
    assert "columns hostname, port, var.rack" in parse(client.get("/views/")).main.text
    # What was chosen before, and is kept in the browser, is kept in a view, too.
    token = parse(client.get("/hosts/")).select_one("[name=csrf_token]")["value"]
    client.post(
        "/hosts/columns/", data={"csrf_token": token, "col": ["hostname", "port"]}
    )
    saved = parse_qs(urlsplit(menu(client, "/hosts/?q=")["Save this view…"]).query)
    assert saved["cols"] == ["hostname,port"]
    for bad in ("cols=statu", "sort=statu", "cols=var."):
        assert client.get(f"/views/new/?{bad}").status_code == 400


@pytest.mark.parametrize("where", ["/hosts/", "/stats/"])
def test_a_view_that_asks_for_what_is_gone_says_so_and_shows_no_host(
    client, keep, three, where, session
):
    page = where.strip("/")
    id_ = keep("Web <b>", "group:web", page=page)
    keep("Rest", "env:dev")
    group = session.query(groups.Group).one().id
    history.write(ActorContext("ann", "web"), lambda: groups.delete_group(group))

    answer = client.get(
        menu(client, "/hosts/")["Web <b>" + " · stats" * (page == "stats")]
    )

    text = parse(answer).main.text
    assert answer.status_code == 400
    assert "The view “Web <b>” uses something that no longer exists" in text
    assert "Group “web” does not exist" in text
    assert shown(answer) == set()
    change = parse(answer).find("a", string="Edit view")["href"]
    assert client.get(change).status_code == 200
    listed = parse(client.get("/views/")).main.text
    assert listed.count("Group “web” does not exist") == 1
    assert id_


def test_the_page_of_views_lists_them_with_what_they_show(client, keep, three):
    assert "No views yet" in parse(client.get("/views/")).main.text
    keep("Prod", "env:prod", options=[("sort", "-ip")])
    keep("All")

    rows = parse(client.get("/views/")).select(".saved-views > li")

    texts = [" ".join(row.text.split()) for row in rows]
    assert re.match(r"All hosts · shared .* All hosts$", texts[0])
    assert "env:prod Hosts in prod · sorted by ip, descending" in texts[1]


def test_renaming_a_group_tells_which_views_name_it(
    client, session, send, keep, make_group
):
    group = make_group(name="web")
    named = keep("<b>Ours</b>", "env:prod (group:web or -group:web)", shared=False)
    keep("Other", 'web "group:web" owner:web')
    stranger = Viewer(4_711)
    keep("Private", "group:web", viewer=stranger, shared=False)

    answer = send(f"/groups/edit/?id={group}", name="front")
    page = parse(client.get(answer.location))

    warning = page.select_one(".message.is-warning")
    assert "1 view filters by the old group name “web”" in warning.text
    links = {link.text: link["href"] for link in warning.select("a")}
    assert links == {"<b>Ours</b>": f"/views/edit/?id={named}"}

    answer = send(f"/groups/edit/?id={group}", description="Serves pages")
    page = parse(client.get(answer.location))
    assert page.select_one(".message.is-warning") is None


def test_many_views_with_long_names_fit_into_a_cookie(client, send, keep, make_group):
    group = make_group(name="web")
    # In no order that would let them be packed tightly.
    dice = random.Random(1)
    for _ in range(7):
        keep(
            "".join(map(chr, dice.choices(range(0x20000, 0x2A000), k=250))), "group:web"
        )

    answer = send(f"/groups/edit/?id={group}", name="front")

    assert len(answer.headers["Set-Cookie"]) < 4_000
    warning = parse(client.get(answer.location)).select_one(".message.is-warning")
    assert len(warning.select("a")) == 5
    assert "… and 2 more." in warning.text


@pytest.mark.parametrize(
    ("page", "sentence"),
    [("hosts", "Active hosts in prod"), ("stats", "Counts of active hosts in prod")],
)
def test_a_view_says_in_words_what_it_will_show(client, keep, three, page, sentence):
    asked = f"page={page}&q=env:PROD+status:active"
    assert sentence in parse(client.get(f"/views/new/?{asked}")).main.text
    id_ = keep("Prod", "env:PROD status:active", page=page)
    assert sentence in parse(client.get("/views/")).main.text
    assert sentence in parse(client.get(f"/views/edit/?id={id_}")).main.text


def test_of_a_query_that_makes_no_sense_a_form_says_nothing(client, send, keep, three):
    id_ = keep("Prod", "env:prod")
    answer = send(f"/views/edit/?id={id_}", name="Prod", query="env:", version="1")
    assert "was expected" in parse(answer).select_one("#query-error").text
    assert "All hosts" not in parse(answer).select_one("form.ask").text


def test_a_menu_stays_a_menu(client, keep, statements, three):
    for number in range(30):
        keep(f"view {number:02}")
    links = menu(client, "/hosts/?q=")
    assert "view 24" in links
    assert "view 25" not in links
    assert links["More views"] == "/views/"
    with statements() as seen:
        client.get("/hosts/?q=")
    assert sum("saved_views" in text for text in seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "/views/new/?page=groups",
        "/views/new/?q=statu:x",
        "/views/new/?unknown=1",
        "/views/new/?page=stats&sort=ip",
    ],
)
def test_a_page_that_makes_no_sense_cannot_be_saved(client, session, url):
    assert client.get(url).status_code == 400
    token = csrf(client, "/views/new/")
    answer = client.post(url, data={"csrf_token": token, "name": "x"})
    assert answer.status_code == 400
    assert session.query(SavedView).count() == 0


def test_what_is_wrong_is_at_the_field_and_keeps_what_was_typed(
    client, session, send, keep
):
    keep("Prod")
    for name in ("prod", "", "a\u202eb", "x" * 300):
        answer = send("/views/new/?q=env:prod", name=name)
        page = parse(answer)
        assert answer.status_code == 400
        assert page.select_one("#name")["value"] == name
        assert page.select_one("#name-error").text
    assert session.query(SavedView).count() == 1


def test_no_token_no_view(client, session, keep):
    id_ = keep("Prod")
    for url, data in (
        ("/views/new/", {"name": "x"}),
        (f"/views/edit/?id={id_}", {"name": "x", "version": "1"}),
        ("/views/delete/", {"id": id_, "version": "1"}),
        ("/views/default/", {"id": id_}),
    ):
        assert client.post(url, data=data).status_code == 400
    session.rollback()
    assert names(saved_views.list_views(session, NOBODY)) == ["Prod"]
    assert saved_views.default_view(session, NOBODY) is None


def test_reading_writes_nothing(client, keep, statements, three):
    id_ = keep("Prod", "env:prod")
    with statements() as seen:
        for path in (f"hosts/?view={id_}", "hosts/", "views/", "views/new/", "stats/"):
            client.get(f"/{path}")
    writing = ("INSERT", "UPDATE", "DELETE")
    assert [text for text in seen if text.lstrip().startswith(writing)] == []


# ---- several people


def test_one_persons_private_views_and_defaults_are_not_anothers(client_of, make_host):
    make_host(hostname="web-1", environment="prod")
    ann, bob = client_of("editor"), client_of("viewer")

    def save(who, url, **fields):
        token = csrf(who, url)
        return who.post(url, data={"csrf_token": token, **fields})

    private = save(ann, "/views/new/?q=env:prod", name="Mine", default="1").location
    shared = save(ann, "/views/new/?q=env:dev", name="Ours", shared="1").location
    id_of = {"Mine": private, "Ours": shared}
    ids = {n: parse_qs(urlsplit(url).query)["view"][0] for n, url in id_of.items()}

    assert ann.get("/hosts/").location == private
    assert bob.get("/hosts/").status_code == 200
    assert {"Ours · shared"} == set(menu(bob, "/hosts/")) & {"Mine", "Ours · shared"}
    assert "Mine" not in bob.get("/views/").text
    # The number of a view that one cannot see tells nothing, not even its name.
    assert "Mine" not in bob.get(f"{private}&sort=ip").text
    for url in ("/views/{}", "/views/edit/?id={}", "/views/delete/?id={}"):
        assert bob.get(url.format(ids["Mine"])).status_code == 404
    assert bob.get(f"/hosts/?view={ids['Mine']}").status_code == 400
    own = parse(bob.get(shared))
    assert "Change “Ours”" not in own.text
    for url in (f"/views/edit/?id={ids['Ours']}", f"/views/delete/?id={ids['Ours']}"):
        answer = save(bob, url, name="x", version="1", id=ids["Ours"])
        assert answer.status_code == 404, url
    assert save(bob, "/views/new/", name="For all", shared="1").status_code == 400
    assert save(bob, "/views/new/?q=env:x", name="Mine").status_code == 302
    assert "Mine" in menu(bob, "/hosts/?q=")


def test_admins_may_change_what_others_shared_but_not_see_the_rest(
    session, written, keep
):
    private = keep("mine", viewer=ANN, shared=False)
    shared = keep("ours", viewer=ANN)
    admin = Viewer(9, manages=True)

    assert names(saved_views.list_views(session, admin)) == ["ours"]
    written(
        saved_views.change_view, admin, shared, View("all", "hosts", shared=True), 1
    )
    with pytest.raises(NotFound):
        written(saved_views.delete_view, admin, private, 1)
    written(saved_views.delete_view, admin, shared, 2)


def test_the_history_has_what_becomes_of_shared_views_alone(
    client, session, written, keep
):
    keep("mine", "owner:secret", viewer=ANN, shared=False)
    assert session.query(ChangeSet).count() == 0
    id_ = keep("ours", "env:prod", viewer=ANN)
    kept = View("all", "hosts", "env:prod", [("sort", "-ip")], shared=True)
    written(saved_views.change_view, ANN, id_, kept, 1)
    written(saved_views.delete_view, ANN, id_, 2)

    session.rollback()
    changes = session.query(ChangeSet).order_by(ChangeSet.id)
    entries = [e for change in changes for e in change.entries]
    assert [(e.subject, e.subject_name, e.action) for e in entries] == [
        ("view", "ours", "created"),
        ("view", "all", "changed"),
        ("view", "all", "deleted"),
    ]
    assert entries[1].changes == {
        "name": ["ours", "all"],
        "settings": [None, "sort=-ip"],
    }
    listed = parse(client.get("/changes/"))
    assert "all" in listed.main.text
    for change in session.query(ChangeSet):
        for url in (f"/changes/{change.id}/", f"/changes/{change.id}/undo"):
            assert client.get(url).status_code == 200, url
