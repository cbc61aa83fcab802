"""What programs read: lists, single objects, counts, and nothing twice."""

import csv
import io
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin import history, saved_views
from hostadmin.db.session import db
from hostadmin.inventory import hosts
from hostadmin.query.to_text import to_text

from ..helpers.examples import EXAMPLES
from ..helpers.pages import parse
from ..helpers.random_queries import trees

SORTS = ["hostname", "-ip", "port", "-updated", "owner", "env,-hostname"]


def names(response):
    return [host["hostname"] for host in response.json["items"]]


def test_page_file_api_and_command_of_a_query_are_the_same_hosts(
    app, client, reader, runner, rows
):
    @given(trees(), st.sampled_from(SORTS))
    @settings(max_examples=max(6, EXAMPLES // 100), deadline=None, database=None)
    def check(node, sort):
        query = to_text(node)
        asked = f"?q={quote(query, safe='')}&sort={sort}"
        by_api = [h["hostname"] for h in reader.all(f"/hosts{asked}&limit=25")]
        page = parse(client.get(f"/hosts/{asked}&per_page=200"))
        on_page = [a.text.strip() for a in page.select("tbody td.is-main a")]
        file = client.get(f"/export/csv{asked}").text
        in_file = [row["hostname"] for row in csv.DictReader(io.StringIO(file))]
        words = ["hosts", "export", "--sort", sort, "--", query]
        said = runner.invoke(args=words).stdout
        by_command = [row["hostname"] for row in csv.DictReader(io.StringIO(said))]

        assert by_api == on_page == in_file == by_command

    check()


def test_a_list_has_what_was_chosen_of_each_host(reader, make_host, make_group):
    make_group(name="web")
    fields = {"hostname": "a", "ip_addr": "10.0.0.1", "vars": {"n": {"mtu": 9000}}}
    make_host(**fields, groups=["web"], aliases=["b"], addresses=["::1"])
    make_host(hostname="c", port=None)

    [whole, other] = reader.get("/hosts").json["items"]
    chosen = reader.get("/hosts?cols=hostname,var.n.mtu,group").json["items"]

    assert whole.items() > (fields | {"version": 1, "port": 22}).items()
    assert (whole["groups"], whole["aliases"]) == (["web"], ["b"])
    assert (whole["addresses"], other["addresses"]) == (["::1"], [])
    assert (other["port"], other["vars"]) == (None, {})
    assert chosen == [
        {"hostname": "a", "vars": {"n": {"mtu": 9000}}, "groups": ["web"]},
        {"hostname": "c", "groups": []},
    ]


def test_a_view_has_its_query_columns_and_order(app, reader, make_host):
    make_host(hostname="a", environment="prod")
    make_host(hostname="b", environment="prod")
    make_host(hostname="c")
    options = (("cols", "hostname"), ("sort", "-hostname"))
    view = saved_views.View("v", "hosts", "env:prod", options, shared=True)
    with app.app_context(), history.writing("tests"):
        saved_views.add_view(db.session(), saved_views.Viewer(), view)

    listed = reader.get("/hosts?view=v").json
    [shown] = reader.get("/views").json["items"]

    assert listed["items"] == [{"hostname": "b"}, {"hostname": "a"}]
    assert (shown["query"], shown["options"]["sort"]) == ("env:prod", ["-hostname"])
    assert reader.get(f"/views/{shown['id']}").json == shown


def test_every_answer_says_what_may_be_asked_for(reader):
    for path in ("/hosts", "/hosts?x"):
        limits = reader.get(path).headers["X-Hostadmin-Limits"]
        assert limits == "body=2097152, items=1000, wait=25, at-once=2"


def test_a_list_says_how_many_and_leads_on(reader, make_host):
    for name in "abc":
        make_host(hostname=name)

    first = reader.get("/hosts?limit=2")
    path = first.headers["Link"].removeprefix("</api/v1").partition(">")[0]
    last = reader.get(path)

    assert (first.json["count"], first.json["is_capped"]) == (3, False)
    assert (names(first), names(last)) == (["a", "b"], ["c"])
    assert (last.json["next"], last.headers.get("Link")) == (None, None)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/hosts?offset=3", "Unknown parameter “offset”. Use one of: q, "),
        ("/hosts/1?offset=3", "Unknown parameter “offset”. This address takes none."),
        ("/hosts?cursr=3", "Did you mean “cursor”?"),
        ("/hosts?limit=0", "at least 1"),
        ("/hosts?limit=1001", "at most 1,000"),
        ("/hosts?limit=x", "is not a whole number"),
        ("/hosts?q=a&q=b", "more than once"),
        ("/hosts?q=evn:prod", "Did you mean “env”?"),
        ("/hosts?q=a%00", ""),
        ("/hosts?sort=nope", "Unknown column “nope”"),
        ("/hosts?cols=nope", "Unknown column “nope”"),
        ("/hosts?view=nope", "The hosts view “nope” does not exist"),
        ("/hosts?cursor=nonsense", "belongs to another query"),
        ("/counts?by=nope", "nope"),
        ("/counts?by=env&by=env", "twice"),
        ("/counts?by=env&by=os&by=role&by=owner&by=port", "at most 4 fields"),
        ("/groups?cursor=nonsense", "not valid"),
        ("/changes?since=nonsense", "not a valid position"),
        ("/changes?wait=26", "at most 25"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(reader, path, word):
    response = reader.get(path)

    assert response.status_code == 400
    assert word in response.json["detail"]


def test_a_cursor_is_of_its_query(reader, make_host):
    for name in "abc":
        make_host(hostname=name)
    cursor = reader.get("/hosts?limit=1").json["next"]

    assert names(reader.get(f"/hosts?limit=1&cursor={cursor}")) == ["b"]
    for other in ("q=a,b", "sort=-hostname", "sort=ip"):
        assert reader.get(f"/hosts?{other}&cursor={cursor}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        *("/hosts/1", "/hosts/0", "/hosts/99999999999", "/hosts/x", "/hosts/-1"),
        *("/hosts/by-name/x", "/groups/1", "/groups/by-name/x", "/views/1"),
        *("/changes/1/entries", "/nope", "/hosts/1/nope", "/", ""),
    ],
)
def test_what_is_not_there_is_not_found(reader, path):
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/hosts/1"), ("POST", "/counts"), ("PATCH", "/hosts")]
)
def test_a_method_that_is_not_there_is_shown_with_those_that_are(program, method, path):
    response = program.call(method, path, {})

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    "name", ["a/b", "/a", "a//b/", "50%", "%2F", "a?b", "a#b", "ä ö", "by-name/1", "1"]
)
def test_a_host_is_found_by_any_name(reader, make_host, make_group, name):
    id_ = make_host(hostname=name)
    make_host(hostname="other", aliases=["same"])
    make_host(hostname="another", aliases=["same"])

    found = reader.get(f"/hosts/by-name/{quote(name, safe='')}")

    assert (found.status_code, found.json["id"]) == (200, id_)
    assert found.headers["ETag"] == '"1"'
    assert reader.get(f"/hosts/{id_}").json == found.json
    several = reader.get("/hosts/by-name/SAME")
    assert several.status_code == 409
    assert "another, other" in several.json["detail"]


