"""Two people edit the same: the second gets a conflict, and chooses field by field."""

import pytest

from hostadmin import history
from hostadmin.history import ActorContext
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.models import ChangeEntry, Group, Host

from ..helpers.pages import errors, form_of, parse

ON_A_CLUSTER = True


@pytest.fixture
def did(session):
    def run(work, actor="bob"):
        history.write(ActorContext(actor, "web", "as asked"), work)
        return history.written_change_set_id(session())

    return run


def words(tag):
    return " ".join(tag.get_text().split())


def conflict_of(response):
    """Return label → what the page says of a field, and what its form would send."""
    page = parse(response)
    shown = {}
    for row in page.select("fieldset.choice"):
        text = words(row).removeprefix(words(row.legend)).strip()
        shown[words(row.legend)] = text
    form = {}
    for field in page.select("main form [name]"):
        if field.get("type") == "radio" and not field.has_attr("checked"):
            continue
        value = field.get("value", "")
        if field.name == "textarea":
            # The first line end after the tag is not a part of the text.
            value = field.text.replace("\r\n", "\n").removeprefix("\n")
        form.setdefault(field["name"], []).append(value)
    return shown, form


@pytest.fixture
def host(session, make_host, make_group):
    make_group(name="g")
    make_group(name="h")
    id_ = make_host(
        hostname="web-1",
        owner="old",
        port=22,
        groups=["g"],
        vars={"a": 1},
        notes="n",
        aliases=["www"],
        ip_addr="10.0.0.1",
    )
    return id_, f"/hosts/edit/?id={id_}"


def state(session, id_):
    session.rollback()
    return session.get(Host, id_)


def test_what_they_saw_what_is_there_and_what_they_typed(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs"}), "bob")
    did(lambda: hosts.change_host(id_, {"port": 80}), "carl")

    late = client.post(url, data=mine)

    assert late.status_code == 409
    shown, form = conflict_of(late)
    assert "carl changed web-1 since you opened it" in words(parse(late).main)
    assert set(shown) == {"Owner", "Changed by others only"}
    assert shown["Owner"].startswith(
        "When you opened it: old Keep theirs theirs · by bob, just now, "
        "“as asked” Use mine"
    )
    assert shown["Changed by others only"].startswith("Port: 22 → 80 · by carl")
    assert form["owner"] == ["yours"]
    assert "choice-owner" not in form
    assert "port" not in form
    assert state(session, id_).owner == "theirs"


@pytest.mark.parametrize(("choice", "owner"), [("mine", "yours"), ("theirs", "theirs")])
def test_they_choose_and_untouched_fields_stay_as_they_are(
    client, session, did, host, choice, owner
):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours", "notes": "typed"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs", "port": 80}))
    shown, form = conflict_of(client.post(url, data=mine))
    assert "Only you changed this field." in shown["Notes"]
    assert form["choice-notes"] == ["mine"]

    done = client.post(url, data=form | {"choice-owner": choice, "message": "so"})

    assert (done.status_code, done.location) == (302, f"/hosts/details/?id={id_}")
    now = state(session, id_)
    assert (now.owner, now.port, now.notes) == (owner, 80, "typed")
    newest = session.query(ChangeEntry).order_by(ChangeEntry.id.desc()).first()
    assert set(newest.changes) == {"notes"} | ({"owner"} if choice == "mine" else set())
    assert newest.change_set.message == "so"


def test_what_is_typed_on_the_page_of_the_conflict_counts(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs"}))
    _, form = conflict_of(client.post(url, data=mine))
    client.post(url, data=form | {"choice-owner": "mine", "owner": "both of us"})
    assert state(session, id_).owner == "both of us"


def test_without_a_choice_nothing_is_written_and_all_is_kept(
    client, session, did, host
):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours", "notes": "typed"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs"}))
    _, form = conflict_of(client.post(url, data=mine))

    for choice in ({}, {"choice-owner": "both"}, {"choice-owner": ""}):
        again = client.post(url, data=form | choice)

        assert again.status_code == 400
        assert "Choose a value for each field" in words(parse(again).main)
        shown, kept = conflict_of(again)
        assert "Choose one." in shown["Owner"]
        assert shown["Owner"].startswith("When you opened it: old")
        assert (kept["owner"], kept["choice-notes"]) == (["yours"], ["mine"])
        assert state(session, id_).owner == "theirs"
    client.post(url, data=kept | {"choice-owner": "mine"})
    assert state(session, id_).owner == "yours"


