"""The pages of pasted names: three lists, and how to go on with each."""

import pytest

from hostadmin.inventory import hosts
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, Host, HostSet, SavedView

from ..helpers.pages import csrf, parse

URL = "/hosts/paste/"


@pytest.fixture
def some(make_host):
    return {
        name: make_host(hostname=name, **fields)
        for name, fields in {
            "web-1": {"aliases": ["www"], "environment": "prod"},
            "web-2": {"ip_addr": "10.0.0.2"},
            "relay-a": {"ip_addr": "10.0.0.9"},
            "relay-b": {"ip_addr": "10.0.0.9"},
            "odd, [name]*": {},
        }.items()
    }


@pytest.fixture
def paste(client):
    def run(text, go="", url=URL, **more):
        token = csrf(client, URL)
        return client.post(
            url,
            follow_redirects=not go and url == URL,
            data={"csrf_token": token, "text": text, "go": go, **more},
        )

    return run


@pytest.fixture
def missing(paste):
    """Press the button that adds what was not found."""
    return lambda text: paste(text, url=f"{URL}new/")


def text_of(tag):
    return " ".join(tag.get_text(" ").split())


def section(page, name):
    return page.select_one(f"section[aria-labelledby={name}-title]")


def shown(response):
    return {a.text for a in parse(response).select("td.is-main a")}


TEXT = "WWW # the shop\n10.0.0.2:22, nope; 10.0.0.9\n<b>gone-1</b>"


def test_the_lists_are_found_ambiguous_and_not_found(client, some, paste):
    page = parse(paste(TEXT))

    assert text_of(page.h1) == "2 names found, 1 ambiguous, 2 not found"
    rows = [text_of(row) for row in section(page, "found").select("tbody tr")]
    assert rows == ["WWW web-1 alias", "10.0.0.2 web-2 address"]
    ambiguous = section(page, "ambiguous")
    assert text_of(ambiguous.legend) == "10.0.0.9 by address"
    assert [text_of(label) for label in ambiguous.select("label")] == [
        "relay-a",
        "relay-b",
    ]
    assert section(page, "missing").pre.text.split() == ["nope", "gone-1"]
    assert page.select_one("#text").text.lstrip("\n") == TEXT
    assert f'href="{URL}"' in client.get("/hosts/").text


def test_a_short_list_is_an_address_and_a_long_one_is_not(client, some):
    token = csrf(client, URL)
    short = client.post(URL, data={"csrf_token": token, "text": "web-1\nwww"})
    assert short.location == f"{URL}?text=web-1%0Awww"
    assert text_of(parse(client.get(short.location)).h1).startswith("2 names found")
    long = client.post(URL, data={"csrf_token": token, "text": "web-1\n" * 1_000})
    assert long.status_code == 200
    assert client.get(f"{URL}?text=").status_code == 200


def test_looking_up_writes_nothing(session, some, paste, statements):
    with statements() as seen:
        paste(TEXT)
    assert not [
        s for s in seen if s.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
    ]


def test_a_few_hosts_become_a_query_of_names(client, session, some, paste):
    answer = paste(TEXT + "\n" + "odd, [name]*".replace(",", ""), go="list")

    assert answer.location == "/hosts/?q=hostname:web-1,web-2"
    assert shown(client.get(answer.location)) == {"web-1", "web-2"}
    assert session.query(HostSet).count() == 0


def test_ticked_candidates_go_along_and_nothing_that_was_not_offered(
    client, some, paste
):
    picked = [some["relay-b"], some["odd, [name]*"], "x", "9" * 40, "-1"]
    answer = paste(TEXT, go="list", pick=picked)

    assert shown(client.get(answer.location)) == {"web-1", "web-2", "relay-b"}


