"""The pages of groups, over HTTP."""

from hostadmin.models import Group

from ..helpers.pages import csrf, errors, form_of, parse


def test_the_list_counts_all_members_and_the_direct_ones_of_nested_groups(
    client, make_group, make_host
):
    make_group(name="inner")
    make_group(name="outer", children=["inner"])
    make_host(groups=["inner"])
    make_host(groups=["inner", "outer"])

    page = parse(client.get("/groups/"))

    rows = {
        row.select_one(".is-main").text.strip(): row.select_one(".col-members")
        for row in page.select("tbody tr")
    }
    assert {name: cell.text for name, cell in rows.items()} == {
        "inner": "2",
        "outer": "2, 1 direct",
    }
    shown = parse(client.get(rows["outer"].a["href"]))
    assert shown.select_one(".card-head h2").text == "2 of 2 hosts"


def test_the_list_is_filtered_and_sorted(client, make_group):
    for name in ("alpha", "beta", "alphabet"):
        make_group(name=name)

    page = parse(client.get("/groups/?flt_name_contains=alph&sort=-name"))

    assert [a.text for a in page.select("tbody .is-main a")] == ["alphabet", "alpha"]
    (chip,) = page.select("a.filter")
    assert chip.contents[0].strip() == "Name contains alph"


def test_filters_have_the_words_of_the_list_of_hosts(client, make_group):
    make_group(name="a")
    offered = parse(client.get("/groups/")).select("select option")
    shown = parse(client.get("/groups/?flt_description_empty=1&flt_name_not_equal=b"))
    kept = parse(client.get("/groups/?flt_description_empty=0"))

    words = {option.text.strip() for option in offered}
    assert any(word.endswith("does not contain") for word in words)
    assert not any(word.endswith(("equals", "not equal", "in list")) for word in words)
    assert {chip.contents[0].strip() for chip in shown.select("a.filter")} == {
        "Description is empty",
        "Name is not b",
    }
    assert kept.select_one("a.filter").contents[0].strip() == (
        "Description is not empty"
    )


def test_a_group_shows_tree_members_and_variables(client, make_group, make_host):
    make_group(name="leaf")
    make_group(name="middle", children=["leaf"], vars={"tier": 2})
    make_group(name="top", children=["middle"])
    make_host(hostname="web-1", groups=["middle"])
    ids = {"top": None}
    page = parse(client.get("/groups/"))
    for link in page.select("tbody .is-main a"):
        ids[link.text] = link["href"]

    top = parse(client.get(ids["top"])).main.text
    middle = parse(client.get(ids["middle"])).main.text
    leaf = parse(client.get(ids["leaf"])).main.text

    assert "1 host, 0 direct" in top
    assert "web-1" in top
    assert "1 host, 1 direct" in middle
    assert "0 hosts" in leaf
    assert "direct" not in leaf
    assert "middle" in top
    assert "leaf" in top
    assert "web-1" in middle
    assert "tier" in middle


def test_a_cycle_is_refused_in_the_form(client, make_group):
    inner = make_group(name="inner")
    make_group(name="outer", children=["inner"])
    url = f"/groups/edit/?id={inner}"

    response = client.post(url, data=form_of(client, url) | {"children": "outer"})

    assert response.status_code == 400
    assert "already inside" in errors(response)["children"]


def test_reserved_and_taken_names_are_refused(client, make_group):
    make_group(name="web")
    token = csrf(client, "/groups/new/")

    for name, expected in (
        ("all", "reserved"),
        ("web", "already exists"),
        ("a,b", "comma"),
    ):
        data = {"csrf_token": token, "name": name}
        assert expected in errors(client.post("/groups/new/", data=data))["name"]


def test_renaming_and_deleting_say_what_they_affect(client, make_group, make_host):
    make_group(name="child")
    id_ = make_group(name="web", children=["child"], vars={"a": 1})
    make_host(groups=["web"])

    edit = parse(client.get(f"/groups/edit/?id={id_}")).main.text
    ask = parse(client.get(f"/groups/delete/?id={id_}")).main.text

    assert "Renaming keeps its 1 host and nesting" in edit
    assert "1 host will be removed from the group" in ask
    assert "child" in ask


def test_a_deleted_group_leaves_its_hosts(client, session, make_group, make_host):
    id_ = make_group(name="web")
    make_host(hostname="web-1", groups=["web"])
    url = f"/groups/delete/?id={id_}"

    assert client.post(url, data=form_of(client, url)).status_code == 302
    assert session.get(Group, id_) is None
    assert "web-1" in client.get("/hosts/").text


def test_suggestions_are_capped_and_literal(client, make_group):
    make_group(name="a%b")
    for number in range(25):
        make_group(name=f"web{number:02}")

    assert client.get("/groups/suggestions/?term=%25").json == ["a%b"]
    assert len(client.get("/groups/suggestions/?term=WEB").json) == 20
    assert client.get("/groups/suggestions/?term=_").json == []
