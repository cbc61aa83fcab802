"""Changes to many hosts on pages: ticked rows, all that match, and what was shown."""

import re

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from hostadmin import history
from hostadmin.admin.bulk_edit import pages as bulk_page
from hostadmin.bulk_edit import Seen, ids_text
from hostadmin.inventory import hosts
from hostadmin.models import ChangeSet, Group, Host

from ..helpers.dumps import dump
from ..helpers.pages import csrf, parse


@pytest.fixture
def owned(make_host):
    """Return the ids of three hosts of prod and one of dev."""
    ids = [
        make_host(hostname=f"h-{n}", environment="prod", owner=owner)
        for n, owner in enumerate(["payments", None, "platform"])
    ]
    return [*ids, make_host(hostname="other", environment="dev", owner="payments")]


@pytest.fixture
def post(client):
    """Send a form with a token; follow what can be shown under an address."""

    def run(action, _follow=True, **fields):
        token = csrf(client, "/hosts/new/")
        return client.post(
            f"/hosts/bulk/{action}",
            data={"csrf_token": token, **fields},
            follow_redirects=_follow,
        )

    return run


def fields_of(response):
    form = parse(response).select_one("main form")
    assert form, response.text
    return [(i["name"], i.get("value", "")) for i in form.select("input[name]")]


@pytest.fixture
def press(client, session):
    """Press a button of the page that was shown; ``more`` is typed before."""

    def run(response, step="do", **more):
        form = parse(response).select_one("main form")
        fields = MultiDict(fields_of(response))
        for name, value in {"step": step, **more}.items():
            fields[name] = value
        session.rollback()
        return client.post(form["action"], data=fields)

    return run


def text_of(response):
    return " ".join(parse(response).select_one("main").get_text(" ").split())


def owners(session):
    session.rollback()
    found = dict(session.execute(sa.select(Host.hostname, Host.owner)).all())
    session.rollback()
    return found


EVERYONE = {"h-0": "payments", "h-1": None, "h-2": "platform", "other": "payments"}


def test_all_that_match_are_shown_and_changed(client, session, post, press, owned):
    shown = post(
        "edit", step="plan", all="1", q="env:prod", owner="platform", back="/hosts/?q=x"
    )

    words = text_of(shown)
    assert "Change 3 hosts? Hosts in prod. env:prod" in words
    assert (
        "owner (not set) → platform 1 payments → platform 1 "
        "platform unchanged (already set) 1" in words
    )
    assert "h-0 owner: payments → platform" in words
    assert "Change 2 hosts" in words
    links = [a["href"] for a in parse(shown).select(".moves a")]
    assert links == [
        "/hosts/?q=env:prod+owner+is+empty",
        "/hosts/?q=env:prod+owner:payments",
    ]

    answer = press(shown, message="new team")

    assert (answer.status_code, answer.location) == (302, "/hosts/?q=x")
    assert set(owners(session).values()) == {"platform", "payments"}
    assert owners(session)["other"] == "payments"
    change = session.scalars(sa.select(ChangeSet).order_by(ChangeSet.id.desc())).first()
    assert (change.message, change.source) == ("new team", "web")
    message = parse(client.get("/hosts/")).select_one(".message.is-success")
    assert "2 hosts changed, 1 unchanged." in message.get_text()
    assert message.find("a", string="Undo")["href"] == f"/changes/{change.id}/undo"
    assert (
        message.find("a", string="Show them")["href"] == f"/hosts/?q=change:{change.id}"
    )
    assert message.select_one("[data-unticked]")


def test_ticked_rows_only(session, post, press, owned):
    shown = post("edit", step="plan", ids=[owned[0], owned[3]], owner="x", q="env:prod")
    assert "Change 2 hosts? 2 hosts selected." in text_of(shown)
    assert press(shown).status_code == 302
    assert owners(session) == EVERYONE | {"h-0": "x", "other": "x"}