def test_a_third_save_in_between_is_shown_again(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours", "notes": "typed", "port": "81"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs", "port": 80}))
    _, form = conflict_of(client.post(url, data=mine))
    did(lambda: hosts.change_host(id_, {"owner": "third", "port": 82}), "carl")

    chosen = form | {"choice-owner": "mine", "choice-port": "theirs"}
    again = client.post(url, data=chosen)

    assert again.status_code == 409
    shown, form = conflict_of(again)
    assert "carl changed web-1" in words(parse(again).main)
    assert shown["Owner"].startswith("When you opened it: theirs Keep theirs")
    assert "third" in shown["Owner"]
    # What they left to the others goes on being theirs.
    assert shown["Changed by others only"].startswith("Port: 80 → 82 · by carl")
    assert (form["owner"], form["choice-notes"]) == (["yours"], ["mine"])
    assert state(session, id_).owner == "third"
    client.post(url, data=form | {"choice-owner": "mine"})
    now = state(session, id_)
    assert (now.owner, now.port, now.notes) == ("yours", 82, "typed")


def test_a_wrong_value_is_shown_on_the_same_page(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {"port": "70000", "owner": "yours"}
    did(lambda: hosts.change_host(id_, {"port": 80, "owner": "theirs"}))
    _, form = conflict_of(client.post(url, data=mine))
    chosen = form | {"choice-port": "mine", "choice-owner": "theirs"}

    answer = client.post(url, data=chosen)

    assert answer.status_code == 400
    assert "port" in errors(answer)
    _, form = conflict_of(answer)
    assert (form["choice-port"], form["choice-owner"]) == (["mine"], ["theirs"])
    client.post(url, data=form | {"port": "90"})
    now = state(session, id_)
    assert (now.port, now.owner) == (90, "theirs")


def test_lists_and_variables_are_compared_by_what_they_hold(client, did, host):
    id_, url = host
    same = form_of(client, url) | {
        "groups": " g ",
        "aliases": "www\r\n",
        "vars": '{"a": 1}',
        "ip_addr": "10.0.0.1 ",
        "notes": "n",
        "owner": "OLD",
    }
    did(lambda: hosts.change_host(id_, {"groups": ["h"], "vars": {"a": True}}))

    shown, form = conflict_of(client.post(url, data=same))

    assert set(shown) == {"Changed by others only"}
    others = shown["Changed by others only"]
    assert "Groups: g → h" in others
    assert "a: 1 → a: true" in others
    assert "seen_version" in form


def test_lists_and_variables_are_chosen_as_a_whole(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {
        "groups": "g, h",
        "vars": "a: 2",
        "aliases": "x\ny",
        "addresses": "::1",
    }
    did(
        lambda: hosts.change_host(
            id_, {"groups": [], "vars": {"b": 1}, "aliases": [], "addresses": ["::2"]}
        )
    )
    shown, form = conflict_of(client.post(url, data=mine))
    assert set(shown) >= {"Groups", "Aliases", "Further addresses"}
    pick = {"choice-groups": "mine", "choice-vars": "theirs", "choice-aliases": "mine"}
    client.post(url, data=form | pick | {"choice-addresses": "mine"})

    now = state(session, id_)
    assert [str(group) for group in now.groups] == ["g", "h"]
    assert now.vars == {"b": 1}
    assert [str(alias) for alias in now.aliases] == ["x", "y"]
    assert [str(address) for address in now.addresses] == ["::1"]


def test_a_group_that_was_renamed_meanwhile_is_the_same_group(client, did, host):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours"}
    did(lambda: hosts.change_host(id_, {"owner": "theirs"}))
    g = groups.find_groups(["g"])[0].id
    did(lambda: groups.change_group(g, {"name": "g2"}))
    shown, _ = conflict_of(client.post(url, data=mine | {"groups": "g2"}))
    assert set(shown) == {"Owner"}


def test_the_same_change_twice_leaves_nothing_to_choose(client, session, did, host):
    id_, url = host
    mine = form_of(client, url) | {"owner": "new"}
    did(lambda: hosts.change_host(id_, {"owner": "new"}))

    late = client.post(url, data=mine)

    assert late.status_code == 409
    assert "Your values are the same" in words(parse(late).main)
    assert not parse(late).select("main button[type=submit]")


def test_long_and_marked_up_texts_are_kept(client, session, did, host):
    id_, url = host
    typed = "<b>" + "m" * 60_000
    mine = form_of(client, url) | {"notes": typed}
    did(lambda: hosts.change_host(id_, {"notes": "<i>" + "t" * 60_000 + "\u202e"}))

    late = client.post(url, data=mine)

    shown, form = conflict_of(late)
    assert form["notes"] == [typed]
    assert "t" * 60_000 in shown["Notes"]
    assert "<i>" not in late.text
    assert "<b>" not in late.text
    assert "\u202e" not in late.text
    client.post(url, data=form | {"choice-notes": "mine"})
    assert state(session, id_).notes == typed


@pytest.mark.parametrize("version", ["", "0", "abc", "9" * 30, "-1", "77"])
def test_a_forged_version_saves_nothing_and_claims_nothing(
    client, session, did, host, version
):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours", "row_version": version}
    did(lambda: hosts.change_host(id_, {"port": 80}))

    late = client.post(url, data=mine)

    assert late.status_code == 409
    page = words(parse(late).main)
    assert "The version that you opened is unknown" in page
    assert "When you opened it" not in page
    shown, form = conflict_of(late)
    assert {"Owner", "Port"} <= set(shown)
    assert "choice-owner" not in form
    assert state(session, id_).owner == "old"


def test_a_forged_resolution_writes_only_what_the_form_has(client, session, did, host):
    id_, url = host
    form = form_of(client, url)
    forged = {
        **form,
        "seen_version": "999999",
        "offered": ["version", "id", "hostname_key", "owner"],
        "choice-version": "mine",
        "choice-id": "mine",
        "choice-owner": "mine",
        "version": "50",
        "owner": "new",
    }
    stale = client.post(url, data=forged | {"row_version": "5"})
    assert stale.status_code == 409
    assert state(session, id_).owner == "old"
    assert client.post(url, data=forged).status_code == 302
    now = state(session, id_)
    assert (now.owner, now.version, now.id) == ("new", 2, id_)


def test_groups_too(client, session, did, make_group):
    for name in ("x", "y"):
        make_group(name=name)
    id_ = make_group(name="web", description="old", children=["x"])
    url = f"/groups/edit/?id={id_}"
    mine = form_of(client, url) | {"description": "yours", "children": "x, y"}
    given = {"description": "theirs", "vars": {"a": 1}, "children": []}
    did(lambda: groups.change_group(id_, given))

    shown, form = conflict_of(client.post(url, data=mine))

    assert shown["Description"].startswith("When you opened it: old")
    assert shown["Child groups"].startswith("When you opened it: x")
    pick = {"choice-description": "mine", "choice-children": "theirs"}
    assert client.post(url, data=form | pick).status_code == 302
    session.rollback()
    group = session.get(Group, id_)
    assert (group.description, group.children, group.vars) == ("yours", [], {"a": 1})


@pytest.mark.parametrize("before", [None, {"z": 1}])
def test_variables_of_all_hosts_too(client, session, did, before):
    if before:
        did(lambda: inventory_vars.change_inventory({"vars": before}))
    url = "/inventory/edit/?id=1"
    mine = form_of(client, url) | {"vars": "a: mine"}
    did(lambda: inventory_vars.change_inventory({"vars": {"a": "theirs"}}))

    late = client.post(url, data=mine)

    assert late.status_code == 409
    [(_, shown)], form = list(conflict_of(late)[0].items()), conflict_of(late)[1]
    seen = "z: 1" if before else "(not set)"
    assert shown.startswith(
        f"When you opened it: {seen} Keep theirs a: theirs · by bob"
    )
    assert client.post(url, data=form | {"choice-vars": "mine"}).status_code == 302
    session.rollback()
    assert inventory_vars.inventory_vars(session) == {"a": "mine"}


# ---- deleted meanwhile


def test_who_edits_what_is_deleted_learns_it_and_can_bring_it_back(
    client, session, did, host
):
    id_, url = host
    mine = form_of(client, url) | {"owner": "yours", "notes": "typed <b>"}
    change = did(lambda: hosts.delete_host(id_), "carl")

    late = client.post(url, data=mine)

    assert late.status_code == 409
    page = parse(late)
    assert "Host “web-1” was deleted carl deleted it · just now" in words(page.main)
    assert page.select_one("[name=owner]")["value"] == "yours"
    assert page.select_one("[name=notes]").text.strip() == "typed <b>"
    undo = page.find("a", string="Restore…")["href"]
    assert undo.startswith(f"/changes/{change}/undo?entry=")
    asked = parse(client.get(undo)).select_one("main form")
    fields = {i["name"]: i["value"] for i in asked.select("input[name]")}
    assert client.post(undo, data=fields).status_code == 302

    # The page with what was typed is still there to be sent.
    again = {
        i["name"]: i.text.strip() if i.name == "textarea" else i.get("value", "")
        for i in page.select("main form [name]")
    }
    shown, form = conflict_of(client.post(url, data=mine))
    assert set(shown) == {"Owner", "Notes"}
    assert "Only you changed this field." in shown["Owner"]
    assert again["row_version"] == mine["row_version"]
    assert client.post(url, data=form).status_code == 302
    assert state(session, id_).owner == "yours"


@pytest.mark.parametrize("page", ["details", "edit", "delete", "duplicate"])
def test_every_page_of_what_is_deleted_says_who_did_it(client, did, host, page):
    id_, _ = host
    did(lambda: hosts.delete_host(id_), "carl")

    answer = client.get(f"/hosts/{page}/?id={id_}")

    assert answer.status_code == 404
    text = parse(answer).main
    assert "carl deleted it" in words(text)
    history_url = text.find("a", string="Show all changes")["href"]
    assert "Deleted host web-1" in words(parse(client.get(history_url)).main)


def test_a_deleted_group_too(client, did, make_group):
    id_ = make_group(name="web")
    url = f"/groups/edit/?id={id_}"
    mine = form_of(client, url) | {"description": "typed"}
    did(lambda: groups.delete_group(id_), "carl")

    late = client.post(url, data=mine)

    assert late.status_code == 409
    assert "Group “web” was deleted carl deleted it" in words(parse(late).main)
    assert parse(late).select_one("[name=description]")["value"] == "typed"


def test_who_deletes_what_was_changed_gets_a_conflict(client, session, did, host):
    id_, _ = host
    url = f"/hosts/delete/?id={id_}"
    form = form_of(client, url)
    did(lambda: hosts.change_host(id_, {"owner": "theirs"}))

    late = client.post(url, data=form)

    assert late.status_code == 409
    page = words(parse(late).main)
    assert "Check again before you delete" in page
    assert "bob changed · just now · web owner: old → theirs" in page
    assert state(session, id_) is not None
    again = {i["name"]: i["value"] for i in parse(late).select("main form input[name]")}
    assert client.post(url, data=again).status_code == 302
    assert state(session, id_) is None


@pytest.mark.parametrize("version", ["", "0", "abc", "99999"])
def test_a_deletion_with_a_forged_version_does_nothing(client, session, host, version):
    id_, _ = host
    url = f"/hosts/delete/?id={id_}"
    form = form_of(client, url) | {"row_version": version}
    assert client.post(url, data=form).status_code == 409
    assert state(session, id_) is not None


def test_who_deletes_what_is_deleted_gets_an_error(client, did, host):
    id_, _ = host
    url = f"/hosts/delete/?id={id_}"
    form = form_of(client, url)
    did(lambda: hosts.delete_host(id_), "carl")

    late = client.post(url, data=form)

    assert late.status_code == 404
    assert "carl deleted it" in words(parse(late).main)