def test_many_hosts_become_a_set_that_everything_takes(
    client, session, some, paste, monkeypatch
):
    monkeypatch.setattr(limits, "named_hosts_query", 10)
    url = paste("web-1 relay-a relay-b", go="list").location

    number = session.query(HostSet).one().id
    assert url == f"/hosts/?q=set:{number}"
    assert shown(client.get(url)) == {"web-1", "relay-a", "relay-b"}
    assert shown(client.get(f"{url}+env:prod")) == {"web-1"}
    assert client.get(f"/export/csv?q=set:{number}").text.count("\n") == 4
    assert "3 hosts" in parse(client.get(f"/stats/?q=set:{number}")).main.text


def test_on_as_a_view_and_as_a_change(client, session, some, paste):
    answer = paste("web-1 web-2", go="view")
    form = parse(client.get(answer.location))
    assert form.select_one("form code").text == "hostname:web-1,web-2"
    token = form.select_one("input[name=csrf_token]")["value"]
    client.post(answer.location, data={"csrf_token": token, "name": "ticket 7"})
    view = session.query(SavedView).one()
    assert view.query == "hostname:web-1,web-2"

    answer = paste("web-1 web-2", go="change")
    assert client.get(answer.location).status_code == 200
    page = parse(client.get(answer.location))
    assert "Hosts named web-1 or web-2." in text_of(page.main)


def test_without_any_host_there_is_nothing_to_go_on_with(some, paste):
    for go in ("list", "view", "change"):
        page = parse(paste("nope", go=go))
        assert "No hosts were found" in page.select_one("[role=alert]").text
    assert "0 names found" in text_of(parse(paste("# none")).h1)


def test_the_missing_are_saved_as_a_file(some, paste):
    answer = paste("web-1\nnope-1\n=cmd\nnope-2", go="missing")

    assert answer.mimetype == "text/plain"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.text == "nope-1\n=cmd\nnope-2\n"


# ---- new hosts


@pytest.fixture
def press(client):
    """Send the form of a page by one of its buttons, with some fields changed."""

    def run(page, go, **fields):
        form = page.select_one("main form.ask")
        own = {i["name"]: i.get("value", "") for i in form.select("input[name]")}
        own["names"] = form.select_one("textarea").text.removeprefix("\n")
        return client.post(form["action"], data=own | {"go": go} | fields)

    return run


def test_the_missing_become_hosts_in_one_change_with_undo(
    client, session, some, missing, press
):
    page = parse(missing("web-1, new-1\n10.7.0.1:22\nnew-2"))
    assert text_of(page.h1) == "Add 3 hosts?"
    assert page.pre.text.split() == ["new-1", "10.7.0.1", "new-2"]
    session.rollback()
    assert session.query(Host).count() == len(some)

    answer = press(page, "add", message="ticket 7")

    listed = client.get(answer.location)
    assert shown(listed) == {"new-1", "10.7.0.1", "new-2"}
    message = parse(listed).select_one(".message")
    assert "Added 3 hosts." in message.text
    session.rollback()
    last = session.query(ChangeSet).order_by(ChangeSet.id.desc()).first()
    assert (last.message, last.source, len(last.entries)) == ("ticket 7", "web", 3)
    undo = parse(client.get(message.a["href"])).select_one("main form")
    fields = {i["name"]: i["value"] for i in undo.select("input[name]")}
    client.post(message.a["href"], data=fields)
    session.rollback()
    assert session.query(Host).count() == len(some)


def test_a_reason_that_cannot_be_kept_is_named(session, some, missing, press):
    answer = press(parse(missing("new-1")), "add", message="x" * 256)

    text = text_of(parse(answer).main)
    assert "Reason must have at most 255 characters, not 256." in text
    session.rollback()
    assert session.query(Host).count() == len(some)


def test_a_second_click_adds_nothing(session, some, missing, press):
    page = parse(missing("new-1"))
    press(page, "add")

    answer = press(page, "add")

    assert answer.status_code == 409
    text = text_of(parse(answer).main)
    assert "changed since the preview" in text
    assert "Already in the inventory (1), unchanged" in text
    session.rollback()
    assert session.query(Host).count() == len(some) + 1