def test_the_form_comes_first_and_again_with_what_was_typed(client, post, press, owned):
    form = post("edit", ids=[owned[0]])
    assert form.status_code == 200
    assert parse(form).select_one("[name=owner]")["value"] == ""
    plan = post("edit", step="plan", ids=[owned[0]], owner="x", notes="a\r\nb")
    # What may be a secret is in no address.
    assert plan.request.method == "POST"
    again = press(plan, step="form")
    assert parse(again).select_one("[name=owner]")["value"] == "x"
    assert parse(again).select_one("[name=notes]").text.strip() == "a\nb"
    plan = post("edit", step="plan", ids=[owned[0]], owner="x")
    assert plan.request.method == "GET"
    assert client.get(plan.request.full_path).status_code == 200


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("retire", {"status": "retired"}),
        ("confirm", {"version": 1}),
        ("delete", None),
    ],
)
def test_the_other_buttons(client, session, post, press, owned, action, expected):
    shown = post(action, ids=owned[:2])
    assert f"{action.capitalize()} 2 hosts?" in text_of(shown)
    assert "h-0" in text_of(shown)
    assert press(shown).status_code == 302
    session.rollback()
    host = session.get(Host, owned[0])
    if expected is None:
        assert host is None
    else:
        assert {
            name: host.status.value if name == "status" else getattr(host, name)
            for name in expected
        } == expected
    offers_undo = "Undo" in text_of(client.get("/hosts/"))
    assert offers_undo == (action != "confirm")


def test_groups_are_offered_to_be_made(session, post, press, owned, make_group):
    make_group(name="web")
    refused = post("groups", step="plan", ids=owned[:2], add_groups="web, nwe")
    assert refused.status_code == 400
    assert "Group “nwe” does not exist." in text_of(refused)
    assert "Create group “nwe”" in text_of(refused)

    shown = post(
        "groups", step="plan", ids=owned[:2], add_groups="web, nwe", make_groups="y"
    )
    assert "New groups: nwe" in text_of(shown)
    assert "group web not a member → member 2" in text_of(shown)
    assert press(shown).status_code == 302
    session.rollback()
    host = session.get(Host, owned[1])
    assert [group.name for group in host.groups] == ["nwe", "web"]


def test_groups_are_left(session, post, press, make_host, make_group):
    make_group(name="web")
    id_ = make_host(hostname="a", groups=["web"])
    assert (
        press(post("groups", step="plan", ids=[id_], remove_groups="web")).status_code
        == 302
    )
    session.rollback()
    assert session.get(Host, id_).groups == []


def test_variables_are_set_and_taken_away(session, post, press, make_host):
    id_ = make_host(hostname="a", vars={"net": {"mtu": 1500, "up": True}, "rack": "b"})
    text = "net.mtu: 9000\r\nnew: {a: [1]}\r\n"
    shown = post("edit", step="plan", ids=[id_], variables=text, unset="rack")
    assert "var.net.mtu 1500 → 9000 1" in text_of(shown)
    assert press(shown).status_code == 302
    session.rollback()
    assert session.get(Host, id_).vars == {
        "net": {"mtu": 9000, "up": True},
        "new": {"a": [1]},
    }


def test_fields_are_cleared(session, post, press, owned):
    shown = post("edit", step="plan", ids=owned[:3], clear=["owner", "port"])
    assert press(shown).status_code == 302
    session.rollback()
    assert [session.get(Host, id_).owner for id_ in owned[:3]] == [None] * 3
    assert session.get(Host, owned[0]).port is None


def test_a_spelling_changes_everywhere(client, session, post, press, owned):
    assert client.get("/hosts/bulk/rename?field=environment").status_code == 200
    shown = post("rename", step="plan", field="environment", old="prod", new="Prod")
    assert "environment prod → Prod 3" in text_of(shown)
    assert press(shown).status_code == 302
    session.rollback()
    assert session.get(Host, owned[2]).environment == "Prod"
    wrong = post("rename", step="plan", field="environment", old="", new="x")
    assert (
        wrong.status_code,
        "both the current and the new value" in text_of(wrong),
    ) == (400, True)


# ---- nothing, or nothing that makes sense


def test_nothing_ticked_does_nothing_and_says_so(client, session, post, owned):
    before = dump(session)
    for action, fields in (
        ("edit", {}),
        ("groups", {"ids": ""}),
        ("confirm", {"all": "0"}),
        ("retire", {"q": "env:prod"}),
        ("delete", {"all": "yes"}),
    ):
        answer = post(
            action, step="do", back="/hosts/?q=env:prod", _follow=False, **fields
        )
        assert (answer.status_code, answer.location) == (302, "/hosts/?q=env:prod")
        assert "Select hosts in the list first" in text_of(client.get("/hosts/"))
    assert dump(session) == before


WRONG = (
    ({}, "Enter at least one change"),
    ({"owner": "x" * 256}, "Owner must have at most 255 characters"),
    ({"port": "0"}, "Port : “0” is not a valid port"),
    ({"status": "gone"}, "Status : “gone” is not a valid status"),
    ({"variables": "a: {"}, "Set variables : line 1"),
    ({"variables": "a..b: 1"}, "is not a variable"),
    ({"variables": "1: 2"}, "not text"),
    ({"unset": "a", "variables": "a: 1"}, "twice"),
    ({"clear": "owner", "owner": "x"}, "twice"),
    ({"clear": "hostname"}, "not a valid choice"),
    ({"environment": "a\u202eb"}, "is invisible"),
)


