"""Plans: what would be done to many, all of it; then exactly that, or nothing."""

import json

import pytest
import sqlalchemy as sa

from hostadmin.db.session import db
from hostadmin.models import ChangeSet, Host

from ..helpers.dumps import dump

KINDS = ("change", "undo", "import")


@pytest.fixture
def four(make_host):
    return [
        make_host(hostname=f"h{n}", owner="ann" if n % 2 else None) for n in range(4)
    ]


def applied(program, path, body, plan, **headers):
    sign = "&" if "?" in path else "?"
    return program.post(f"{path}{sign}apply={plan.json['digest']}", body, **headers)


def sets(app):
    with app.app_context():
        return db.session.scalars(sa.select(ChangeSet.source)).all()


def test_a_change_of_many_says_what_it_would_do_and_does_it(
    app, session, program, four, make_group
):
    make_group(name="web")
    body = {
        "q": "h*",
        "set": {"owner": "bob", "port": 2222, "var.rack": None},
        "variables": {"n.mtu": 9000},
        "add_groups": ["web", "new"],
        "make_groups": True,
    }
    before = dump(session)

    plan = program.post("/plans/change", body)

    assert plan.status_code == 200, plan.text
    assert dump(session) == before
    said = plan.json
    assert (said["hosts"], said["written"], said["applied"]) == (4, 4, False)
    assert (said["change"], said["new_groups"]) == (None, ["new"])
    owners = {
        line["from"]: line["hosts"]
        for line in said["lines"]
        if line["field"] == "owner"
    }
    assert owners == {None: 2, "ann": 2}
    assert [host["hostname"] for host in said["sample"]] == ["h0", "h1", "h2", "h3"]

    done = applied(program, "/plans/change?message=move", body, plan)
    assert (done.json["applied"], done.json["written"]) == (True, 4)
    [host] = program.get("/hosts?q=h0").json["items"]
    assert (host["owner"], host["port"], host["groups"]) == (
        "bob",
        2222,
        ["new", "web"],
    )
    assert host["vars"] == {"n": {"mtu": 9000}}
    change = program.get(f"/changes/{done.json['change']}").json
    assert (change["source"], change["message"]) == ("api", "move")


def test_many_are_confirmed_and_deleted_by_plans(program, four):
    for action, left in (("confirm", 4), ("delete", 2)):
        body = {"q": "owner:ann", "action": action}
        plan = program.post("/plans/change", body)
        assert plan.json["written"] == 2
        assert applied(program, "/plans/change", body, plan).json["applied"]
        assert program.get("/counts").json["total"] == left


def test_an_undo_says_what_goes_back_and_does_it(session, program, four):
    before = dump(session)
    body = {"q": "*", "set": {"status": "retired"}}
    plan = program.post("/plans/change", body)
    change = applied(program, "/plans/change", body, plan).json["change"]
    program.call("PATCH", f"/hosts/{four[0]}", {"status": "active"}, If_Match="*")

    back = program.post("/plans/undo", {"change": change})
    assert back.json["counts"] == {"host": {"change": 3}}
    done = applied(program, "/plans/undo", {"change": change}, back)

    assert done.json["applied"]
    assert dump(session) == before
    nothing = program.post("/plans/undo", {"change": change})
    assert nothing.json["counts"] == {}
    assert applied(program, "/plans/undo", {"change": change}, nothing).json == {
        **nothing.json,
        "applied": True,
    }


CSV = b"hostname,ip,env,rack\nh0,10.0.0.1,prod,r1\nnew,10.0.0.2,,\n"


def test_a_plan_shows_which_lines_are_worth_a_look(program, make_host):
    make_host(hostname="db-1", owner="platform")

    plan = program.post("/plans/import", b"hostname,owner\ndb-2,platfrom\n")

    [warning] = plan.json["warnings"]
    assert (warning["line"], warning["name"]) == (2, "platfrom")
    assert "Did you mean" in warning["detail"]


def test_a_file_says_what_it_would_do_and_does_it(app, program, four):
    path = "/plans/import?name=hosts.csv"

    plan = program.post(path, CSV)

    said = plan.json
    assert said["hosts"] == {"new": 1, "changed": 1, "unchanged": 0}
    assert (said["bad_rows"], said["errors"], said["unlisted"]) == (0, [], 3)
    assert {row["name"]: row["action"] for row in said["sample"]} == {
        "h0": "changed",
        "new": "new",
    }
    assert program.get("/counts").json["total"] == 4
    done = applied(program, path, CSV, plan)
    assert done.json["applied"]
    assert program.get("/counts").json["total"] == 5
    change = program.get(f"/changes/{done.json['change']}").json
    assert (change["source"], change["message"]) == ("import", "hosts.csv")


def test_all_bad_rows_are_shown_at_once(program, four):
    lines = [
        b"hostname,ip",
        b"a,10.0.0.1",
        b"b,nonsense",
        b"\xc3\xa4\xc2\xa0,::g",
        b",x",
    ]
    file = b"\n".join(lines)

    plan = program.post("/plans/import", file)
    refused = applied(program, "/plans/import", file, plan)

    assert plan.json["bad_rows"] == len({e["line"] for e in plan.json["errors"]}) == 3
    assert plan.json["errors"][0] == {
        "line": 3,
        "name": "b",
        "field": "ip_addr",
        "detail": plan.json["errors"][0]["detail"],
    }
    assert refused.status_code == 422
    assert refused.json["errors"] == plan.json["errors"]
    assert program.get("/counts").json["total"] == 4
    path = "/plans/import?skip_errors=1"
    good = applied(program, path, file, program.post(path, file))
    assert (good.status_code, program.get("/counts").json["total"]) == (200, 5)