def test_only_what_was_shown_is_added(session, some, missing, press):
    page = parse(missing("new-1"))

    answer = press(page, "add", names="new-1\nsmuggled")

    assert answer.status_code == 409
    assert text_of(parse(answer).h1) == "Add 2 hosts?"
    session.rollback()
    assert hosts.find_host("new-1") is None
    done = press(parse(answer), "add")
    assert done.status_code == 302


def test_names_can_be_corrected_and_bad_ones_are_named(client, some, missing, press):
    page = parse(missing("new-1"))

    answer = press(page, "show", names="good\nWEB-1\n" + "x" * 300 + "\n<script>\n")

    page = parse(answer)
    assert answer.status_code == 200
    assert page.pre.text.split("\n") == ["good", "<script>"]
    text = text_of(page.main)
    assert "Invalid names (1), not added" in text
    assert "must have at most 255 characters, not 300." in text
    assert "<script>" not in answer.text.replace("&lt;script&gt;", "")
    assert client.get("/hosts/paste/new/").location == URL


def test_no_token_no_host(client, session, some):
    for url, data in (
        (URL, {"text": "web-1", "go": "list"}),
        (f"{URL}new/", {"names": "new-1", "go": "add"}),
    ):
        assert client.post(url, data=data).status_code == 400
    assert session.query(Host).count() == len(some)


def test_viewers_look_up_and_go_no_further_than_they_may(client_of, some):
    viewer = client_of("viewer")
    token = csrf(viewer, URL)
    page = parse(viewer.get(f"{URL}?text=web-1 nope"))

    assert [text_of(b) for b in page.select("button[form=paste]")] == [
        "Show 1 host",
        "Save as view…",
        "Download as text",
    ]
    sent = {"csrf_token": token, "names": "nope", "go": "add"}
    assert viewer.post(f"{URL}new/", data=sent).status_code == 403


# ---- too much, and worse


def test_a_hundred_thousand_lines_are_answered(some, paste):
    text = "\n".join(f"no-{number}.example.net" for number in range(99_999))

    answer = paste(f"{text}\nweb-1")

    page = parse(answer)
    assert answer.status_code == 200
    assert text_of(page.h1) == "1 name found, 0 ambiguous, 99,999 not found"
    assert "and 98,999 more" in section(page, "missing").text


def test_too_much_is_shown_and_nothing_is_lost(client, some, paste, monkeypatch):
    monkeypatch.setattr(limits, "pasted_names", 2)
    answer = paste("a\nb\nc")
    page = parse(answer)
    assert answer.status_code == 400
    assert "More than 2 different names" in page.select_one("[role=alert]").text
    assert page.select_one("#text").text.lstrip("\n") == "a\nb\nc"

    assert paste("x" * 9_000_000).status_code == 413
    token = csrf(client, "/hosts/new/")
    other = client.post(
        "/hosts/new/", data={"csrf_token": token, "notes": "x" * 3_000_000}
    )
    assert other.status_code == 413


def test_too_many_new_hosts_are_a_file(some, missing, monkeypatch):
    monkeypatch.setattr(limits, "pasted_new_hosts", 2)
    answer = missing("n1 n2 n3")
    assert answer.status_code == 400
    assert "Import them from a file" in parse(answer).main.text


@pytest.mark.parametrize(
    "text", ["\x00\x01", "\ud800", "<script>alert(1)</script>", "%_\\'\"", "x" * 9_999]
)
@pytest.mark.parametrize("go", ["", "list", "view", "change", "missing", "odd"])
@pytest.mark.parametrize("url", [URL, f"{URL}new/"])
def test_no_text_breaks_a_page(some, paste, text, go, url):
    answer = paste(text.encode("utf-8", "replace"), go=go, url=url)
    assert answer.status_code in (200, 400)
    assert "<script>alert" not in answer.text or answer.mimetype == "text/plain"