def test_what_makes_no_sense_is_shown_at_its_field(session, post, owned):
    before = dump(session)
    for number, (fields, message) in enumerate(WRONG):
        step = ("plan", "do")[number % 2]
        answer = post("edit", step=step, ids=owned, **fields)
        assert (answer.status_code, message in text_of(answer)) == (400, True), fields
    assert dump(session) == before


def test_more_variables_than_one_change_has_are_refused(post, owned):
    """Each is looked at on each host: thousands of them would take minutes."""
    names = [f"n{number}" for number in range(101)]
    lines = "".join(f"{name}: 1\n" for name in names)
    for fields in ({"variables": lines}, {"unset": ",".join(names)}):
        answer = post("edit", step="plan", ids=owned, **fields)
        assert answer.status_code == 400
        said = parse(answer).select_one("#variables-error").text
        assert said == "Use at most 100 at once."


def test_more_groups_than_one_change_has_are_refused(post, owned):
    names = ",".join(f"g{number}" for number in range(101))
    for fields in ({"add_groups": names, "make_groups": "1"}, {"remove_groups": names}):
        answer = post("groups", step="plan", ids=owned, **fields)
        assert answer.status_code == 400
        assert "Use at most 100 at once" in text_of(answer)


def test_forged_ids_are_refused(session, post, owned):
    before = dump(session)
    for ids in ("x", "0", "1e9", "-1", "5;drop", "1-999999999", "9" * 30):
        for step in ("plan", "do"):
            answer = post("delete", step=step, ids=ids, digest="x")
            assert answer.status_code == 400, ids
    assert dump(session) == before


def test_a_query_that_makes_no_sense_changes_nobody(session, post, owned):
    before = dump(session)
    for query in ("evn:prod", "env:", "group:nope", "(" * 50):
        answer = post("delete", step="do", all="1", q=query)
        assert answer.status_code == 400
        assert "evn" not in query or "Did you mean" in answer.text
    assert dump(session) == before


def test_more_than_a_page_takes_is_refused(monkeypatch, session, post, owned):
    monkeypatch.setattr(bulk_page, "MAX_IDS", 2)
    answer = post("delete", all="1", q="env:prod")
    assert answer.status_code == 400
    assert "More than 2 hosts match" in text_of(answer)


def test_what_is_gone_is_said(post, owned):
    shown = post("retire", ids=[owned[0], 10**9])
    assert "1 of the selected hosts no longer exists." in text_of(shown)
    assert "Retire 1 host?" in text_of(shown)


def test_there_is_no_other_action(client):
    for path in ("nope", "action", "edit/x"):
        assert client.get(f"/hosts/bulk/{path}").status_code == 404


def test_only_a_post_with_a_token_writes(client, session, post, owned):
    shown = post("delete", ids=owned[:2])
    fields = dict(fields_of(shown)) | {"step": "do"}
    before = dump(session)
    del fields["csrf_token"]
    assert client.post("/hosts/bulk/delete", data=fields).status_code == 400
    answer = client.get("/hosts/bulk/delete", query_string=fields)
    assert "Delete 2 hosts?" in text_of(answer)
    assert dump(session) == before


def test_the_way_back_is_a_page_of_ours(post, owned):
    for view in ("//evil.example/", "https://evil.example/hosts/", "/\\evil", "/login"):
        shown = post("retire", ids=owned[:1], back=view)
        assert 'href="/hosts/">Cancel' in shown.text


def test_markup_is_text(post, make_host):
    id_ = make_host(hostname="<b>a</b>", owner="<script>1</script>")
    shown = post("edit", step="plan", ids=[id_], owner="<i>x</i>")
    assert not re.search(r"<b>a|<script>1|<i>x", shown.text)


# ---- what was shown, and nothing else


def test_more_than_fifty_deletions_ask_for_the_number(session, post, press, make_host):
    for number in range(51):
        make_host(hostname=f"many-{number}")
    shown = post("delete", all="1", q="many")
    assert "Type 51 to confirm" in text_of(shown)
    assert len(parse(shown).select(".sample li")) == 10
    rest = parse(shown).find("a", string="and 41 more hosts")
    assert rest["href"] == "/hosts/?q=many"
    for typed in ("", "50", "x", "51.0"):
        refused = press(shown, number=typed, message="why")
        assert refused.status_code == 400
        assert "Nothing was changed. Type 51 to delete 51 hosts." in text_of(refused)
        assert parse(refused).select_one("#message")["value"] == "why"
    assert len(owners(session)) == 51
    assert press(shown, number=" 51 ").status_code == 302
    assert owners(session) == {}