def test_many_hosts_come_as_json(program):
    hosts = [{"hostname": f"h{n}", "vars": {"n": n}} for n in range(3_000)]
    file = json.dumps({"hosts": hosts}).encode()

    plan = program.post("/plans/import", file, Content_Type="application/json")
    applied(program, "/plans/import", file, plan)

    assert program.get("/counts").json["total"] == 3_000


@pytest.mark.parametrize("action", ["retire", "delete"])
def test_hosts_that_a_file_does_not_list_go(program, four, action):
    path = f"/plans/import?missing={action}&within=owner:ann"
    file = b"hostname\nh1\nh2\n"

    plan = program.post(path, file)
    assert plan.json["missing"] == 1
    applied(program, path, file, plan)

    found = program.get("/hosts?q=h3").json["items"]
    assert [h["status"] for h in found] == (["retired"] if action == "retire" else [])


# ---- what was planned, or nothing


@pytest.fixture
def planned(program, four):
    """Return path, body and plan of each kind."""

    def plan(kind):
        if kind == "undo":
            body = {"q": "*", "set": {"location": "x"}}
            made = program.post("/plans/change", body)
            done = applied(program, "/plans/change", body, made).json
            path, said = "/plans/undo", {"change": done["change"]}
        elif kind == "import":
            path, said = "/plans/import", CSV
        else:
            path, said = "/plans/change", {"q": "*", "set": {"owner": "bob"}}
        return path, said, program.post(path, said)

    return plan


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_is_not_applied_after_a_change(session, program, planned, four, kind):
    path, body, plan = planned(kind)
    program.call("PATCH", f"/hosts/{four[0]}", {"location": "y"}, If_Match="*")
    before = dump(session)

    refused = applied(program, path, body, plan)

    assert refused.status_code == 409
    assert dump(session) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_is_applied_once(app, program, planned, kind):
    path, body, plan = planned(kind)

    first = applied(program, path, body, plan, Idempotency_Key="k")
    number = len(sets(app))
    twice = applied(program, path, body, plan)
    again = applied(program, path, body, plan, Idempotency_Key="k")

    assert (first.status_code, twice.status_code) == (200, 409)
    assert again.json == first.json
    assert len(sets(app)) == number


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_of_something_else_is_not_applied(session, program, planned, kind):
    path, _, plan = planned(kind)
    before = dump(session)
    others = {
        "change": {"q": "*", "set": {"owner": "eve"}},
        "undo": {"change": 1},
        "import": b"hostname\nz\n",
    }

    assert applied(program, path, others[kind], plan).status_code in (404, 409)
    assert dump(session) == before


# ---- what makes no sense


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"set": {"owner": "x"}}, ["#/q"]),
        ({"q": " ", "set": {"owner": "x"}}, ["#/q"]),
        ({"q": "*"}, ["#/set"]),
        ({"q": "*", "action": "burn"}, ["#/action"]),
        ({"q": "*", "action": "delete", "set": {"owner": "x"}}, ["#/set"]),
        ({"q": "*", "sets": {}}, ["#/sets"]),
        (
            {"q": "*", "set": {"port": "x", "status": "y"}},
            ["#/set/port", "#/set/status"],
        ),
        ({"q": "*", "set": {"hostname": "x"}}, ["#/set/hostname"]),
        ({"q": "*", "set": {"a/b": "x"}}, ["#/set/a~1b"]),
        ({"q": "*", "variables": {"": 1}}, ["#/variables/"]),
        ({"q": "*", "add_groups": ["nope"]}, ["#/add_groups"]),
        ({"q": "*", "remove_groups": ["nope"]}, ["#/remove_groups"]),
        ({"q": "*", "add_groups": "web"}, ["#/add_groups"]),
        ({"q": "*", "make_groups": "yes", "set": {"port": 1}}, ["#/make_groups"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(program, four, body, pointers):
    response = program.post("/plans/change", body)

    assert response.status_code == 422, response.text
    assert [error["pointer"] for error in response.json["errors"]] == pointers


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/plans/change", {"q": "evn:x", "action": "delete"}, 400),
        ("/plans/undo", {"change": 999}, 404),
        ("/plans/undo", {"change": 0}, 422),
        ("/plans/undo", {"change": 2**63}, 422),
        ("/plans/undo", {"change": "1"}, 422),
        ("/plans/import", b"", 400),
        ("/plans/import", b"\x00\x01\x02", 400),
        ("/plans/import?format=nope", b"hostname\na\n", 400),
        ("/plans/import?column=x", b"hostname\na\n", 400),
        ("/plans/import?within=evn:x&missing=delete", b"hostname\na\n", 400),
        ("/plans/import?missing=burn", b"hostname\na\n", 400),
        ("/plans/import?header_row=x", b"hostname\na\n", 400),
        ("/plans/import?nope=1", b"hostname\na\n", 400),
    ],
)
def test_what_makes_no_sense_is_refused(session, program, four, path, body, status):
    before = dump(session)

    assert program.post(path, body).status_code == status
    assert dump(session) == before


def test_nothing_of_people_is_undone(app, program):
    with app.app_context():
        ids = db.session.scalars(sa.select(ChangeSet.id)).all()
        assert ids
        assert db.session.scalars(sa.select(Host.id)).all() == []
    for id_ in ids:
        assert program.post("/plans/undo", {"change": id_}).status_code == 404