def test_groups_are_listed_with_what_is_inside(reader, make_group):
    make_group(name="b/c", vars={"a": None}, description="d")
    for name in ("a", "z"):
        make_group(name=name)
    make_group(name="m", children=["a", "z"])

    listed = reader.all("/groups?limit=2")

    assert [group["name"] for group in listed] == ["a", "b/c", "m", "z"]
    assert listed[2]["children"] == ["a", "z"]
    assert reader.get("/groups/by-name/b%2Fc").json == listed[1]
    assert reader.get(f"/groups/{listed[0]['id']}").json == listed[0]


def test_every_count_is_the_count_behind_its_query(reader, rows):
    asked = [
        "env",
        "group",
        "status&by=os",
        "network",
        "var.a",
        "updated:month",
        "port",
    ]
    for by in asked:
        counts = reader.get(f"/counts?by={by}&q=-web*").json
        assert counts["rows"]
        for row in counts["rows"]:
            found = reader.get(f"/hosts?limit=1&q={quote(row['q'])}").json
            assert found["count"] == row["hosts"], row
    everything = reader.get("/counts").json
    assert everything == {"total": len(rows), "by": [], "rows": []}


# ---- polling


POLLED = (
    *("/hosts", "/hosts?q=env:prod&cols=hostname", "/groups", "/counts?by=env"),
    *("../export/csv", "../export/ansible?q=a", "../stats/table.json?by=env"),
)


@pytest.fixture
def poll(reader):
    def ask(path, tag=""):
        address = f"/api/v1{path}" if path.startswith("/") else path.removeprefix("..")
        headers = {"Authorization": f"Bearer {reader.key}", "If-None-Match": tag}
        return reader.client.get(address, headers=headers)

    return ask


@pytest.mark.parametrize("path", POLLED)
def test_nothing_is_sent_again_until_something_changed(app, poll, make_host, path):
    id_ = make_host(hostname="a", environment="prod")
    first = poll(path)
    tag = first.headers["ETag"]

    again = poll(path, tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert poll(path, f'W/"x", {tag}').status_code == 304
    with app.app_context(), history.writing("tests"):
        hosts.change_host(id_, {"owner": "me"})
    changed = poll(path, tag)
    assert (changed.status_code, bool(changed.data)) == (200, True)
    assert changed.headers["ETag"] != tag


def test_no_two_questions_have_one_tag(poll, make_host):
    make_host(hostname="a")
    paths = [
        *("/hosts", "/hosts?limit=2", "/hosts?sort=-hostname", "/hosts?cols=ip"),
        *("/hosts?q=a", "/groups", "/counts", "/counts?by=env", "/counts?by=os"),
        *("../export/csv", "../export/csv?excel=1", "../export/csv?sort=-ip"),
        *("../export/json", "../export/csv?cols=ip", "../export/csv?fields=shown"),
        *("../stats/table.csv?by=env", "../stats/table.csv?by=env&top=1"),
    ]

    tags = [poll(path).headers["ETag"] for path in paths]

    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("query", ["updated>1h", "-created<today", "a or updated:now"])
def test_what_changes_with_the_time_has_no_tag(poll, query):
    for path in (f"/hosts?q={query}", f"../export/csv?q={query}", f"/counts?q={query}"):
        response = poll(path, "*")
        assert response.status_code in (200, 400)
        assert "ETag" not in response.headers


def test_a_query_without_sense_any_more_is_an_error_whatever_the_tag(poll, make_host):
    make_host()
    assert (
        poll("/hosts?q=group:gone", poll("/hosts").headers["ETag"]).status_code == 400
    )