def test_a_host_deleted_in_between_is_shown(session, post, press, owned):
    shown = post("edit", step="plan", all="1", q="env:prod", owner="x")
    with history.writing("bob", "web"):
        hosts.delete_host(owned[0])
    before = dump(session)

    answer = press(shown)

    assert answer.status_code == 409
    words = text_of(answer)
    assert "Hosts or groups changed since the preview. Nothing was saved." in words
    assert "“h-0” was deleted by bob (change" in words
    assert "Check the new preview below." in words
    assert "Change 2 hosts?" in words
    assert dump(session) == before
    assert press(answer).status_code == 302
    assert owners(session) == {"h-1": "x", "h-2": "x", "other": "payments"}


def test_a_replayed_form_does_nothing_again(session, post, press, owned):
    shown = post("edit", step="plan", all="1", q="env:prod", owner="x")
    assert press(shown).status_code == 302
    with history.writing("bob", "web"):
        hosts.change_host(owned[0], {"owner": "mine"})
    before = dump(session)
    assert press(shown).status_code == 409
    assert dump(session) == before


def test_a_form_that_says_something_else_than_was_shown(session, post, press, owned):
    shown = post("edit", step="plan", all="1", q="env:prod", owner="x")
    before = dump(session)
    for forged in (
        {"digest": ""},
        {"digest": "0" * 64},
        {"owner": "other"},
        {"role": "more"},
        {"clear": "owner", "owner": ""},
        {"q": ""},
        {"all": "0", "ids": ids_text(owned)},
        {"shown": "x", "digest": "x"},
    ):
        assert press(shown, **forged).status_code == 409, forged
    assert dump(session) == before


def test_what_was_shown_travels_along(post, owned):
    shown = post("retire", all="1", q="env:prod")
    packed = dict(fields_of(shown))["shown"]
    assert dict(Seen.unpack(packed)) == dict.fromkeys(owned[:3], 1)


def test_a_group_deleted_in_between(session, post, press, owned, make_group):
    group_id = make_group(name="web")
    shown = post("groups", step="plan", ids=owned[:1], add_groups="web")
    session.execute(sa.select(Group.id))
    with history.writing("bob", "web"):
        session.delete(session.get(Group, group_id))
    answer = press(shown)
    assert answer.status_code == 400
    assert "Group “web” does not exist." in text_of(answer)


# ---- the list


def test_ticks_turn_the_page_without_a_script(client, session, make_host):
    ids = [make_host(hostname=f"h{n}") for n in range(5)]
    page = client.get("/hosts/?per_page=2&q=h")
    bar = parse(page).select_one("#bulk")
    assert bar.select_one("[name=all]").parent.get_text(strip=True) == (
        "Select all 5 matching hosts"
    )
    boxes = parse(page).select(".tick [name=ids]")
    assert [int(box["value"]) for box in boxes] == ids[:2]
    fields = {i["name"]: i.get("value", "") for i in bar.select("input[type=hidden]")}
    turn = bar.select_one("[formaction='/hosts/bulk/turn']")

    answer = client.post(
        turn["formaction"],
        data=fields | {"ids": ids[0], turn["name"]: turn["value"]},
    )

    assert answer.status_code == 302
    second = parse(client.get(answer.location))
    assert [i["value"] for i in second.select("#bulk [name=ids]")] == [str(ids[0])]
    assert second.select_one(f".tick [value='{ids[2]}']")
    # Links of the page do not tick anything.
    assert not any("ids=" in a["href"] for a in second.select("main a[href]"))
    back = second.select_one("#bulk [formaction='/hosts/bulk/turn']")
    answer = client.post(
        "/hosts/bulk/turn",
        data=fields | {"ids": [ids[0], ids[3]], "cursor": back["value"]},
    )
    first = parse(client.get(answer.location))
    assert first.select_one(f".tick [value='{ids[0]}']").has_attr("checked")
    assert [i["value"] for i in first.select("#bulk [name=ids]")] == [str(ids[3])]


def test_ids_that_are_none_are_no_list(client, owned):
    assert client.get("/hosts/?ids=x").status_code == 400
    assert client.get("/groups/?ids=1").status_code == 400


def test_the_actions_of_flask_admin_stay_closed(client):
    assert client.post("/hosts/action/", data={}).status_code in (400, 404)
    routes = [rule.rule for rule in client.application.url_map.iter_rules()]
    assert not [rule for rule in routes if rule.endswith("/action/")]
